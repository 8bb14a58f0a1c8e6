import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ADA, decideBy, setOf } from "./cases/inputs.ts";
import { decide } from "./decide.ts";
import { explain } from "./explain.ts";
import type { Input } from "./types.ts";

const ALLOW_ALL = 'ALLOW IF type == "user"\n';
const { device: _device, ...NO_DEVICE } = ADA;

describe("the three rules of combining", () => {
  test("nothing matched is a deny, with the place where that is said", () => {
    const decision = decideBy('ALLOW IF resource.name == "other"');
    assert.equal(decision.effect, "deny");
    assert.deepEqual(decision.reasons, [
      { rule: "default", source: "postern/builtin.rules:1", message: "No rule allows this" },
    ]);
    assert.deepEqual(decision.failed, []);
    assert.deepEqual(decision.rules, []);
  });

  test("one allow is enough, and all that allow are named", () => {
    const decision = decideBy(
      '# name: a\nALLOW IF device.managed\nALLOW IF user.role == "sre"\n# reason: Engineers may\nALLOW IF user.role == "engineer"',
    );
    assert.equal(decision.effect, "allow");
    assert.deepEqual(decision.rules, [
      { rule: "a", source: "a.rules:2" },
      { rule: "a.rules:5", source: "a.rules:5" },
    ]);
    assert.deepEqual(
      decision.reasons.map((reason) => reason.message),
      ['The rule "a" allows this', "Engineers may"],
    );
    assert.equal(decision.failed, undefined);
  });

  test("deny wins, wherever it stands", () => {
    for (const rules of [`${ALLOW_ALL}DENY IF device.managed`, `DENY IF device.managed\n${ALLOW_ALL}`]) {
      const decision = decideBy(rules);
      assert.equal(decision.effect, "deny");
      assert.equal(decision.reasons[0]?.message, "A rule denies this: your device is managed by the company");
    }
  });

  test("a rule that denies says its own reason when it has one", () => {
    const decision = decideBy(
      `${ALLOW_ALL}# reason: The ops group is away today\nDENY IF user.groups CONTAINS "ops"`,
    );
    assert.equal(decision.reasons[0]?.message, "The ops group is away today");
  });

  test("an error is a deny, also beside an allow", () => {
    const wrong = { ...ADA, user: { ...ADA.user, role: null } } as object as Input;
    const decision = decideBy(`${ALLOW_ALL}# name: roles\nALLOW IF user.role == "engineer"`, wrong);
    assert.equal(decision.effect, "deny");
    assert.equal(decision.reasons[0]?.rule, "roles");
    assert.match(decision.reasons[0]?.message ?? "", /could not be evaluated.*user\.role/);
  });

  test("decide never throws, whatever it is handed", () => {
    const set = setOf(ALLOW_ALL);
    for (const input of [
      {},
      [],
      { resource: null, time: null },
      new Map(),
      new Proxy({}, { get: () => assert.fail() }),
    ]) {
      assert.equal(decide(input as object as Input, set, "dec_x").effect, "deny");
    }
    assert.equal(decide(ADA, { ...set }, "dec_x").effect, "deny", "a set that compileSet did not make");
    const none: object = {};
    assert.equal(decide(ADA, none as typeof set, "dec_x").effect, "deny");
  });
});

describe("three values (Kleene)", () => {
  // u reads an absent fact, t holds, f does not
  const words = { t: 'user.role == "engineer"', f: 'user.role == "x"', u: "device.managed" } as const;
  const tables: readonly (readonly [string, string])[] = [
    ["t AND t", "t"],
    ["t AND f", "f"],
    ["t AND u", "u"],
    ["f AND u", "f"],
    ["u AND u", "u"],
    ["f AND f", "f"],
    ["t OR t", "t"],
    ["t OR f", "t"],
    ["t OR u", "t"],
    ["f OR u", "u"],
    ["u OR u", "u"],
    ["f OR f", "f"],
    ["NOT t", "f"],
    ["NOT f", "t"],
    ["NOT u", "u"],
    ["NOT (t AND u)", "u"],
    ["NOT (f AND u)", "t"],
    ["NOT (t OR u)", "f"],
    ["NOT (f OR u)", "u"],
  ];
  for (const [formula, value] of tables) {
    test(`${formula} is ${value}`, () => {
      const condition = formula.replace(/\b[tfu]\b/g, (word) => words[word as "t" | "f" | "u"]);
      const allowed = decideBy(`ALLOW IF ${condition}`, NO_DEVICE).effect === "allow";
      const denied = decideBy(`${ALLOW_ALL}DENY IF ${condition}`, NO_DEVICE).effect === "deny";
      assert.equal(allowed, value === "t", "ALLOW fires only when true");
      assert.equal(denied, value !== "f", "DENY fires unless false");
    });
  }

  test("a denial that cannot be ruled out says what is not known", () => {
    const decision = decideBy(`${ALLOW_ALL}DENY IF device.posture == "stolen"`, NO_DEVICE);
    assert.equal(
      decision.reasons[0]?.message,
      "A rule that denies applies — this could not be ruled out: your device's posture is not known",
    );
    assert.deepEqual(decision.failed, [
      {
        fact: "device.posture",
        plain: "Your device's posture is not stolen",
        actual: "not known",
        source: "a.rules:2",
      },
    ]);
  });

  test("a denial about another resource is ruled out by the resource", () => {
    const rules = `${ALLOW_ALL}DENY IF resource.classification == "restricted" AND NOT device.managed`;
    assert.equal(decideBy(rules, NO_DEVICE).effect, "allow");
  });

  test("IS KNOWN is never unknown", () => {
    assert.equal(decideBy("ALLOW IF device.managed IS KNOWN").effect, "allow");
    assert.equal(decideBy("ALLOW IF device.managed IS KNOWN", NO_DEVICE).effect, "deny");
    assert.equal(decideBy(`${ALLOW_ALL}DENY IF device.managed IS NOT KNOWN`, NO_DEVICE).effect, "deny");
    assert.equal(decideBy(`${ALLOW_ALL}DENY IF device.managed IS NOT KNOWN`).effect, "allow");
  });
});

