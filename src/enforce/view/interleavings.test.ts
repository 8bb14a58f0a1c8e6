/**
 * Random histories of control, carried by a link that cuts, drops, repeats and lies, against a fold of the same history: whatever
 * is in force is what control had at that number, and nothing else ever counts as fresh.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { StateMessage } from "#link";
import { KINDS, Model, random, someValue } from "./history.test.ts";
import { openView, type View } from "./index.ts";
import { Timers } from "./rig.test.ts";

const RUNS = 150;
const STEPS = 120;
const SEED = 20_260_401;

/** What a view holds, as a fold of the same form. */
function heldBy(view: View): Map<string, unknown> {
  const held = new Map<string, unknown>();
  const readers = {
    user: (key: string) => view.user(key),
    session: (key: string) => view.session(key),
    entry: (key: string) => view.entry(key),
    device: (key: string) => view.device(key),
    grant: (key: string) => view.grant(key),
  };
  for (const kind of KINDS)
    for (let i = 0; i < 4; i++) {
      const value = readers[kind](`${kind}${i}`);
      if (value !== undefined) held.set(`${kind} ${kind}${i}`, value);
    }
  return held;
}

function check(view: View, mirror: Map<string, unknown>, model: Model, seed: number): void {
  const at = `seed ${seed}, ${JSON.stringify(view.position())}`;
  const held = heldBy(view);
  const position = view.position();
  if (position === undefined || view.blocked() !== undefined) return;
  const fold = model.fold(position.epoch, position.number);
  const wanted = new Map<string, unknown>();
  for (const [name, { value }] of fold ?? []) wanted.set(name, value);
  for (const name of ["instance instance", "policy active"]) wanted.delete(name);
  assert.deepEqual(held, wanted, at);
  assert.deepEqual(mirror, held, `${at}: who listened knows another state`);
  for (const [kind, of] of [
    ["session", (user: string) => view.sessionsOf(user)],
    ["device", (user: string) => view.devicesOf(user)],
    ["grant", (user: string) => view.grantsOf(user)],
  ] as const)
    for (let i = 0; i < 4; i++) {
      const keys = [...held].filter(
        ([name, value]) => name.startsWith(kind) && (value as { user: string }).user === `user${i}`,
      );
      assert.deepEqual(
        [...of(`user${i}`)].sort(),
        keys.map(([name]) => name.slice(kind.length + 1)).sort(),
        at,
      );
    }
}

test(`the view is the fold of what control did, or is not fresh (seed ${SEED})`, () => {
  let fresh = 0;
  let blocked = 0;
  for (let run = 0; run < RUNS; run++) {
    const seed = SEED + run;
    const draw = random(seed);
    const timers = new Timers();
    const model = new Model(draw, () => timers.clock.now());
    const view = openView({
      ...{ link: model, role: "gateway", name: "g", boot: "b", version: "0" },
      ...{ clock: timers.clock, schedule: timers, notify: () => undefined },
    });
    const mirror = new Map<string, unknown>();
    view.onChange((changed) => {
      for (const { kind, key, value } of changed) {
        if (!(KINDS as readonly string[]).includes(kind)) continue;
        if (value !== null) mirror.set(`${kind} ${key}`, value);
        else {
          mirror.delete(`${kind} ${key}`);
          if (kind !== "session") continue;
          // those of a session that ended go with it; those of one that cannot be read stay
          for (const name of mirror.keys())
            if (name.startsWith("entry ") && view.entry(name.slice("entry ".length)) === undefined)
              mirror.delete(name);
        }
      }
    });
    let age = view.ageSeconds();
    for (let step = 0; step < STEPS; step++) {
      const before = { age, blocked: view.blocked() };
      const what = draw(20);
      let beat: (StateMessage & { readonly type: "heartbeat" }) | undefined;
      if (what < 5) model.commitSomething();
      else if (what === 5) model.cut();
      else if (what === 6 && draw(4) === 0) model.restore(true);
      else if (what < 9) timers.pass(50 + draw(300));
      else beat = model.deliver();
      age = view.ageSeconds();
      check(view, mirror, model, seed);
      if (view.blocked() !== undefined) {
        blocked++;
        if (before.blocked !== undefined)
          assert.ok(age >= before.age, `seed ${seed}: a blocked view grew younger`);
      }
      if (age < before.age) {
        fresh++;
        assert.equal(view.blocked(), undefined, `seed ${seed}`);
        if (beat !== undefined && view.position()?.epoch === beat.epoch)
          assert.ok(view.number >= beat.head, `seed ${seed}: fresh without what its heartbeat named`);
      }
    }
    // control mends what it had wrong, and the link behaves
    model.faults = false;
    for (const [, entity] of model.now.folds.at(-1) ?? [])
      if (entity.value !== null && "oops" in entity.value)
        model.commit([someValue(draw, entity.kind as (typeof KINDS)[number], entity.key)]);
    for (let i = 0; i < 800; i++) {
      model.deliver();
      if (i % 4 === 0) timers.pass(1_000);
    }
    model.deliver();
    check(view, mirror, model, seed);
    assert.deepEqual(view.position(), { epoch: model.now.name, number: model.head }, `seed ${seed}`);
    assert.equal(view.blocked(), undefined, `seed ${seed}`);
    assert.ok(view.ageSeconds() <= 1, `seed ${seed}: ${view.ageSeconds()} s`);
    view.close();
  }
  assert.ok(
    fresh > RUNS * 3 && blocked > RUNS,
    `${fresh} times fresh, ${blocked} blocked: the runs try too little`,
  );
});

test(`a database that was set back unnoticed makes nothing fresh until it has another epoch (seed ${SEED})`, () => {
  for (let run = 0; run < RUNS; run++) {
    const seed = SEED + 1_000 + run;
    const draw = random(seed);
    const timers = new Timers();
    const model = new Model(draw, () => timers.clock.now());
    model.faults = false;
    const view = openView({
      ...{ link: model, role: "gateway", name: "g", boot: "b", version: "0" },
      ...{ clock: timers.clock, schedule: timers, notify: () => undefined },
    });
    for (let i = 3 + draw(6); i > 0; i--) model.commitSomething();
    for (let i = 0; i < 20; i++) model.deliver();
    assert.equal(view.ageSeconds(), 0);
    const { number } = view;
    model.restore(false);
    const isSetBack = model.head < number;
    for (let i = 0; i < 60; i++) {
      timers.pass(100);
      const age = view.ageSeconds();
      model.deliver();
      if (isSetBack && model.now.name === "e0") assert.ok(view.ageSeconds() >= age, `seed ${seed}`);
    }
    assert.deepEqual(view.position(), { epoch: isSetBack ? "e1" : "e0", number: model.head }, `seed ${seed}`);
    assert.ok(view.ageSeconds() <= 1, `seed ${seed}: ${view.ageSeconds()} s`);
    view.close();
  }
});
