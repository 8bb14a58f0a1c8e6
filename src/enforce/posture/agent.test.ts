import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import type { OcsfEvent } from "#events";
import { type ManualClock, manualClock, type Schedule, systemSchedule } from "#kernel";
import { type AgentOptions, HOST_REPORT_MS, startAgent } from "#posture";
import type { Spool } from "#spool";

const NOW = 1_790_000_000_000;
const HOST = { hostname: "laptop", osName: "Linux", osRelease: "6.12.1" };

let stop: () => void = () => undefined;
afterEach(() => stop());

/** A spool that keeps events in memory, and writes none while it is full. */
function memorySpool(): Spool & { readonly events: OcsfEvent[]; full: boolean } {
  const events: OcsfEvent[] = [];
  return {
    events,
    full: false,
    healthy: true,
    unshipped: 0,
    append(event, written) {
      if (!this.full) events.push(event);
      written(this.full ? new Error("the disk is full") : undefined);
    },
    close: async () => await Promise.resolve(),
  };
}

/** Timers that run when the test says so. */
function handSchedule(clock: ManualClock): Schedule & { minute(): void; running: number } {
  const tasks = new Set<() => void>();
  return {
    running: 0,
    after: (ms, task) => systemSchedule.after(ms, task),
    every(ms, task) {
      assert.equal(ms, HOST_REPORT_MS);
      tasks.add(task);
      this.running++;
      return () => {
        tasks.delete(task);
        this.running--;
      };
    },
    minute() {
      clock.advance(HOST_REPORT_MS);
      for (const task of tasks) task();
    },
  };
}

interface Started {
  readonly spool: ReturnType<typeof memorySpool>;
  readonly schedule: ReturnType<typeof handSchedule>;
}

function start(options: Partial<AgentOptions> & { full?: boolean } = {}): Started {
  const clock = manualClock(NOW);
  const schedule = handSchedule(clock);
  const spool = memorySpool();
  spool.full = options.full ?? false;
  const agent = startAgent({
    view: { ended: () => undefined },
    spool,
    schedule,
    name: "laptop",
    version: "1.2.3",
    clock,
    host: HOST,
    notify: () => undefined,
    ...options,
  });
  stop = () => agent.stop();
  return { spool, schedule };
}

test("an agent reports its version, host and OS release at its start and each minute, as an event", () => {
  const { spool, schedule } = start();
  assert.equal(spool.events.length, 1);
  schedule.minute();
  schedule.minute();
  assert.deepEqual(
    spool.events.map((event) => event["time"]),
    [NOW, NOW + HOST_REPORT_MS, NOW + 2 * HOST_REPORT_MS],
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

test("an agent that is stopped reports no more", () => {
  const { spool, schedule } = start();
  stop();
  schedule.minute();
  assert.equal(spool.events.length, 1);
  assert.equal(schedule.running, 0);
});

test("an agent that control has shut out writes nothing that nobody would take", () => {
  let ended: string | undefined;
  const { spool, schedule } = start({ view: { ended: () => ended } });
  ended = "it was revoked";
  schedule.minute();
  assert.equal(spool.events.length, 1);
});

test("a report that could not be written is said, and the next one is tried", () => {
  const said: unknown[] = [];
  const { spool, schedule } = start({ full: true, notify: (notice) => said.push(notice.message) });
  assert.deepEqual(said, ["the report was not written: the disk is full"]);
  spool.full = false;
  schedule.minute();
  assert.equal(spool.events.length, 1);
});