describe("what each operator means", () => {
  const holds: readonly string[] = [
    "user.mfa_age_hours < 1.6",
    "user.mfa_age_hours <= 1.5",
    "user.mfa_age_hours > 1.4",
    "user.mfa_age_hours >= 1.5",
    "user.mfa_age_hours == 1.5",
    "user.mfa_age_hours != 1",
    "user.mfa_age_hours BETWEEN 1.5 AND 1.5",
    "user.mfa_age_hours NOT BETWEEN 2 AND 3",
    "user.mfa_age_hours IN (1, 1.5)",
    'user.groups CONTAINS "ops"',
    'user.groups NOT CONTAINS "op"',
    'user.email CONTAINS "@example"',
    'user.email ENDS WITH ".org"',
    'user.email NOT STARTS WITH "bob"',
    'user.email MATCHES "[a-z]+@example\\\\.org"',
    'user.email NOT MATCHES "[a-z]+"',
    'user.role IN ("x", "engineer")',
    'user.role NOT IN ("x")',
    'resource.classification < "confidential"',
    'resource.classification >= "internal"',
    'resource.classification BETWEEN "public" AND "internal"',
    'resource.classification != "public"',
    "user.approval_expiry_ns > time.now_ns",
    "NOT user.approval_expiry_ns <= time.now_ns",
    "user.approval_expiry_ns == 1795413000000000001",
    "time.now_ns < 1795413000000000001",
    "user.name == resource.labels.owner",
    "user.groups CONTAINS resource.labels.team",
    'resource.labels["owner"] == "ada"',
    "device.managed",
    "tls.verified == false",
    "NOT tls.verified",
    "device.compliance_score BETWEEN resource.sensitivity_score AND 100",
    'time.date == "2026-11-23"',
    'time.date < "2026-11-24"',
    'time.weekday == "monday"',
    "time.hour == 5",
  ];
  for (const condition of holds) {
    test(condition, () => {
      assert.equal(decideBy(`ALLOW IF ${condition}`).effect, "allow");
      assert.equal(decideBy(`ALLOW IF NOT (${condition})`).effect, "deny");
      assert.equal(decideBy(`${ALLOW_ALL}DENY IF ${condition}`).effect, "deny");
      assert.equal(decideBy(`${ALLOW_ALL}DENY IF NOT (${condition})`).effect, "allow");
    });
  }

  test("nanoseconds compare exactly as number or bigint", () => {
    const at = (approval_expiry_ns: number | bigint): Input => ({
      ...ADA,
      user: { id: "usr_ada", name: "ada", approval_expiry_ns },
    });
    assert.equal(decideBy("ALLOW IF user.approval_expiry_ns == 5", at(5)).effect, "allow");
    assert.equal(decideBy("ALLOW IF user.approval_expiry_ns IN (5)", at(5n)).effect, "allow");
    assert.equal(
      decideBy("ALLOW IF user.approval_expiry_ns > time.now_ns", at(ADA.time.now_ns)).effect,
      "deny",
    );
    assert.equal(
      decideBy("ALLOW IF user.approval_expiry_ns >= 0", at(2 ** 60)).effect,
      "deny",
      "an inexact number is an error",
    );
  });

  test("labels are read as the application's own, never JavaScript's", () => {
    for (const label of ["constructor", "toString", "hasOwnProperty"]) {
      assert.equal(decideBy(`ALLOW IF resource.labels.${label} IS KNOWN`).effect, "deny", label);
    }
    const input = { ...ADA, resource: { ...ADA.resource, labels: { constructor: "x" } } };
    assert.equal(decideBy('ALLOW IF resource.labels.constructor == "x"', input).effect, "allow");
  });

  test("patterns match the whole text and take linear time", () => {
    const hostile = { ...ADA, request: { path: `${"a".repeat(50_000)}!` } };
    const set = setOf('ALLOW IF request.path MATCHES "(a+)+b?(a|aa)*"');
    const before = performance.now();
    assert.equal(decide(hostile, set, "dec").effect, "deny");
    assert.ok(performance.now() - before < 2_000);
    assert.equal(
      decideBy('ALLOW IF request.path MATCHES "/plans.*"', { ...ADA, request: { path: "/plans\n/x" } })
        .effect,
      "allow",
    );
    assert.equal(decideBy('ALLOW IF request.path MATCHES "plans"').effect, "deny");
  });
});

