import assert from "node:assert/strict";
import { test } from "node:test";
import type { EntityChange } from "#link";
import { BUILTIN_FILE, compileSet } from "#policy";
import { beat, begun, change, FIRST, INSTANCE, MANIFEST, policyState, rig, SNAPSHOT } from "./rig.test.ts";

test("a snapshot makes it ready, and finds applications by host and longest prefix", async () => {
  const { view, control } = rig();
  assert.equal(view.instance(), undefined);
  assert.equal(control.wanted[0]?.epoch, undefined);
  control.say({ type: "snapshot", epoch: "e1", number: 5, entities: SNAPSHOT });
  await view.ready;
  assert.equal(view.number, 5);
  assert.equal(view.session("ses_1")?.user, "usr_1");
  const names = (path: string, host = "wiki.postern.localhost:7400"): string | undefined =>
    view.application(host, path)?.name;
  assert.equal(names("/"), "wiki");
  assert.equal(names("/docs"), "docs");
  assert.equal(names("/docs/a"), "docs");
  assert.equal(names("/docsmith"), "wiki");
  assert.equal(names("/", "docs.postern.localhost"), undefined);
  assert.equal(names("/", "wiki.other.localhost"), undefined);
  assert.equal(names("/", "wikipostern.localhost"), undefined);
});

test("by port, the port's application answers and no other", () => {
  const { view, control } = rig();
  const entities: EntityChange[] = [
    { kind: "instance", key: "instance", value: { ...INSTANCE, hostStyle: "port" } },
    { kind: "policy", key: "active", value: FIRST },
    { kind: "port", key: "wiki", value: { port: 7402 } },
    { kind: "port", key: "docs", value: { port: 7403 } },
  ];
  control.say({ type: "snapshot", epoch: "e1", number: 1, entities });
  assert.equal(view.application("localhost:7402", "/docs")?.name, "wiki");
  assert.equal(view.application("localhost:7403", "/docs")?.name, "docs");
  assert.equal(view.application("localhost:7403", "/"), undefined);
  assert.equal(view.application("localhost:7404", "/"), undefined);
  assert.equal(view.application("wiki.postern.localhost:7402", "/"), undefined);
});

test("it goes on from where it was after the stream is lost", () => {
  const { view, control, timers } = begun();
  control.say(change(6, [{ kind: "user", key: "u", value: null }]));
  control.cut(new Error("gone"));
  timers.pass(150);
  assert.deepEqual([control.wanted[1]?.epoch, control.wanted[1]?.after], ["e1", 6]);
  control.say(change(7));
  assert.equal(view.number, 7);
});

test("pauses between tries grow, and a silent stream is given up", () => {
  const { control, timers } = begun();
  timers.pass(7_900);
  assert.ok(control.connected);
  timers.pass(2_300);
  assert.equal(control.wanted.length, 2, "a stream without heartbeats was kept");
  for (let i = 0; i < 10; i++) {
    control.cut();
    timers.pass(150);
  }
  assert.ok(control.wanted.length < 6, `${control.wanted.length} tries`);
  timers.pass(6_000);
  assert.ok(control.connected);
});

for (const [what, message] of [
  ["a gap", change(7)],
  ["a repeated number", change(5)],
  ["a change of another epoch", change(6, [], "e2")],
  ["a heartbeat of another epoch", { type: "heartbeat", epoch: "e2", head: 5, now: 0 }],
] as const) {
  test(`after ${what} it asks for a snapshot and applies nothing`, () => {
    const { view, control, timers } = begun();
    control.say(message);
    assert.equal(view.number, 5);
    timers.pass(150);
    assert.equal(control.wanted.length, 2);
    assert.equal(control.wanted[1]?.epoch, undefined);
  });
}

test("a snapshot of another epoch replaces everything; an older one of the same is refused", () => {
  const { view, control } = begun();
  const heard: EntityChange[] = [];
  view.onChange((changed) => heard.push(...changed));
  control.say({ type: "snapshot", epoch: "e1", number: 4, entities: [] });
  assert.equal(view.number, 5);
  assert.ok(view.session("ses_1"));

  const other = begun();
  other.view.onChange((changed) => heard.push(...changed));
  other.control.say({ type: "snapshot", epoch: "e2", number: 2, entities: SNAPSHOT.slice(0, 2) });
  assert.equal(other.view.number, 2);
  assert.equal(other.view.session("ses_1"), undefined);
  assert.equal(other.view.entry("hash1"), undefined);
  assert.ok(heard.some((entity) => entity.kind === "session" && entity.value === null));
});

test("ending a session takes its entries with it", () => {
  const { view, control } = begun();
  control.say(change(6, [{ kind: "session", key: "ses_1", value: null }]));
  assert.equal(view.entry("hash1"), undefined);
  assert.equal(view.entry("hash2"), undefined);
});

