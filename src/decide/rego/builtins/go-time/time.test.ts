import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Value } from "../../values/index.ts";
import { EVALUATION, outcome, testGolden } from "../golden-of-test.test.ts";
import { TIME } from "../time.ts";

describe("what OPA says", () => testGolden(TIME, new URL("./time.golden.jsonl", import.meta.url)));

test("the time is the evaluation's", () => {
  assert.equal(outcome(TIME, "time.now_ns", []), EVALUATION.now);
});

/** Zones by their abbreviations, which the platform does not have. */
const abbreviations: readonly (readonly [seconds: number, zone: string, shown: string])[] = [
  [0, "Europe/London", "BST +01:00"],
  [100_000_000, "Europe/London", "GMT Z"],
  [-1, "Europe/Paris", "CET +01:00"],
  [1_720_000_000, "Asia/Kathmandu", "+0545 +05:45"],
  [1_720_000_000, "Asia/Jerusalem", "IDT +03:00"],
  [1_720_000_000, "America/St_Johns", "NDT -02:30"],
  [1_700_000_000, "Asia/Manila", "PST +08:00"],
  [-880_000_000, "America/New_York", "EWT -04:00"],
  [-769_000_000, "America/New_York", "EPT -04:00"],
  [-5_000_000_000, "America/New_York", "LMT -04:56"],
  [1_700_000_000, "Local", "UTC Z"],
];

describe("zones", () => {
  for (const [seconds, zone, shown] of abbreviations)
    test(`${zone} at ${seconds}`, () => {
      const operand: Value = [BigInt(seconds) * 1_000_000_000n, zone, "MST Z07:00"];
      assert.equal(outcome(TIME, "time.format", [operand]), shown);
    });
  test("change within an hour that was asked for before", () => {
    const minutes = [1_604_210_340, 1_604_210_400, 1_604_206_800].map((seconds) =>
      outcome(TIME, "time.clock", [[BigInt(seconds) * 1_000_000_000n, "America/New_York"]]),
    );
    assert.deepEqual(minutes, [
      [1, 59, 0],
      [1, 0, 0],
      [1, 0, 0],
    ]);
  });
  for (const zone of [
    "europe/paris",
    "utc",
    "CEST",
    "+01:00",
    "../etc/passwd",
    "/etc/passwd",
    "__proto__",
    "",
  ])
    test(`named ${zone}`, () => {
      const got = outcome(TIME, "time.date", [[0, zone]]);
      assert.deepEqual(got, zone === "" ? [1970, 1, 1] : { failed: "eval_builtin_error" });
    });
});

test("a layout may be as long as anybody likes", () => {
  const layout = "2006-01-02 .000".repeat(5_000);
  const text = outcome(TIME, "time.format", [[0, "UTC", layout]]);
  assert.ok(typeof text === "string");
  assert.deepEqual(outcome(TIME, "time.parse_ns", [layout, text]), 0);
});
