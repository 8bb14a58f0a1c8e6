/** The built-ins for numbers, texts, collections and documents, against what OPA 1.22.2 says; and what stops them. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { BuiltinError, EvaluationError } from "../errors.ts";
import { compile } from "../policy.ts";
import { stringify, type Value } from "../values/index.ts";
import { termText } from "./go-text.ts";
import { EVALUATION } from "./golden-of-test.test.ts";
import { IMPLEMENTATIONS } from "./table.ts";

interface Golden {
  readonly call: string;
  /** An array, in Rego. */
  readonly operands: string;
  /** As OPA prints a term; absent where the call is undefined or failed. */
  readonly result?: string;
  readonly error?: string;
}

const policy = compile({});

function operandsOf(text: string): readonly Value[] {
  return policy.evaluate(text)[0]?.expressions[0] as readonly Value[];
}

function outcome(call: string, operands: readonly Value[]): Omit<Golden, "call" | "operands"> {
  try {
    const result = IMPLEMENTATIONS.get(call)?.(EVALUATION, ...operands);
    return result === undefined ? {} : { result: termText(result) };
  } catch (error) {
    if (error instanceof BuiltinError || error instanceof EvaluationError)
      return { error: `${error.code}: ${error.message}` };
    throw error;
  }
}

for (const group of ["collections", "documents", "encoding", "numbers", "sprintf", "strings"])
  describe(group, () => {
    const text = readFileSync(new URL(`./${group}.golden.jsonl`, import.meta.url), "utf8");
    for (const line of text.split("\n").filter((row) => row !== "")) {
      const { call, operands, ...expected } = JSON.parse(line) as Golden;
      test(`${call} ${operands}`, () => assert.deepEqual(outcome(call, operandsOf(operands)), expected));
    }
  });

const COMPLETE = Object.fromEntries(
  Array.from({ length: 14 }, (_, node) => [String(node), Array.from({ length: 14 }, (_, to) => String(to))]),
);

/** Calls that would take or make too much; each ends within its budget, which is a million steps. */
const ENDLESS: readonly (readonly [name: string, query: string, input: Value])[] = [
  ["a range", "numbers.range(0, 1000000000000)", null],
  ["a range of huge numbers", "numbers.range(1e30, 2e30)", null],
  ["a range with a step", "numbers.range_step(0, 1e300, 3)", null],
  ["replacements", 'replace(input, "a", input)', "a".repeat(100_000)],
  ["replacements of nothing", 'replace(input, "", input)', "é".repeat(50_000)],
  ["replacements by pairs", 'strings.replace_n({"a": input}, input)', "a".repeat(100_000)],
  ["separators", "concat(input.by, input.of)", { by: "x".repeat(100_000), of: Array(10_000).fill("") }],
  ["widths", "sprintf(input, numbers.range(1, 1000))", "%1000000d".repeat(1_000)],
  ["paths", 'graph.reachable_paths(input, ["0"])', COMPLETE],
  [
    "comparisons",
    "object.subset(input[0], input[1])",
    [Array(20_000).fill(1), [...Array(10_000).fill(1), 2]],
  ],
];
for (const [name, query, input] of ENDLESS)
  test(`${name} without end are stopped by the budget`, () => {
    assert.throws(
      () => policy.evaluate(query, input, { steps: 1_000_000 }),
      (error) => error instanceof EvaluationError && error.code === "eval_cancel_error",
    );
  });

test("a path may be as long as the graph is large", () => {
  const chain = Object.fromEntries(
    Array.from({ length: 20_000 }, (_, node) => [String(node), [String(node + 1)]]),
  );
  const [found] = policy.evaluate(
    'count([path | some path in graph.reachable_paths(input, ["0"])][0])',
    chain,
  );
  assert.deepEqual(found?.expressions, [20_000]);
});

test("white space without end is trimmed in a moment", () => {
  const text = `a${" ".repeat(200_000)}b`;
  assert.deepEqual(policy.evaluate("trim_space(input)", text)[0]?.expressions, [text]);
});

test("bytes that are no UTF-8 go through the built-ins and come out as U+FFFD", () => {
  const value = (query: string): string => stringify(policy.evaluate(query)[0]?.expressions[0] ?? null);
  assert.equal(value('base64.encode(hex.decode("ff00e282ac80"))'), '"/wDigqyA"');
  assert.equal(value('hex.decode("ff41")'), '"\ufffdA"');
  assert.equal(value('hex.decode("ff") == hex.decode("fe")'), "false");
  assert.equal(value('concat("", [hex.decode("e282"), hex.decode("ac")])'), '"€"');
});
