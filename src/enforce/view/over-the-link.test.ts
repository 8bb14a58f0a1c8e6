import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, test } from "node:test";
import { type Notice, PosternError, systemClock, systemSchedule } from "#kernel";
import {
  type ComponentReport,
  type EntityChange,
  type LinkHandlers,
  linkClient,
  linkServer,
  localLink,
  type StateSource,
  unixDialer,
} from "#link";
import { openView, reportView, type View } from "./index.ts";
import { FIRST, INSTANCE, SESSION } from "./rig.test.ts";

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function until(what: string, holds: () => boolean): Promise<void> {
  const last = performance.now() + 15_000;
  while (!holds()) {
    if (performance.now() > last) assert.fail(`not in time: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** A change log in memory, as the store keeps it. */
class MemorySource implements StateSource {
  epoch = "e1";
  number = 0;
  readonly asked: string[] = [];
  #held = new Map<string, EntityChange>();
  #changes: EntityChange[][] = [];
  #first = 1;
  readonly #listeners = new Set<() => void>();

  commit(...entities: EntityChange[]): void {
    this.number += 1;
    this.#changes.push(entities);
    for (const entity of entities) {
      const name = `${entity.kind} ${entity.key}`;
      if (entity.value === null) this.#held.delete(name);
      else this.#held.set(name, entity);
    }
    for (const listener of this.#listeners) listener();
  }
  /** Goes on from here under the same epoch, as a database that was set back. */
  setBack(to: number): void {
    this.number = to;
    this.#changes = [];
    this.#first = to + 1;
    for (const listener of this.#listeners) listener();
  }
  head = async () => await Promise.resolve({ epoch: this.epoch, number: this.number });
  async page({ kinds, after, limit }: Parameters<StateSource["page"]>[0]): ReturnType<StateSource["page"]> {
    const all = [...this.#held.values()].filter(({ kind }) => kinds === undefined || kinds.includes(kind));
    const name = ({ kind, key }: { readonly kind: string; readonly key: string }): string =>
      `${kind}\0${key}`;
    const entities = all
      .sort((a, b) => (name(a) < name(b) ? -1 : 1))
      .filter((entity) => after === undefined || name(entity) > name(after))
      .slice(0, limit);
    return await Promise.resolve({ epoch: this.epoch, number: this.number, entities });
  }
  async changesAfter({
    epoch,
    number,
  }: Parameters<StateSource["changesAfter"]>[0]): ReturnType<StateSource["changesAfter"]> {
    if (epoch !== this.epoch || number > this.number || number + 1 < this.#first)
      return await Promise.resolve(undefined);
    const rows = this.#changes.slice(number + 1 - this.#first);
    return rows.map((entities, i) => ({ type: "change", epoch, number: number + 1 + i, entities }));
  }
  async startEpoch(reason: string): Promise<void> {
    this.asked.push(reason);
    this.epoch = `e${this.asked.length + 1}`;
    this.#changes = [];
    this.#first = this.number + 1;
    return await Promise.resolve();
  }
  onCommit(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

interface Rig {
  readonly source: MemorySource;
  readonly view: View;
  readonly reports: ComponentReport[];
  readonly notices: Notice[];
  readonly shutOut: () => void;
  /** Cuts all connections. */
  readonly cut: () => void;
}

async function rig(): Promise<Rig> {
  const folder = mkdtempSync(join(tmpdir(), "postern-view-"));
  closing.push(() => rmSync(folder, { recursive: true, force: true }));
  const source = new MemorySource();
  source.commit(
    { kind: "instance", key: "instance", value: INSTANCE },
    { kind: "policy", key: "active", value: FIRST },
    { kind: "session", key: "ses_1", value: SESSION },
  );
  const reports: ComponentReport[] = [];
  const revocations = new Set<() => void>();
  let revoked = false;
  const unused = async (): Promise<never> => await Promise.reject(new Error("not of this test"));
  const handlers: LinkHandlers = {
    admit() {
      if (revoked) throw new PosternError("member.revoked", "gateway local is revoked");
    },
    onRevoked(listener) {
      revocations.add(listener);
      return () => revocations.delete(listener);
    },
    async report(report) {
      reports.push(report);
      return await Promise.resolve();
    },
    ...{ join: unused, renew: unused, records: unused, entry: unused, activity: unused, key: unused },
    connected: () => undefined,
    disconnected: () => undefined,
  };
  const notices: Notice[] = [];
  const notify = (notice: Notice): void => void notices.push(notice);
  const times = { clock: systemClock, schedule: systemSchedule };
  const server = createServer(localLink(linkServer({ source, handlers, ...times, notify })));
  const path = join(folder, "link.sock");
  await new Promise<void>((resolve) => server.listen(path, resolve));
  closing.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const who = { role: "gateway", name: "local", boot: "boot_1" } as const;
  const link = linkClient({ dialer: unixDialer(path), ...who });
  const view = openView({ link, ...who, version: "0.1.0", ...times, notify });
  const stop = reportView({ view, link, boot: "boot_1", version: "0.1.0", schedule: systemSchedule, notify });
  closing.push(
    stop,
    () => view.close(),
    () => link.close(),
  );
  await view.ready;
  return {
    ...{ source, view, reports, notices },
    shutOut() {
      revoked = true;
      for (const listener of revocations) listener();
    },
    cut: () => server.closeAllConnections(),
  };
}

test("a large state arrives in parts, and what commits meanwhile with it", async () => {
  const { source, view } = await rig();
  for (let i = 0; i < 30; i++)
    source.commit(
      ...Array.from({ length: 200 }, (_, n): EntityChange => {
        const key = `hash${i}_${n}`;
        return { kind: "entry", key, value: { session: "ses_1", host: "wiki.postern.localhost" } };
      }),
    );
  await until("all entries", () => view.sizes().entry === 6_000);
  const second = await rig();
  for (let i = 0; i < 3_000; i++)
    second.source.commit({ kind: "user", key: `u${i}`, value: { ...PERSON, id: `u${i}` } });
  await until("a fresh view", () => second.view.sizes().user === 3_000 && second.view.ageSeconds() < 3);
  assert.equal(second.view.number, 3_001);
});

const PERSON = { id: "", name: "n", displayName: "N", role: "member", groups: [], disabled: false };

test("after a cut it goes on from where it was", async () => {
  const { source, view, cut } = await rig();
  let told = 0;
  view.onChange((changed) => (told += changed.length));
  cut();
  source.commit({ kind: "session", key: "ses_1", value: null });
  await until("the change", () => view.number === 2);
  assert.equal(view.session("ses_1"), undefined);
  assert.equal(told, 1);
});

test("a database that was set back is found out, gets another epoch, and its state takes the place of ours", async () => {
  const { source, view, cut } = await rig();
  for (let i = 0; i < 5; i++) source.commit({ kind: "user", key: "u", value: { ...PERSON, id: "u" } });
  await until("the changes", () => view.number === 6);
  source.setBack(3);
  cut();
  await until("the epoch", () => view.position()?.epoch === "e2");
  assert.equal(source.asked.length, 1);
  assert.equal(view.number, 3);
  await until("freshness", () => view.ageSeconds() < 2);
});

test("a value that cannot be taken is reported up at once, and the snapshot that is without it ends it", async () => {
  const { source, view, reports } = await rig();
  const odd: unknown = { kind: "user", key: "u", value: { id: "u" } };
  source.commit(odd as EntityChange);
  await until("the report", () =>
    reports.some(({ blocked }) => /user u cannot be taken/.test(blocked ?? "")),
  );
  assert.equal(view.number, 1);
  source.commit({ kind: "user", key: "u", value: null });
  await until("all to be well", () => view.blocked() === undefined && reports.at(-1)?.position?.number === 3);
});

test("who is shut out knows nothing at once", async () => {
  const { view, shutOut } = await rig();
  await until("freshness", () => view.ageSeconds() < 2);
  shutOut();
  await until("the end", () => view.ended() !== undefined);
  assert.equal(view.ageSeconds(), Number.POSITIVE_INFINITY);
});
