import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { DEFAULT_SOURCE } from "./builtin.ts";
import { ADA, setOf } from "./cases/inputs.ts";
import { compileSet } from "./compile-set.ts";
import { decide } from "./decide.ts";
import { demoFiles } from "./demo.ts";
import { locksOut } from "./locks-out.ts";
import type { Input } from "./types.ts";

const POSTERN = { name: "postern", kind: "postern", classification: "restricted" } as const;
const EMPTY = compileSet([]);

function administrator(changes: Partial<NonNullable<Input["user"]>> = {}): Input {
  return {
    type: "user",
    user: {
      id: "usr_1",
      name: "root",
      role: "administrator",
      mfa_verified: true,
      mfa_age_hours: 1,
      ...changes,
    },
    subject: { type: "user", id: "usr_1", role: "administrator" },
    action: "policy.apply",
    resource: POSTERN,
    time: { now_ns: 0n },
  };
}
const OWNER: Input = {
  type: "user",
  user: { id: "owner", name: "owner", role: "owner" },
  subject: { type: "user", id: "owner", role: "owner" },
  action: "policy.apply",
  resource: POSTERN,
  time: { now_ns: 0n },
};

describe("the built-in rules", () => {
  test("administrators administer, with a passkey verified in the last 12 hours", () => {
    for (const action of ["policy.apply", "user.invite", "read", "write", "connect"])
      assert.equal(decide({ ...administrator(), action }, EMPTY, "dec").effect, "allow", action);
    assert.equal(decide(administrator({ mfa_age_hours: 12 }), EMPTY, "dec").effect, "allow");
    const late = decide(administrator({ mfa_age_hours: 12.01 }), EMPTY, "dec");
    assert.equal(late.effect, "deny");
    assert.deepEqual(
      late.failed?.map(({ plain, actual }) => [plain, actual]),
      [["You verified with a passkey in the last 12 hours", "12 hours 1 minute"]],
    );
    assert.equal(decide(administrator({ mfa_verified: false }), EMPTY, "dec").effect, "deny");
  });

  test("the owner administers", () => assert.equal(decide(OWNER, EMPTY, "dec").effect, "allow"));

  test("nobody passes for either by another fact", () => {
    const { user, subject } = administrator();
    assert.ok(user && subject);
    const pretenders: readonly Input[] = [
      { ...administrator(), user: { ...user, role: "engineer" } },
      { ...administrator(), subject: { ...subject, role: "engineer" } },
      { ...administrator(), type: "service", service: { name: "administrator", identity: "administrator" } },
      { ...administrator(), subject: { ...subject, type: "service" } },
      { ...administrator(), user: { ...user, role: "Administrator" } },
      {
        ...administrator(),
        user: {
          id: "usr_1",
          name: "administrator",
          groups: ["administrator"],
          mfa_verified: true,
          mfa_age_hours: 0,
        },
        subject: { type: "user", id: "usr_1", groups: ["administrator"] },
      },
      { ...OWNER, user: { id: "usr_1", name: "owner", role: "owner" } },
      { ...OWNER, subject: { type: "user", id: "usr_1", role: "owner" } },
      { ...OWNER, user: { id: "owner", name: "owner", role: "engineer" } },
    ];
    for (const input of pretenders)
      assert.equal(decide(input, EMPTY, "dec").effect, "deny", JSON.stringify(input.user));
  });

  test("they open no application", () => {
    const application = { ...POSTERN, kind: "application" } as const;
    assert.equal(decide({ ...administrator(), resource: application }, EMPTY, "dec").effect, "deny");
    assert.equal(decide({ ...OWNER, resource: application }, EMPTY, "dec").effect, "deny");
  });

  test("the default's place says so", () => {
    const [path, line] = DEFAULT_SOURCE.split(":");
    assert.equal(path, "postern/builtin.rules");
    assert.equal(line, "1");
  });
});

describe("rules that allow speak of applications", () => {
  const atPostern: Input = { ...ADA, resource: POSTERN, action: "policy.apply" };
  for (const rule of [
    "ALLOW IF user.mfa_verified",
    "ALLOW IF true",
    'ALLOW IF action == "policy.apply"',
    'ALLOW IF resource.name == "postern"',
    'ALLOW IF resource.kind == "application" OR user.mfa_verified',
    "ALLOW IF resource.kind IS KNOWN",
    "ALLOW IF resource.kind == resource.labels.x OR user.mfa_verified",
  ]) {
    test(`${rule} does not open administration`, () =>
      assert.equal(decide(atPostern, setOf(rule), "dec").effect, "deny"));
  }

  test("unless they name it, which is warned of", () => {
    for (const rule of [
      'ALLOW IF resource.kind == "postern" AND user.role == "engineer"',
      'ALLOW IF resource.kind IN ("application", "postern")',
      'ALLOW IF NOT resource.kind == "application"',
    ]) {
      const set = setOf(rule);
      assert.equal(decide(atPostern, set, "dec").effect, "allow", rule);
      assert.ok(
        set.warnings.some((warning) => warning.code === "rule.opens_administration"),
        rule,
      );
    }
  });

  test("rules that deny speak of everything", () => {
    assert.equal(decide(administrator(), setOf('DENY IF user.name == "root"'), "dec").effect, "deny");
  });
});

describe("locksOut", () => {
  test("finds nothing in the first set of an instance", () => {
    assert.equal(locksOut(compileSet(demoFiles("Europe/Berlin"))), undefined);
    assert.equal(locksOut(EMPTY), undefined);
  });

  test("says which rule locks out whom, and what to do", () => {
    const why = locksOut(setOf('DENY IF type == "user"'));
    assert.match(
      why ?? "",
      /^an administrator with a fresh passkey could no longer change the policy: .*a\.rules:1.*resource\.kind == "application"/,
    );
  });

  for (const [name, rule] of [
    ["device facts that nobody has", 'DENY IF device.posture == "stolen"'],
    ["some hours of the day", "DENY IF time.hour NOT BETWEEN 08 AND 22"],
    ["a day far off", 'DENY IF time.date > "2030-01-01"'],
    ["the console alone", 'DENY IF resource.name == "console"'],
    ["opening alone", 'DENY IF action == "connect"'],
    ["the owner", 'DENY IF user.role == "owner"'],
    ["the policy alone", 'DENY IF action STARTS WITH "policy."'],
  ] as const) {
    test(`finds a lock-out by ${name}`, () => assert.notEqual(locksOut(setOf(rule)), undefined));
  }

  test("lets denials pass that speak of applications, or of somebody", () => {
    for (const rule of [
      'DENY IF resource.kind == "application" AND device.posture == "stolen"',
      'DENY IF user.name == "mallory"',
      'DENY IF resource.classification == "public"',
    ])
      assert.equal(locksOut(setOf(rule)), undefined, rule);
  });
});
