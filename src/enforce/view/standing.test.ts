import assert from "node:assert/strict";
import { test } from "node:test";
import { PosternError } from "#kernel";
import type { EntityChange } from "#link";
import { beat, begun, change, rig, SNAPSHOT } from "./rig.test.ts";

const DEVICE = { id: "dev_1", user: "usr_1", facts: { managed: true, compliance_score: 90 }, reportedAt: 5 };
const part = (number: number, entities: readonly EntityChange[], more?: true, epoch = "e1") =>
  ({ type: "snapshot", epoch, number, entities, ...(more === undefined ? {} : { more }) }) as const;

test("parts of a snapshot count once the last is there", async () => {
  const { view, control } = rig();
  let heard = 0;
  view.onChange(() => heard++);
  control.say(part(3, SNAPSHOT.slice(0, 2), true));
  control.say(part(3, SNAPSHOT.slice(2, 3), true));
  assert.deepEqual([view.number, view.instance(), view.policy(), heard], [0, undefined, undefined, 0]);
  control.say(part(5, [...SNAPSHOT.slice(3), { kind: "entry", key: "hash2", value: null }]));
  await view.ready;
  assert.deepEqual([view.number, view.sizes().entry, heard], [5, 1, 1]);
});

test("a stream that ends within a snapshot leaves what was held, and the next begins anew", () => {
  const made = begun();
  const { view, control, timers } = made;
  control.say(part(2, SNAPSHOT.slice(0, 1), true, "e2"));
  control.cut();
  assert.deepEqual([view.number, view.position()?.epoch, view.sizes().entry], [5, "e1", 2]);
  timers.pass(150);
  control.say(part(2, SNAPSHOT.slice(1, 3), undefined, "e2"));
  assert.deepEqual(
    [view.position(), view.sizes().entry, view.instance()],
    [{ epoch: "e2", number: 2 }, 0, undefined],
  );
});

for (const [what, message] of [
  ["a change", change(6)],
  ["a part of another epoch", part(9, [], true, "e3")],
] as const) {
  test(`${what} between parts is no way to go on`, () => {
    const { view, control, timers } = begun();
    control.say(part(9, SNAPSHOT.slice(0, 2), true));
    control.say(message);
    assert.equal(control.connected, false);
    assert.equal(view.number, 5);
    timers.pass(150);
    assert.equal(control.wanted.at(-1)?.after, undefined);
  });
}

test("a snapshot like what is held is nobody's business; what differs is told, and nothing else", () => {
  const made = begun();
  const { view, control } = made;
  const heard: string[] = [];
  view.onChange((changed) => {
    for (const { kind, key, value } of changed) heard.push(`${kind} ${key} ${value === null ? "-" : "+"}`);
  });
  control.say(part(7, SNAPSHOT));
  assert.deepEqual(heard, []);
  const moved = {
    kind: "entry",
    key: "hash2",
    value: { session: "ses_1", host: "new.postern.localhost" },
  } as const;
  control.say(part(8, [...SNAPSHOT.slice(0, 3), moved]));
  assert.deepEqual(heard, ["entry hash1 -", "entry hash2 +"]);
});

test("devices and grants name whom they concern, before the change and after", () => {
  const made = begun();
  const { view, control } = made;
  const owners: string[][] = [];
  view.onChange((_changed, whose) => owners.push([...whose].sort()));
  control.say(change(6, [{ kind: "device", key: "dev_1", value: DEVICE }]));
  control.say(change(7, [{ kind: "device", key: "dev_1", value: { ...DEVICE, user: "usr_2" } }]));
  control.say(change(8, [{ kind: "grant", key: "g", value: { id: "g", user: "usr_3", expiresAt: 9 } }]));
  assert.deepEqual(view.grantsOf("usr_3"), ["g"]);
  assert.deepEqual([view.devicesOf("usr_1"), view.devicesOf("usr_2")], [[], ["dev_1"]]);
  assert.deepEqual(view.device("dev_1")?.facts, DEVICE.facts);
  control.say(change(9, [{ kind: "grant", key: "g", value: null }]));
  control.say(change(10, [{ kind: "user", key: "u", value: null }]));
  control.say(part(11, SNAPSHOT));
  assert.deepEqual(owners, [["usr_1"], ["usr_1", "usr_2"], ["usr_3"], ["usr_3"], [], ["usr_2"]]);
});