describe("what was missing", () => {
  const RULES = `
ALLOW IF resource.name == "payroll" AND user.role == "hr"
# name: restricted
ALLOW IF resource.classification == "restricted" AND user.mfa_age_hours < 1 AND device.managed AND device.compliance_score > 80
ALLOW IF resource.classification == "restricted" AND user.role IN ("cfo", "auditor") AND user.mfa_age_hours < 1 AND device.managed AND device.compliance_score > 80 AND user.groups CONTAINS "board"
ALLOW IF type == "service" AND service.identity == "spiffe://x"`;
  const vault = { ...ADA.resource, name: "vault", classification: "restricted" } as const;

  test("is said by the nearest rule that speaks of this resource, in plain words", () => {
    const decision = decideBy(RULES, { ...NO_DEVICE, resource: vault });
    assert.deepEqual(
      decision.failed?.map(({ fact, plain, actual, source }) => [fact, plain, actual, source]),
      [
        [
          "user.mfa_age_hours",
          "You verified with a passkey in the last 1 hour",
          "1 hour 30 minutes",
          "a.rules:4",
        ],
        ["device.managed", "Your device is managed by the company", "not known", "a.rules:4"],
        ["device.compliance_score", "Your device's compliance score is above 80", "not known", "a.rules:4"],
      ],
    );
    assert.deepEqual(decision.reasons[1], {
      rule: "restricted",
      source: "a.rules:4",
      message: "Your device is managed by the company — not known",
    });
  });

  test("never tells another resource's conditions, nor rule text", () => {
    const text = JSON.stringify(decideBy(RULES, { ...NO_DEVICE, resource: vault }));
    assert.doesNotMatch(text, /hr|spiffe|ALLOW|payroll|mfa_age_hours </);
  });

  test("takes the nearer of two alternatives, and says each thing once", () => {
    const decision = decideBy(
      'ALLOW IF (user.role == "a" AND user.name == "b") OR (user.mfa_verified AND subject.role == "c") OR user.role == "c" AND subject.role == "c"',
    );
    assert.deepEqual(
      decision.failed?.map(({ plain, actual }) => `${plain}: ${actual}`),
      ["Your role is c: engineer"],
    );
  });

  test("names the fact that is not known of two that are compared", () => {
    const decision = decideBy("ALLOW IF user.name == user.email AND user.mfa_verified", {
      ...ADA,
      user: { id: "usr_ada", name: "ada", mfa_verified: true },
    });
    assert.deepEqual(
      decision.failed?.map(({ fact, plain, actual }) => [fact, plain, actual]),
      [["user.email", "Your name is your e-mail address", "not known"]],
    );
  });

  test("hours are told with the time zone", () => {
    const decision = decideBy("ALLOW IF time.hour BETWEEN 08 AND 22");
    assert.equal(decision.reasons[0]?.message, "The time is between 08:00 and 22:59 (UTC) — 05:00 to 05:59");
  });
});

describe("explain", () => {
  test("shows every condition as written, its result and the facts", () => {
    const { decision, trace } = explain(
      NO_DEVICE,
      setOf(`${ALLOW_ALL}DENY IF NOT device.managed AND user.role\n  IN ("engineer")`),
      "dec_e",
    );
    assert.equal(decision.effect, "deny");
    const deny = trace.find((rule) => rule.effect === "deny");
    assert.equal(deny?.fired, true);
    assert.equal(deny?.text, 'DENY IF NOT device.managed AND user.role\n  IN ("engineer")');
    assert.deepEqual(deny?.steps, [
      {
        source: "a.rules:2",
        text: "device.managed",
        result: "undefined",
        facts: [{ fact: "device.managed", value: "absent" }],
      },
      {
        source: "a.rules:2",
        text: 'user.role IN ("engineer")',
        result: "true",
        facts: [{ fact: "user.role", value: '"engineer"' }],
      },
    ]);
    const allow = trace.find((rule) => rule.source === "a.rules:1");
    assert.deepEqual(
      allow?.steps.map(({ text, result }) => [text, result]),
      [
        ['resource.kind == "application"', "true"],
        ['type == "user"', "true"],
      ],
    );
  });

  test("shows an error as one", () => {
    const wrong = { ...ADA, user: { ...ADA.user, role: 4 } } as object as Input;
    const { decision, trace } = explain(wrong, setOf('ALLOW IF user.role == "x"'), "dec_e");
    assert.equal(decision.effect, "deny");
    assert.equal(trace.at(-1)?.steps[1]?.result, "error");
    assert.equal(trace.at(-1)?.fired, false);
  });
});
