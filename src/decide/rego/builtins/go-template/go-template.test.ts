import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { BuiltinError, EvaluationError } from "../../errors.ts";
import { isObject, member, parseValue, type Value } from "../../values/index.ts";
import { EVALUATION } from "../golden-of-test.test.ts";
import { TEMPLATE } from "../template.ts";

function render(template: string, data: Value, charge: (steps: number) => void = () => undefined): string {
  try {
    const text = TEMPLATE["strings.render_template"]?.({ ...EVALUATION, charge }, template, data);
    return typeof text === "string" ? text : "no text";
  } catch (error) {
    if (error instanceof BuiltinError) return error.message;
    throw error;
  }
}

/** Its first line is the data, each other a template and what OPA 1.22.2 said: a text, or an error. */
const [first = "", ...lines] = readFileSync(new URL("./go-template.golden.jsonl", import.meta.url), "utf8")
  .split("\n")
  .filter((line) => line !== "");

describe("what OPA says", () => {
  const shared = parseValue(first);
  const data = isObject(shared) ? (member(shared, "data") ?? null) : null;
  for (const line of lines) {
    const { template, text, error } = JSON.parse(line) as Record<string, string>;
    test(template, () => assert.equal(render(template ?? "", data), error ?? text));
  }
});

test("numbers keep their spelling", () => {
  assert.equal(
    render("{{.a}} {{.b}}", parseValue('{"a":1.50,"b":12345678901234567890123}')),
    "1.50 12345678901234567890123",
  );
});

test("members of any name are members, and nothing else is", () => {
  assert.equal(render("{{.constructor}}{{.__proto__}}", {}), "<undefined><undefined>");
  assert.equal(render("{{.constructor}}{{.__proto__}}", parseValue('{"__proto__":1,"constructor":2}')), "21");
});

test("turns of a range are paid for", () => {
  let left = 100_000;
  const charge = (steps: number): void => {
    left -= steps;
    if (left < 0) throw new EvaluationError("eval_cancel_error", "out of steps");
  };
  assert.throws(() => render("{{range 1000000000}}x{{end}}", {}, charge), EvaluationError);
  left = 100_000;
  assert.throws(() => render("{{range 100000}}{{range 100000}}{{end}}{{end}}", {}, charge), EvaluationError);
});

test("templates that call themselves end as deep recursion does", () => {
  assert.throws(() => render('{{define "t"}}{{template "t"}}{{end}}{{template "t"}}', {}), RangeError);
});
