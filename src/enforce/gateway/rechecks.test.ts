/** When open connections are decided again: in turns of bounded time, spread over the half minute, at the moment a bound passes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type ManualClock, manualClock, type Schedule } from "#kernel";
import type { View } from "#view";
import { FRESHNESS } from "./freshness-bounds.ts";
import { RECHECK, RECHECK_TICK, RECHECK_TURN } from "./limits.ts";
import { RecheckQueue } from "./recheck-queue.ts";
import { RecheckWheel } from "./recheck-wheel.ts";
import { StaleCuts } from "./stale-cuts.ts";

/** Timers that go by a manual clock. */
class ManualSchedule implements Schedule {
  readonly #clock: ManualClock;
  readonly #tasks = new Set<{ at: number; every?: number; task: () => void }>();
  constructor(clock: ManualClock) {
    this.#clock = clock;
  }
  after(ms: number, task: () => void): () => void {
    return this.#add({ at: this.#clock.monotonic() + ms, task });
  }
  every(ms: number, task: () => void): () => void {
    return this.#add({ at: this.#clock.monotonic() + ms, every: ms, task });
  }
  get size(): number {
    return this.#tasks.size;
  }
  /** Lets time pass, with every task at its own moment. */
  pass(ms: number): void {
    const until = this.#clock.monotonic() + ms;
    for (;;) {
      const [next] = [...this.#tasks].filter(({ at }) => at <= until).sort((a, b) => a.at - b.at);
      if (next === undefined) break;
      this.#clock.advance(Math.max(0, next.at - this.#clock.monotonic()));
      if (next.every === undefined) this.#tasks.delete(next);
      // as the platform's do: what was missed is not made up for
      else next.at = this.#clock.monotonic() + next.every;
      next.task();
    }
    this.#clock.advance(until - this.#clock.monotonic());
  }
  #add(task: { at: number; every?: number; task: () => void }): () => void {
    this.#tasks.add(task);
    return () => this.#tasks.delete(task);
  }
}

function setUp(): { clock: ManualClock; schedule: ManualSchedule } {
  const clock = manualClock(0);
  return { clock, schedule: new ManualSchedule(clock) };
}

test("a turn of rechecks ends after its time, and what is urgent goes first however late it came", () => {
  const { clock } = setUp();
  const turns: (() => void)[] = [];
  const done: string[] = [];
  const rounds: number[] = [];
  const queue = new RecheckQueue<string>({
    clock,
    soon: (task) => turns.push(task),
    recheck: (item) => {
      clock.advance(1);
      done.push(item);
    },
    onRound: (ms) => rounds.push(ms),
  });
  queue.add(Array.from({ length: 20 }, (_, i) => `rest ${i}`));
  assert.equal(done.length, 0, "nothing is done in the turn that asks for it");
  turns.shift()?.();
  assert.equal(done.length, RECHECK_TURN, "a millisecond each");
  queue.addUrgent(["revoked", "rest 19"]);
  queue.addUrgent(["revoked"]);
  queue.add(["revoked", "rest 18"]);
  queue.delete("rest 17");
  while (turns.length > 0) turns.shift()?.();
  assert.deepEqual(done.slice(RECHECK_TURN, RECHECK_TURN + 2), ["revoked", "rest 19"]);
  assert.equal(done.length, 20, "each once, and none that has gone");
  assert.equal(new Set(done).size, 20);
  assert.ok(!done.includes("rest 17"));
  assert.deepEqual(rounds, [20]);
});

test("every connection comes up at least every half minute, and 2,000 that came together are spread evenly", () => {
  const { clock, schedule } = setUp();
  const last = new Map<number, number>();
  let perTick: number[] = [];
  let gap = 0;
  const wheel = new RecheckWheel<number>({
    clock,
    schedule,
    onDue: (due) => {
      let many = 0;
      for (const item of due) {
        gap = Math.max(gap, clock.monotonic() - (last.get(item) ?? 0));
        last.set(item, clock.monotonic());
        many += 1;
      }
      perTick.push(many);
    },
  });
  for (let i = 0; i < 2_000; i++) wheel.add(`dec_01jc3v6k2m${i}`, i);
  schedule.pass(RECHECK);
  assert.equal(last.size, 2_000);
  perTick = [];
  schedule.pass(2 * RECHECK);
  assert.ok(gap <= RECHECK, `one waited ${gap} ms`);
  const fair = 2_000 / (RECHECK / RECHECK_TICK);
  assert.ok(Math.max(...perTick) < 2 * fair, `${Math.max(...perTick)} of 2,000 were due at once`);
  assert.ok(Math.min(...perTick) > fair / 2, `${Math.min(...perTick)} of 2,000 were due at once`);

  const leave = wheel.add("one more", -1);
  leave();
  last.clear();
  schedule.pass(RECHECK);
  assert.ok(!last.has(-1));
  wheel.stop();
  assert.equal(schedule.size, 0);
});

test("after the whole process stood still everything is due once", () => {
  const { clock, schedule } = setUp();
  let due = 0;
  const wheel = new RecheckWheel<number>({
    clock,
    schedule,
    onDue: (items) => {
      due += [...items].length;
    },
  });
  for (let i = 0; i < 500; i++) wheel.add(String(i), i);
  clock.advance(10 * RECHECK);
  schedule.pass(0);
  assert.equal(due, 500);
  wheel.stop();
});

test("what is open is cut at the moment its bound passes, and not while control is heard", () => {
  const { clock, schedule } = setUp();
  let freshAt = 0;
  const ageSeconds = (): number => (clock.monotonic() - freshAt) / 1_000;
  const view = {
    ageSeconds,
    msUntilStale: (bound: number) => Math.max(0, (bound - ageSeconds()) * 1_000),
  } as View;
  const cut: [string, number][] = [];
  const cuts = new StaleCuts<string>({
    view,
    schedule,
    onStale: (items) => {
      for (const item of [...items]) {
        cut.push([item, clock.monotonic() - freshAt]);
        leave.get(item)?.();
      }
    },
  });
  const leave = new Map<string, () => void>();
  for (const classification of ["restricted", "confidential", "internal"] as const)
    leave.set(classification, cuts.add(classification, classification));
  for (let i = 0; i < 300; i++) {
    schedule.pass(2_000);
    freshAt = clock.monotonic();
  }
  assert.deepEqual(cut, [], "a heartbeat every two seconds keeps all of them");
  schedule.pass(9_999);
  leave.set("late", cuts.add("restricted", "late"));
  schedule.pass(1);
  assert.deepEqual(cut, [], "at the bound itself the view is still good");
  schedule.pass(1);
  assert.deepEqual(cut, [
    ["restricted", 10_001],
    ["late", 10_001],
  ]);
  schedule.pass(400_000);
  assert.deepEqual(
    cut.slice(2),
    (["confidential", "internal"] as const).map((name) => [name, FRESHNESS[name] * 1_000 + 1]),
  );

  leave.set("again", cuts.add("restricted", "again"));
  schedule.pass(1_000);
  assert.equal(cut.at(-1)?.[0], "again", "one that comes while the view is stale goes at once");
  schedule.pass(60_000);
  assert.equal(schedule.size, 0, "nothing is watched where nothing is open");
  cuts.stop();
});
