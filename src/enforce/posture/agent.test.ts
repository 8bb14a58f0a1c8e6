import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import type { OcsfEvent } from "#events";
import { type ManualClock, manualClock, type Schedule, systemSchedule } from "#kernel";
import { type LinkClient, linkClient, linkServer, type StreamRequest } from "#link";
import { type AgentOptions, REPORT_MS, startAgent } from "#posture";
import type { Spool } from "#spool";

const NOW = 1_790_000_000_000;
const HOST = { hostname: "laptop", osName: "Linux", osRelease: "6.12.1" };

let folder: string;
let clock: ManualClock;
let stopControl: () => Promise<void>;
let link: LinkClient;
let connected: StreamRequest[];
let disconnected: StreamRequest[];
let stop: () => void;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "posture-"));
  clock = manualClock(NOW);
  link = linkClient({ socket: join(folder, "link.sock") });
  connected = [];
  disconnected = [];
  stop = () => undefined;
  stopControl = async () => await Promise.resolve();
});
afterEach(async () => {
  stop();
  await stopControl();
  link.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Control's end of the link, with nothing to tell. */
async function startControl(): Promise<void> {
  const refuse = async (): Promise<never> => await Promise.reject(new Error("not asked for"));
  const handle = linkServer({
    source: {
      epoch: "epoch_1",
      head: async () => await Promise.resolve(0),
      snapshot: async () =>
        await Promise.resolve({ type: "snapshot", epoch: "epoch_1", number: 0, entities: [] }),
      changesAfter: async () => await Promise.resolve([]),
      onCommit: () => () => undefined,
    },
    clock,
    schedule: systemSchedule,
    handlers: {
      records: refuse,
      entry: refuse,
      activity: refuse,
      key: refuse,
      connected: (who) => void connected.push(who),
      disconnected: (who) => void disconnected.push(who),
    },
  });
  const server = createServer(handle);
  await new Promise<void>((resolve) => server.listen(join(folder, "link.sock"), resolve));
  stopControl = async () => {
    const closed = new Promise((resolve) => server.once("close", resolve));
    server.close();
    server.closeAllConnections();
    await closed;
  };
}

/** A spool that keeps events in memory, and writes none while it is full. */
function memorySpool(): Spool & { readonly events: OcsfEvent[]; full: boolean } {
  const events: OcsfEvent[] = [];
  return {
    events,
    full: false,
    healthy: true,
    append(event, written) {
      if (!this.full) events.push(event);
      written(this.full ? new Error("the disk is full") : undefined);
    },
    close: async () => await Promise.resolve(),
  };
}

/** Timers that run when the test says so; `pauses` are those of reconnecting. */
function handSchedule(): Schedule & {
  readonly every: Schedule["every"];
  minute(): void;
  pauses: number[];
  running: number;
} {
  const tasks = new Set<() => void>();
  return {
    pauses: [],
    running: 0,
    after(ms, task) {
      this.pauses.push(ms);
      return systemSchedule.after(1, task);
    },
    every(ms, task) {
      assert.equal(ms, REPORT_MS);
      tasks.add(task);
      this.running++;
      return () => {
        tasks.delete(task);
        this.running--;
      };
    },
    minute() {
      clock.advance(REPORT_MS);
      for (const task of tasks) task();
    },
  };
}

function start(options: Pick<AgentOptions, "spool" | "schedule"> & Partial<AgentOptions>): void {
  const agent = startAgent({
    link,
    name: "laptop",
    boot: "boot_1",
    version: "1.2.3",
    clock,
    host: HOST,
    notify: () => undefined,
    ...options,
  });
  stop = () => agent.stop();
}

async function until(what: string, condition: () => boolean): Promise<void> {
  const end = performance.now() + 10_000;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`never: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

test("an agent reports its version, host and OS release at its start and each minute, as an event", () => {
  const spool = memorySpool();
  const schedule = handSchedule();
  start({ spool, schedule });
  assert.equal(spool.events.length, 1);
  schedule.minute();
  schedule.minute();
  assert.deepEqual(
    spool.events.map((event) => event["time"]),
    [NOW, NOW + REPORT_MS, NOW + 2 * REPORT_MS],
  );
  const [event] = spool.events;
  assert.deepEqual(event?.["unmapped"], {
    postern: { kind: "component", state: "report", role: "agent", name: "laptop" },
  });
  assert.deepEqual(event["app"], {
    name: "postern agent",
    uid: "laptop",
    version: "1.2.3",
    vendor_name: "Postern",
  });
  assert.deepEqual(event["device"], {
    hostname: "laptop",
    type_id: 0,
    type: "Unknown",
    os: { name: "Linux", type_id: 200, type: "Linux", kernel_release: "6.12.1" },
  });
});

test("control sees the agent connected, with its host, and again after control was away", async () => {
  await startControl();
  const schedule = handSchedule();
  start({ spool: memorySpool(), schedule });
  await until("connected", () => connected.length === 1);
  assert.deepEqual(connected[0], {
    role: "agent",
    name: "laptop",
    boot: "boot_1",
    version: "1.2.3",
    hostname: "laptop",
    osRelease: "6.12.1",
  });
  await stopControl();
  stopControl = async () => await Promise.resolve();
  await until("a few tries", () => schedule.pauses.length >= 4);
  const [first = 0, second = 0, third = 0] = schedule.pauses;
  assert.ok(first < second && second < third, "the pause grows");
  await startControl();
  await until("connected again", () => connected.length === 2);
});

test("an agent that is stopped disconnects, reports no more and tries no more", async () => {
  await startControl();
  const spool = memorySpool();
  const schedule = handSchedule();
  start({ spool, schedule });
  await until("connected", () => connected.length === 1);
  stop();
  await until("disconnected", () => disconnected.length === 1);
  schedule.minute();
  assert.equal(spool.events.length, 1);
  assert.equal(schedule.running, 0);
  assert.deepEqual(schedule.pauses, []);
});

test("a report that could not be written is said, and the next one is tried", () => {
  const spool = memorySpool();
  const schedule = handSchedule();
  const said: unknown[] = [];
  spool.full = true;
  start({ spool, schedule, notify: (notice) => said.push(notice.message) });
  assert.deepEqual(said, ["the report was not written: the disk is full"]);
  spool.full = false;
  schedule.minute();
  assert.equal(spool.events.length, 1);
});
