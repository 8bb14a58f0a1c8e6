import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { EVALUATION, outcome, testGolden } from "../golden-of-test.test.ts";
import { GRAPHQL } from "../graphql.ts";

describe("what OPA says", () => testGolden(GRAPHQL, new URL("./graphql.golden.jsonl", import.meta.url)));

test("each field that is held against the others is paid for", () => {
  let steps = 0;
  const evaluation = {
    ...EVALUATION,
    charge: (more: number) => {
      steps += more;
    },
  };
  const query = `{${"a ".repeat(500)}}`;
  assert.equal(outcome(GRAPHQL, "graphql.is_valid", [query, "type Query{a:Int}"], evaluation), true);
  assert.ok(steps > 3_000);
});

test("names of prototypes are ordinary names", () => {
  const schema = "type Query{__proto__:Int}";
  assert.equal(outcome(GRAPHQL, "graphql.schema_is_valid", [schema]), false);
  assert.equal(outcome(GRAPHQL, "graphql.is_valid", ["{constructor}", "type Query{a:Int}"]), false);
  assert.equal(outcome(GRAPHQL, "graphql.is_valid", ["{constructor}", "type Query{constructor:Int}"]), true);
});
