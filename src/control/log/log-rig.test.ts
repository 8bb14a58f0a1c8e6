/** What the log's tests stand on: a log on a database of its own for each test, and records of a gateway for it. */
import { afterEach, beforeEach } from "node:test";
import { decisionEvent, type EventOrigin } from "#events";
import { manualClock, systemIds, systemSchedule } from "#kernel";
import { chainStart, recordHash, type SpoolRecord } from "#link";
import { type EventLog, openLog } from "#log";
import type { Decision, Input } from "#policy";
import { type DatabasePlace, openStore, type Store } from "#store";
import type { TestDatabase } from "../../../test/harness/databases.ts";

export const NOW = 1_790_000_000_000;
export const CONTROL: EventOrigin = { role: "control", name: "local", version: "1.2.3" };
export const GATEWAY: EventOrigin = { role: "gateway", name: "local", version: "1.2.3" };

/** The store and the log of the test that runs, and further nodes on its database. */
export interface TestLog {
  readonly store: Store;
  readonly log: EventLog;
  /** Another control node; only where several may share a database. */
  node(name: string): Promise<{ readonly store: Store; readonly log: EventLog }>;
}

/** A log on a database of its own for each test of the suite. */
export function testLog(database: TestDatabase): TestLog {
  const clock = manualClock(NOW);
  let place: DatabasePlace;
  let opened: Store[] = [];
  let own: { readonly store: Store; readonly log: EventLog };

  async function node(name: string): Promise<{ readonly store: Store; readonly log: EventLog }> {
    const store = await openStore({
      ...place,
      clock,
      ids: systemIds,
      schedule: systemSchedule,
      notify: () => undefined,
    });
    opened.push(store);
    const log = await openLog({ store, origin: { ...CONTROL, name }, boot: `boot_${name}`, clock });
    return { store, log };
  }

  beforeEach(async () => {
    place = await database.fresh();
    own = await node("local");
  });
  afterEach(async () => {
    const closing = opened;
    opened = [];
    for (const store of closing) await store.close();
  });
  return {
    get store() {
      return own.store;
    },
    get log() {
      return own.log;
    },
    node,
  };
}

export function made(id: string, effect: "allow" | "deny"): Decision {
  const rule = { rule: "r", source: "policy.rules:3" };
  return {
    id,
    effect,
    version: "v".repeat(64),
    rules: effect === "allow" ? [rule] : [],
    reasons: [{ ...rule, message: effect === "allow" ? "Everybody may" : "Your device is managed" }],
    obligations: {},
    ...(effect === "deny"
      ? {
          failed: [
            {
              fact: "device.managed",
              plain: "Your device is managed",
              actual: "not known",
              source: "policy.rules:3",
            },
          ],
        }
      : {}),
  };
}

export function input(subject: string, resource: string, path = "/"): Input {
  return {
    type: "user",
    user: { id: `usr_${subject}`, name: subject },
    subject: { type: "user", id: `usr_${subject}`, name: subject },
    action: "read",
    resource: { name: resource, kind: "application", classification: "internal" },
    request: { method: "GET", path, source_ip: "127.0.0.1" },
    time: { now_ns: 1_790_000_000_123_456_789n },
  };
}

export function decided(
  id: string,
  effect: "allow" | "deny",
  subject: string,
  resource: string,
  path = "/",
  time = NOW,
): string {
  const http = { method: "GET", url: `http://${resource}.postern.localhost:7400${path}` };
  const record = {
    time,
    decision: made(id, effect),
    input: input(subject, resource, path),
    source: { ip: "127.0.0.1" },
    http,
  };
  return JSON.stringify(decisionEvent(GATEWAY, record));
}

/** A chained batch of one boot, from a sequence on. */
export function chain(events: readonly string[], boot = "boot_g", from?: SpoolRecord): SpoolRecord[] {
  const source = "gateway:local";
  let sequence = from?.sequence ?? 0;
  let previous = from === undefined ? chainStart(source, boot) : recordHash(from);
  return events.map((event) => {
    const record = { source, boot, sequence: ++sequence, previous, event };
    previous = recordHash(record);
    return record;
  });
}
