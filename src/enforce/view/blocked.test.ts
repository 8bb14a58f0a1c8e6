import assert from "node:assert/strict";
import "reflect-metadata";
import { X509Certificate } from "node:crypto";
import { describe, test } from "node:test";
import { X509CertificateGenerator } from "@peculiar/x509";
import { sha256Hex } from "#kernel";
import type { EntityChange, EntityKind, StateMessage } from "#link";
import { beat, begun, change, FIRST, INSTANCE, type Rig, rig, SESSION, SNAPSHOT } from "./rig.test.ts";

const USER = { id: "u", name: "ada", displayName: "Ada", role: "admin", groups: ["sre"], disabled: false };
const DEVICE = { id: "d", user: "u", facts: { managed: true }, reportedAt: 1 };
const GRANT = { id: "g", user: "u", application: "wiki", expiresAt: 1 };
/** As it may come over the link, whatever the types say. */
function sent(kind: EntityKind, key: string, value: unknown): EntityChange {
  return { kind, key, value } as EntityChange;
}

const malformed: readonly (readonly [EntityKind, string, unknown])[] = [
  ["instance", "instance", { ...INSTANCE, hostStyle: "path" }],
  ["instance", "instance", { ...INSTANCE, scheme: "ftp" }],
  ["instance", "instance", { ...INSTANCE, port: 0 }],
  ["instance", "instance", { ...INSTANCE, port: 70_000 }],
  ["instance", "instance", { ...INSTANCE, origins: { login: "x", console: INSTANCE.origins.console } }],
  ["instance", "instance", { ...INSTANCE, origins: null }],
  ["user", "u", []],
  ["user", "u", "ada"],
  ["user", "u", { ...USER, id: "other" }],
  ["user", "u", { ...USER, disabled: "no" }],
  ["user", "u", { ...USER, disabled: undefined }],
  ["user", "u", { ...USER, role: "" }],
  ["user", "u", { ...USER, groups: "sre" }],
  ["user", "u", { ...USER, groups: [1] }],
  ["session", "ses_1", { ...SESSION, user: 7 }],
  ["session", "ses_1", { ...SESSION, idleExpiresAt: "never" }],
  ["session", "ses_1", { ...SESSION, idleExpiresAt: -1 }],
  ["session", "ses_1", { ...SESSION, absoluteExpiresAt: 1.5 }],
  ["session", "ses_1", { ...SESSION, absoluteExpiresAt: null }],
  ["session", "ses_1", { ...SESSION, mfaVerifiedAt: "now" }],
  ["session", "ses_1", { ...SESSION, amr: {} }],
  ["entry", "h", { session: "ses_1" }],
  ["entry", "h", { session: "", host: "x" }],
  ["port", "wiki", { port: "80" }],
  ["authority", "a", { certificate: "x" }],
  ["authority", "a", {}],
  ["control", "a", { url: "http://control.test" }],
  ["control", "a", { url: 1 }],
  ["device", "d", { ...DEVICE, facts: { managed: "yes" } }],
  ["device", "d", { ...DEVICE, facts: { compliance_score: 101 } }],
  ["device", "d", { ...DEVICE, facts: undefined }],
  ["device", "d", { ...DEVICE, user: "" }],
  ["grant", "g", { ...GRANT, expiresAt: undefined }],
  ["grant", "g", { ...GRANT, application: 5 }],
  ["policy", "active", { ...FIRST, activation: "2" }],
  ["policy", "active", { ...FIRST, activation: 2, files: "x" }],
  ["policy", "active", { ...FIRST, activation: 2, files: [null] }],
  ["policy", "active", { ...FIRST, activation: 2, files: [{ path: 1, text: 2 }] }],
];

/** Fresh, with what `sent` needs in place. */
function fresh(): Rig {
  const made = begun();
  made.control.say(change(6, [{ kind: "user", key: "u", value: USER }]));
  made.control.say(beat(made, 6));
  assert.equal(made.view.ageSeconds(), 0);
  return made;
}

