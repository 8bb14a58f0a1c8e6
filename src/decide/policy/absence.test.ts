/** The property that carries the design: replacing any fact by absent never turns a deny into an allow. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ADA, setOf } from "./cases/inputs.ts";
import { compileSet } from "./compile-set.ts";
import { decide } from "./decide.ts";
import { demoFiles } from "./demo.ts";
import { checkInput } from "./facts/check-input.ts";
import { CLASSIFICATIONS, type Input, type PolicySet } from "./types.ts";

/** A small repeatable generator (xorshift32). */
function randomness(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

const CONDITIONS = [
  'user.role == "engineer"',
  'user.role != "engineer"',
  'subject.role IN ("engineer", "sre")',
  'user.role NOT IN ("sre")',
  "user.mfa_verified",
  "user.mfa_verified == false",
  "user.mfa_age_hours < 4",
  "user.mfa_age_hours >= 4",
  "user.mfa_age_hours BETWEEN 1 AND 3",
  "user.mfa_age_hours NOT BETWEEN 1 AND 3",
  'user.groups CONTAINS "ops"',
  'user.groups NOT CONTAINS "guests"',
  "device.managed",
  'device.posture == "compliant"',
  "device.compliance_score > 80",
  "device.disk_encrypted != true",
  'resource.classification <= "internal"',
  'resource.classification > "internal"',
  'resource.env == "staging"',
  "resource.labels.owner == user.name",
  'action == "read"',
  'request.path STARTS WITH "/plans"',
  'request.user_agent MATCHES "t.*t"',
  'request.source_ip NOT MATCHES "10\\\\..*"',
  "user.approval_expiry_ns > time.now_ns",
  "time.hour BETWEEN 08 AND 22",
  "time.hour BETWEEN 22 AND 06",
  'time.weekday == "monday"',
  'time.date < "2027-01-01"',
  "tls.verified",
  "context.view_age_seconds <= 10",
  "user.email ENDS WITH resource.labels.domain",
];

function randomExpression(random: (below: number) => number, depth: number): string {
  const kind = depth === 0 ? 0 : random(5);
  const part = (): string => randomExpression(random, depth - 1);
  if (kind === 1) return `(${part()} AND ${part()})`;
  if (kind === 2) return `(${part()} OR ${part()})`;
  if (kind === 3) return `NOT ${part()}`;
  return CONDITIONS[random(CONDITIONS.length)] ?? "";
}

function randomInput(random: (below: number) => number): Input {
  const { user, subject, device, resource } = ADA;
  assert.ok(user && subject && device);
  const role = ["engineer", "sre", "guest"][random(3)] ?? "";
  return {
    ...ADA,
    user: {
      ...user,
      role,
      mfa_verified: random(2) === 0,
      mfa_age_hours: random(8),
      groups: random(2) === 0 ? ["ops"] : ["guests"],
    },
    subject: { ...subject, role },
    device: {
      ...device,
      managed: random(2) === 0,
      posture: random(2) === 0 ? "compliant" : "stolen",
      compliance_score: random(101),
      disk_encrypted: random(2) === 0,
    },
    action: random(2) === 0 ? "read" : "write",
    resource: {
      ...resource,
      classification: CLASSIFICATIONS[random(4)] ?? "restricted",
      env: random(2) === 0 ? "staging" : "production",
    },
    time: { now_ns: ADA.time.now_ns + BigInt(random(24)) * 3_600_000_000_000n },
  };
}

/** The input without one fact or one group of facts, in every way. */
function* without(input: Input): Generator<readonly [string, Input]> {
  for (const [group, members] of Object.entries(input)) {
    yield [group, leave(input, group)];
    if (typeof members !== "object" || Array.isArray(members)) continue;
    for (const member of Object.keys(members)) {
      yield [`${group}.${member}`, { ...input, [group]: leave(members, member) }];
      if (member !== "labels") continue;
      for (const label of Object.keys(input.resource.labels ?? {}))
        yield [
          `label ${label}`,
          { ...input, resource: { ...input.resource, labels: leave(input.resource.labels ?? {}, label) } },
        ];
    }
  }
}

function leave<T extends object>(value: T, name: string): T {
  return Object.fromEntries(Object.entries(value).filter(([member]) => member !== name)) as T;
}

function holdProperty(set: PolicySet, input: Input, rules: string): number {
  if (decide(input, set, "dec").effect === "allow") return 0;
  let tried = 0;
  for (const [what, less] of without(input)) {
    tried++;
    assert.equal(decide(less, set, "dec").effect, "deny", `without ${what}, this allows: ${rules}`);
  }
  return tried;
}

describe("taking a fact away", () => {
  test("opens nothing in 600 random sets, at random inputs", () => {
    const random = randomness(20_261_123);
    let tried = 0;
    for (let round = 0; round < 600; round++) {
      const rules = Array.from(
        { length: 1 + random(4) },
        () => `${random(3) === 0 ? "DENY" : "ALLOW"} IF ${randomExpression(random, 3)}`,
      ).join("\n");
      const set = setOf(rules);
      assert.ok(!set.warnings.some((warning) => warning.code === "rule.allows_on_absence"));
      for (let i = 0; i < 6; i++) tried += holdProperty(set, randomInput(random), rules);
    }
    assert.ok(tried > 50_000, `only ${tried} tried`);
  });

  test("opens nothing in the first set of an instance", () => {
    const random = randomness(7);
    const set = compileSet(demoFiles("Europe/Berlin"));
    for (let i = 0; i < 200; i++) holdProperty(set, randomInput(random), "demo");
  });

  test("is warned of where a rule asks for it, since there it can", () => {
    const guarded = setOf(
      'ALLOW IF type == "user"\nDENY IF device.posture IS KNOWN AND device.posture == "stolen"',
    );
    const stolen = { ...ADA, device: { posture: "stolen" } };
    assert.equal(decide(stolen, guarded, "dec").effect, "deny");
    assert.equal(decide({ ...ADA, device: {} }, guarded, "dec").effect, "allow");
    assert.deepEqual(
      guarded.warnings.map((warning) => warning.code),
      ["rule.allows_on_absence"],
    );
  });

  test("by null or a wrong type is refused by checkInput, and denies", () => {
    for (const [group, members] of Object.entries(ADA)) {
      for (const wrong of [null, Symbol("x")]) {
        assert.throws(() => checkInput({ ...ADA, [group]: wrong }), { code: "input.invalid" }, group);
        if (typeof members !== "object") continue;
        for (const member of Object.keys(members))
          assert.throws(
            () => checkInput({ ...ADA, [group]: { ...members, [member]: wrong } }),
            { code: "input.invalid" },
            `${group}.${member}`,
          );
      }
    }
  });
});