test("it is fresh when it has reached the head that a heartbeat named, counted from its receipt", () => {
  const made = begun();
  const { view, control, timers } = made;
  assert.equal(view.ageSeconds(), Number.POSITIVE_INFINITY);
  control.say(beat(made, 5));
  assert.equal(view.ageSeconds(), 0);
  timers.pass(2_000);
  control.say(beat(made, 7));
  assert.equal(view.ageSeconds(), 2, "its head is not reached");
  control.say(change(6));
  assert.equal(view.ageSeconds(), 2);
  timers.pass(500);
  control.say(change(7));
  assert.equal(view.ageSeconds(), 0.5, "counts from the heartbeat, not from the change");
  timers.clock.step(3_600_000);
  assert.equal(view.ageSeconds(), 0.5, "a stepped wall clock does not age it");
});

test("clocks apart are told and readable", () => {
  const made = begun();
  made.control.say({ type: "heartbeat", epoch: "e1", head: 5, now: made.timers.clock.now() - 40_000 });
  assert.equal(made.view.skewSeconds(), 40);
  assert.ok(made.notices.some((notice) => notice.message?.includes("40.0 s apart")));
});

test("a policy set changes at once, and what does not compile leaves the last one and stops freshness", () => {
  const made = begun();
  const { view, control, timers, notices } = made;
  control.say(beat(made, 5));
  const broken = { ...FIRST, activation: 2, files: [{ path: "a.rules", text: "ALLOW IF nonsense\n" }] };
  control.say(change(6, [{ kind: "policy", key: "active", value: broken }]));
  assert.equal(view.policy()?.activation, 1);
  assert.equal(notices.filter((notice) => notice.event === "view-blocked").length, 1);
  timers.pass(500);
  control.say(beat(made, 6));
  assert.equal(view.ageSeconds(), 0.5, "a heartbeat made a blocked view fresh");
  control.say(change(7, [{ kind: "user", key: "u", value: null }]));
  assert.equal(view.ageSeconds(), 0.5);

  const good = policyState(3, [{ path: "a.yaml", text: MANIFEST("notes") }]);
  control.say(change(8, [{ kind: "policy", key: "active", value: good }]));
  assert.equal(view.policy()?.activation, 3);
  assert.equal(view.application("notes.postern.localhost", "/")?.name, "notes");
  assert.equal(view.application("wiki.postern.localhost", "/"), undefined);
  control.say(beat(made, 8));
  assert.equal(view.ageSeconds(), 0);
});

test("a set is decided by the built-in rules of the control that made it, also where another version has others", () => {
  const made = begun();
  const builtin = `${BUILTIN_FILE.text}# of a later version\nALLOW IF user.name == "grace"\n`;
  const files = [{ path: "a.yaml", text: MANIFEST("notes") }];
  const { version } = compileSet(files, builtin);
  assert.notEqual(version, compileSet(files).version);
  const state = { ...policyState(2, files), version, builtin };
  made.control.say(change(6, [{ kind: "policy", key: "active", value: state }]));
  assert.equal(made.view.policy()?.set.version, version);
  assert.ok(made.view.policy()?.set.rules.some(({ text }) => text.includes("grace")));
  made.control.say(
    change(7, [{ kind: "policy", key: "active", value: { ...state, activation: 3, builtin: "" } }]),
  );
  assert.equal(made.view.policy()?.activation, 2, "a set whose version names other rules was taken");
});

for (const [what, state] of [
  [
    "an activation number that is not above the last",
    { ...policyState(1, [{ path: "a.yaml", text: MANIFEST("x") }]) },
  ],
  ["a version that is not the hash of its files", { ...FIRST, activation: 2, version: "0".repeat(64) }],
  ["no policy at all", null],
] as const) {
  test(`${what} is not taken`, () => {
    const made = begun();
    made.control.say(beat(made, 5));
    made.control.say(change(6, [{ kind: "policy", key: "active", value: state }]));
    assert.equal(made.view.policy()?.set.version, FIRST.version);
    made.timers.pass(500);
    made.control.say(beat(made, 6));
    assert.equal(made.view.ageSeconds(), 0.5);
  });
}

test("a lower activation number is taken in a new epoch, after a restore", () => {
  const made = begun();
  const later = policyState(9, [{ path: "a.yaml", text: MANIFEST("later") }]);
  made.control.say(change(6, [{ kind: "policy", key: "active", value: later }]));
  made.control.say({ type: "snapshot", epoch: "e2", number: 1, entities: SNAPSHOT });
  assert.equal(made.view.policy()?.activation, 1);
  made.control.say(beat(made, 1, "e2"));
  assert.equal(made.view.ageSeconds(), 0);
});

test("waiting for a change ends when it is there, or when time is up", async () => {
  const { view, control, timers } = begun();
  assert.equal(await view.waitFor(5, 1_000), true);
  const soon = view.waitFor(6, 1_000);
  control.say(change(6));
  assert.equal(await soon, true);
  const late = view.waitFor(7, 1_000);
  timers.pass(1_050);
  assert.equal(await late, false);
});