describe("a value that is not what it must be", () => {
  for (const [kind, key, value] of malformed) {
    test(`${kind} ${JSON.stringify(value)?.slice(0, 90)}`, () => {
      const made = fresh();
      const { view, control, timers } = made;
      const before = [view.instance(), view.user("u"), view.session("ses_1"), view.policy(), view.sizes()];
      control.say(change(7, [{ kind: "user", key: "u", value: null }, sent(kind, key, value)]));
      assert.deepEqual(
        [view.instance(), view.user("u"), view.session("ses_1"), view.policy(), view.sizes()],
        before,
        "half of the change was applied",
      );
      assert.match(String(view.blocked()), kind === "policy" ? /policy set/ : new RegExp(`${kind} `));
      assert.equal(view.number, 6);
      timers.pass(500);
      control.say(beat(made, 7));
      assert.equal(view.ageSeconds(), 0.5, "it counts as fresh");
      assert.equal(made.notices.filter(({ event }) => event === "view-blocked").length, 1);

      // what comes after still takes rights away
      control.say(change(8, [{ kind: "entry", key: "hash1", value: null }]));
      assert.equal(view.entry("hash1"), undefined);
      assert.equal(view.number, 6);

      const again = SNAPSHOT.filter((entity) => entity.key !== "hash1");
      control.say({ type: "snapshot", epoch: "e1", number: 8, entities: again });
      assert.equal(view.blocked(), undefined);
      assert.equal(view.user("u"), undefined);
      control.say(beat(made, 8));
      assert.deepEqual([view.number, view.ageSeconds()], [8, 0]);
    });
  }
});

test("members that a later control added are passed over", () => {
  const made = fresh();
  const value = { ...USER, displayName: "Ada L.", pronouns: "she", nested: { more: 1 } };
  made.control.say(change(7, [sent("user", "u", value)]));
  assert.deepEqual(made.view.user("u"), { ...USER, displayName: "Ada L." });
  assert.equal(made.view.blocked(), undefined);
});

test("a certificate authority is held under the hash of its certificate, and under no other", async () => {
  const { pem, id } = await authority();
  const made = fresh();
  made.control.say(change(7, [{ kind: "authority", key: id, value: { certificate: pem } }]));
  assert.equal(made.view.authorities().get(id)?.certificate, pem);
  made.control.say(change(8, [{ kind: "authority", key: "0".repeat(64), value: { certificate: pem } }]));
  assert.match(String(made.view.blocked()), /its key names/);
});

test("a later change of all that is owed makes it whole again", () => {
  const made = fresh();
  const { view, control } = made;
  control.say(change(7, [sent("user", "u", 1), { kind: "device", key: "d", value: DEVICE }]));
  control.say(change(8, [{ kind: "user", key: "u", value: { ...USER, disabled: true } }]));
  assert.equal(view.user("u")?.disabled, true);
  assert.match(String(view.blocked()), /user u/, "the device is still owed");
  assert.equal(view.number, 6);
  control.say(change(9, [{ kind: "device", key: "d", value: null }]));
  assert.equal(view.blocked(), undefined);
  assert.equal(view.number, 9);
  control.say(beat(made, 9));
  assert.equal(view.ageSeconds(), 0);
  assert.equal(made.notices.filter(({ event }) => event === "view-whole").length, 1);
});

test("a snapshot with something that cannot be read is taken but for that, and is not fresh", () => {
  const made = fresh();
  const { view, control, timers } = made;
  const entities = [...SNAPSHOT, sent("user", "u", { ...USER, disabled: 0 })];
  control.say({ type: "snapshot", epoch: "e1", number: 9, entities });
  assert.equal(view.user("u"), undefined);
  assert.ok(view.session("ses_1"));
  timers.pass(300);
  control.say(beat(made, 9));
  assert.equal(view.ageSeconds(), 0.3);
  assert.equal(view.number, 6);
});

test("a first snapshot that is not whole makes it ready, and never fresh", async () => {
  const made = rig();
  made.control.say({ type: "snapshot", epoch: "e1", number: 1, entities: [sent("user", "u", {})] });
  await made.view.ready;
  made.control.say(beat(made, 1));
  assert.equal(made.view.ageSeconds(), Number.POSITIVE_INFINITY);
  assert.match(String(made.view.blocked()), /user u cannot be taken.*and 1 more/);
});

