import { serialKey } from "#authority";
import { componentEvent } from "#events";
import type { LinkPeer, StreamRequest } from "#link";
import type { WriteTransaction } from "#store";
import { keyOf } from "./knowledge.ts";
import { REPORTS_WRITTEN_EVERY } from "./limits.ts";
import { messageOf, type Parts } from "./parts.ts";
import type { CheckedReport } from "./requests.ts";

/** What gateways and agents say of themselves, on its way to the `component` table. */
export interface Components {
  report(peer: LinkPeer, report: CheckedReport): Promise<void>;
  connected(peer: LinkPeer, who: StreamRequest): void;
  disconnected(peer: LinkPeer, who: StreamRequest): void;
  seen(boots: readonly string[]): void;
  /** Writes what was not yet written. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

interface Heard {
  readonly peer: LinkPeer;
  readonly report: CheckedReport;
  readonly at: number;
}

export function openComponents(parts: Parts): Components {
  const { store, clock, schedule, notify, log, origin, node } = parts;
  /** Open streams by process: one that connects again may do so before its old stream is found dead. */
  const open = new Map<string, number>();
  const heard = new Map<string, Heard>();
  const blocked = new Map<string, string | undefined>();
  const alive = new Map<string, number>();
  /** Comings and goings are written in the order in which they were. */
  let last: Promise<unknown> = Promise.resolve();

  function inTurn(what: string, work: () => Promise<unknown>): void {
    last = last
      .then(work)
      .catch((error: unknown) =>
        notify({ event: "warning", message: `it is not written that ${what}: ${messageOf(error)}` }),
      );
  }

  /** Writes them together, and once at a time; what fails to be written is tried again with the next. */
  async function flush(): Promise<void> {
    const reports = [...heard].sort(([a], [b]) => (a < b ? -1 : 1));
    const boots = [...alive].sort(([a], [b]) => (a < b ? -1 : 1));
    if (reports.length === 0 && boots.length === 0) return;
    await store.write(
      async (tx) => {
        for (const [, each] of reports) await putReport(tx, each, node.name);
        for (const [boot, at] of boots) {
          await tx.db
            .updateTable("component")
            .set({ last_seen_at: at })
            .where("boot", "=", boot)
            .where("last_seen_at", "<", at)
            .execute();
        }
      },
      { concurrent: true },
    );
    for (const [key, each] of reports) if (heard.get(key) === each) heard.delete(key);
    for (const [boot, at] of boots) if (alive.get(boot) === at) alive.delete(boot);
  }

  let flushing: Promise<void> | undefined;
  async function flushInTurn(): Promise<void> {
    while (flushing !== undefined) await flushing.catch(() => undefined);
    flushing = flush().finally(() => {
      flushing = undefined;
    });
    await flushing;
  }

  const stop = schedule.every(REPORTS_WRITTEN_EVERY, () => {
    flushInTurn().catch((error: unknown) =>
      notify({ event: "warning", message: `reports are not written: ${messageOf(error)}` }),
    );
  });

  return {
    async report(peer, report) {
      const key = keyOf(peer);
      heard.set(key, { peer, report, at: clock.now() });
      const news = blocked.get(key) !== report.blocked;
      blocked.set(key, report.blocked);
      if (news) await flushInTurn();
    },
    connected(peer, who) {
      const streams = (open.get(who.boot) ?? 0) + 1;
      open.set(who.boot, streams);
      const at = clock.now();
      const { role, name, version } = who;
      inTurn(`${role} ${name} is connected`, async () => {
        await store.write(async (tx) => {
          await putConnected(tx, peer, who, { at, node: node.name });
          const component = { role, name, version };
          await log.append(tx, componentEvent(origin, { time: at, component, state: "connected" }));
        });
      });
    },
    disconnected(_peer, who) {
      const streams = (open.get(who.boot) ?? 1) - 1;
      if (streams > 0) open.set(who.boot, streams);
      else open.delete(who.boot);
      const at = clock.now();
      const { role, name, boot, version } = who;
      inTurn(`${role} ${name} is disconnected`, async () => {
        await store.write(async (tx) => {
          if (streams === 0) {
            await tx.db
              .updateTable("component")
              .set({ connected_since: null, last_seen_at: at })
              .where("role", "=", role)
              .where("name", "=", name)
              .where("boot", "=", boot)
              .where("node", "=", node.name)
              .execute();
          }
          const component = { role, name, version };
          await log.append(tx, componentEvent(origin, { time: at, component, state: "disconnected" }));
        });
      });
    },
    seen(boots) {
      const now = clock.now();
      for (const boot of boots) alive.set(boot, now);
    },
    flush: flushInTurn,
    async close() {
      stop();
      await last;
      await flushInTurn();
    },
  };
}

/** After a start this node holds no stream, whatever its rows say; nor does a node that is gone. */
export async function forgetConnections(tx: WriteTransaction, nodesThere: readonly string[]): Promise<void> {
  await tx.db
    .updateTable("component")
    .set({ connected_since: null })
    .where("connected_since", "is not", null)
    .where((e) =>
      nodesThere.length === 0 ? e.lit(true) : e.or([e("node", "is", null), e("node", "not in", nodesThere)]),
    )
    .execute();
}

async function putConnected(
  tx: WriteTransaction,
  peer: LinkPeer,
  who: StreamRequest,
  { at, node }: { readonly at: number; readonly node: string },
): Promise<void> {
  const { role, name, boot, version } = who;
  const row = {
    role,
    name,
    boot,
    version,
    hostname: who.hostname ?? null,
    os_release: who.osRelease ?? null,
    connected_since: at,
    last_seen_at: at,
    node,
    ...transportOf(peer),
  };
  await tx.db
    .insertInto("component")
    .values(row)
    .onConflict((conflict) => conflict.columns(["role", "name"]).doUpdateSet(row))
    .execute();
}

async function putReport(tx: WriteTransaction, { peer, report, at }: Heard, node: string): Promise<void> {
  const said = {
    version: report.version,
    last_seen_at: at,
    ...transportOf(peer),
    certificate_not_after: report.certificateNotAfter ?? peer.notAfter ?? null,
    reported_at: at,
    epoch: report.position?.epoch ?? null,
    number: report.position?.number ?? null,
    view_age_ms: report.viewAgeSeconds === undefined ? null : Math.round(report.viewAgeSeconds * 1_000),
    skew_ms: Math.round(report.skewSeconds * 1_000),
    blocked: report.blocked ?? null,
    live_connections: report.liveConnections ?? null,
    unshipped_records: report.unshippedRecords ?? null,
  };
  const { role, name } = peer;
  await tx.db
    .insertInto("component")
    .values({ role, name, boot: report.boot, node, ...said })
    .onConflict((conflict) => conflict.columns(["role", "name"]).doUpdateSet(said))
    .execute();
}

function transportOf(peer: LinkPeer): {
  local: number;
  address: string | null;
  serial: string | null;
  certificate_not_after: number | null;
} {
  return {
    local: peer.serial === undefined ? 1 : 0,
    address: peer.address ?? null,
    serial: peer.serial === undefined ? null : serialKey(peer.serial),
    certificate_not_after: peer.notAfter ?? null,
  };
}