test("sessions are found by their person, and applications by their port", () => {
  const { view, control } = begun();
  assert.deepEqual(view.sessionsOf("usr_1"), ["ses_1"]);
  control.say(change(6, [{ kind: "port", key: "wiki", value: { port: 7402 } }]));
  assert.equal(view.applicationOnPort(7402), "wiki");
  control.say(change(7, [{ kind: "port", key: "wiki", value: { port: 7403 } }]));
  assert.deepEqual([view.applicationOnPort(7402), view.applicationOnPort(7403)], [undefined, "wiki"]);
  control.say(change(8, [{ kind: "session", key: "ses_1", value: null }]));
  assert.deepEqual(view.sessionsOf("usr_1"), []);
});

test("a head below what is applied is not fresh, and control is told what was applied", () => {
  const made = begun();
  const { view, control, timers } = made;
  control.say(beat(made, 5));
  timers.pass(400);
  control.say(beat(made, 4));
  assert.equal(view.ageSeconds(), 0.4);
  assert.equal(control.connected, false);
  timers.pass(150);
  assert.deepEqual([control.wanted.at(-1)?.epoch, control.wanted.at(-1)?.after], ["e1", 5]);
  control.say(part(4, SNAPSHOT, undefined, "e2"));
  control.say(beat(made, 4, "e2"));
  assert.deepEqual([view.position(), view.ageSeconds()], [{ epoch: "e2", number: 4 }, 0]);
});

test("an older snapshot of the same epoch is refused, and control is told what was applied", () => {
  const { view, control, timers } = begun();
  control.say(part(4, []));
  assert.equal(view.sizes().entry, 2);
  timers.pass(150);
  assert.deepEqual([control.wanted.at(-1)?.epoch, control.wanted.at(-1)?.after], ["e1", 5]);
});

for (const code of ["member.revoked", "member.unknown"] as const) {
  test(`after ${code} nothing is known any more, and it asks slowly whether it may come back`, () => {
    const made = begun();
    const { view, control, timers } = made;
    let told = 0;
    view.onStanding(() => told++);
    control.say(beat(made, 5));
    control.cut(new PosternError(code, "gateway edge-1 is revoked"));
    assert.equal(view.ageSeconds(), Number.POSITIVE_INFINITY);
    assert.equal(view.msUntilStale(300), 0);
    assert.equal(view.ended(), "gateway edge-1 is revoked");
    assert.equal(told, 1);
    const before = control.wanted.length;
    timers.pass(29_000);
    assert.equal(control.wanted.length, before);
    timers.pass(2_000);
    assert.equal(control.wanted.length, before + 1);
    control.cut(new PosternError(code, "gateway edge-1 is revoked"));
    assert.equal(made.notices.filter(({ event }) => event === "membership-ended").length, 1);

    timers.pass(31_000);
    control.say(beat(made, 5));
    assert.deepEqual([view.ended(), view.ageSeconds(), told], [undefined, 0, 2]);
  });
}

test("another end of the stream leaves what is known, which grows old", () => {
  const made = begun();
  made.control.say(beat(made, 5));
  made.control.cut(new PosternError("not_running", "no control node can be reached"));
  made.timers.pass(1_000);
  assert.deepEqual([made.view.ended(), made.view.ageSeconds()], [undefined, 1]);
});

test("it says how long until a bound passes", () => {
  const made = begun();
  const { view, control, timers } = made;
  assert.equal(view.msUntilStale(10), 0);
  control.say(beat(made, 5));
  assert.equal(view.msUntilStale(10), 10_000);
  timers.pass(4_000);
  assert.deepEqual([view.msUntilStale(10), view.msUntilStale(60), view.msUntilStale(3)], [6_000, 56_000, 0]);
});

test("closing ends the asking too", () => {
  const { view, control, timers } = begun();
  control.say(change(6, [{ kind: "policy", key: "active", value: null }]));
  assert.ok(view.blocked());
  view.close();
  const before = control.wanted.length;
  timers.pass(120_000);
  assert.equal(control.wanted.length, before);
});
