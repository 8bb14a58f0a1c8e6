import pg from "pg";
import { type Bench, type Measurement, median, round } from "./measurement.ts";
import { KINDS, type Revocation, startRevocationRig } from "./revocation.ts";

const GATEWAYS = 3;
const SOCKETS = 1_000;
const ROUNDS = 5;
const NOTIFICATIONS = 200;
const PEER = "NOTIFY of the same PostgreSQL to a bare listener";

/**
 * How long what was ended goes on: three gateways on PostgreSQL with 1,000 open WebSockets, of which a session, a person,
 * an application and a policy are ended in turn, at a control node that some gateways are not connected to. Times count
 * from sending the change to control. The peer is the fastest way that the database itself has to tell somebody: from
 * the commit of one row to a bare listener's NOTIFY.
 */
export const revoke: Bench = {
  name: "revoke",
  purpose:
    "seconds from a change to the first denied request and to the last socket closed, by kind of change",
  async run(): Promise<readonly Measurement[]> {
    const rig = await startRevocationRig(GATEWAYS);
    const seen: Revocation[] = [];
    let notify: number;
    try {
      for (let i = 0; i < ROUNDS; i++) seen.push(...(await rig.round(SOCKETS)));
      notify = percentile(await notifications(rig.cluster.databaseUrl), 0.99);
    } finally {
      await rig.remove();
    }
    const denied = seen.flatMap(({ firstDenied }) => firstDenied);
    const closed = seen.map(({ lastClosed }) => lastClosed);
    return [
      ...KINDS.flatMap((kind) => {
        const own = seen.filter((each) => each.kind === kind);
        return [
          seconds(`first-denied-${kind}-s`, median(own.flatMap(({ firstDenied }) => firstDenied))),
          seconds(`last-socket-closed-${kind}-s`, median(own.map(({ lastClosed }) => lastClosed))),
        ];
      }),
      {
        ...seconds("first-denied-p99-s", percentile(denied, 0.99)),
        ...against(percentile(denied, 0.99), notify),
      },
      {
        ...seconds("last-socket-closed-p99-s", percentile(closed, 0.99)),
        ...against(percentile(closed, 0.99), notify),
      },
      seconds("notify-p99-s", notify),
    ];
  },
};

function seconds(metric: string, ms: number): Measurement {
  return { metric, value: round(ms / 1_000, 4), unit: "s" };
}

function against(ms: number, peerMs: number): { readonly peer: string; readonly ratio: number } {
  return { peer: PEER, ratio: round(ms / peerMs, 1) };
}

function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

/** Milliseconds from sending a transaction of one row to the listener that hears of it. */
async function notifications(url: string): Promise<readonly number[]> {
  const listener = new pg.Client({ connectionString: url });
  const writer = new pg.Client({ connectionString: url });
  await Promise.all([listener.connect(), writer.connect()]);
  try {
    await listener.query("listen bench");
    await writer.query("create temporary table bench_row (id integer)");
    const took: number[] = [];
    for (let i = 0; i < NOTIFICATIONS; i++) {
      const heard = new Promise<void>((resolve) => listener.once("notification", () => resolve()));
      const startedAt = performance.now();
      await writer.query("begin");
      await writer.query("insert into bench_row values ($1)", [i]);
      await writer.query("notify bench");
      await writer.query("commit");
      await heard;
      took.push(performance.now() - startedAt);
    }
    return took;
  } finally {
    await Promise.all([listener.end(), writer.end()]);
  }
}