test("an agent, which is given no policy, is whole without one", () => {
  const made = rig("agent");
  made.control.say({ type: "snapshot", epoch: "e1", number: 1, entities: SNAPSHOT.slice(0, 1) });
  made.control.say(beat(made, 1));
  assert.equal(made.view.ageSeconds(), 0);
});

test("while it is blocked it asks for a snapshot, with a growing pause, and stops once it is whole", () => {
  const made = fresh();
  const { view, control, timers } = made;
  const broken = [...SNAPSHOT, sent("user", "u", 1)];
  control.say(change(7, [sent("user", "u", 1)]));
  const asked: number[] = [];
  for (let second = 0; second < 400; second++) {
    const before = control.wanted.length;
    timers.pass(1_000);
    if (control.wanted.length > before) {
      asked.push(second);
      assert.equal(control.wanted.at(-1)?.after, undefined);
      control.say({ type: "snapshot", epoch: "e1", number: 7, entities: broken });
    }
    control.say(beat(made, 7));
  }
  assert.ok(asked.length >= 8 && asked.length <= 14, String(asked));
  assert.ok((asked[1] ?? 9) < 4 && (asked.at(-1) ?? 0) - (asked.at(-2) ?? 0) >= 55, String(asked));
  assert.ok(view.ageSeconds() > 390);

  control.say(change(8, [{ kind: "user", key: "u", value: USER }]));
  const before = control.wanted.length;
  for (let second = 0; second < 200; second++) {
    timers.pass(1_000);
    control.say(beat(made, 8));
  }
  assert.equal(control.wanted.length, before);
  assert.equal(view.ageSeconds(), 0);
});

const UNKNOWN: StateMessage = {
  type: "change",
  epoch: "e1",
  number: 7,
  entities: [{ kind: "user", key: "u", value: null }],
  unknown: [{ kind: "quarantine", key: "q" }],
};

test("what may not be passed over and is not known blocks, until a snapshot is without it", () => {
  const made = fresh();
  const { view, control } = made;
  control.say(UNKNOWN);
  assert.ok(view.user("u"), "a part of the change was applied");
  assert.match(String(view.blocked()), /quarantine q may not be passed over.*a later one is needed/);
  control.say({ ...UNKNOWN, type: "snapshot", number: 8, entities: SNAPSHOT });
  assert.match(String(view.blocked()), /quarantine q/);
  control.say({ type: "snapshot", epoch: "e1", number: 8, entities: SNAPSHOT });
  assert.equal(view.blocked(), undefined);
});

test("a kind that is not known and may be passed over is passed over", () => {
  const made = fresh();
  made.control.say(change(7, [sent("weather" as EntityKind, "w", { rain: true })]));
  assert.deepEqual([made.view.number, made.view.blocked()], [7, undefined]);
});

test("when somebody who is told of changes fails on one, it is not fresh until they were told everything", () => {
  const made = fresh();
  const { view, control } = made;
  let fails = true;
  const heard: string[] = [];
  view.onChange((changed) => {
    if (fails) throw new Error("out of sockets");
    for (const { kind, key, value } of changed) heard.push(`${kind} ${key} ${value === null ? "-" : "+"}`);
  });
  control.say(change(7, [{ kind: "session", key: "ses_1", value: null }]));
  assert.equal(view.session("ses_1"), undefined);
  assert.match(String(view.blocked()), /out of sockets/);
  control.say(beat(made, 7));
  fails = false;
  control.say(change(8));
  assert.match(String(view.blocked()), /out of sockets/);
  const entities = [...SNAPSHOT.slice(0, 2), { kind: "user", key: "u", value: USER } as const];
  control.say({ type: "snapshot", epoch: "e1", number: 8, entities });
  assert.equal(view.blocked(), undefined);
  assert.ok(heard.includes("user u -") && heard.includes("user u +"), String(heard));
  assert.ok(heard.includes("policy active +"), String(heard));
});

async function authority(): Promise<{ readonly pem: string; readonly id: string }> {
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const made = await X509CertificateGenerator.createSelfSigned({ keys, signingAlgorithm: algorithm });
  const pem = made.toString("pem");
  return { pem, id: sha256Hex(new X509Certificate(pem).raw) };
}
