import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { regoSuite } from "./suite.ts";

const folder = mkdtempSync(join(tmpdir(), "postern-rego-cases-"));
after(() => rmSync(folder, { recursive: true }));

/** What comes of one case, given as the text of a file of cases. */
function findingsOf(text: string, syntax = "v1"): readonly string[] {
  const root = mkdtempSync(join(folder, "root-"));
  mkdirSync(join(root, syntax, "some"), { recursive: true });
  writeFileSync(join(root, syntax, "some", "test.json"), `{"cases": [${text}]}`);
  const [only, ...more] = regoSuite(root);
  assert.equal(more.length, 0);
  assert.equal(only?.category, `${syntax}/some`);
  return only?.findings ?? ["no case"];
}

const P = (body: string): string => `"modules": [${JSON.stringify(`package t\n\n${body}\n`)}]`;

describe("a case passes", () => {
  for (const [what, text] of [
    ["with its result", `{${P("p := 1")}, "query": "data.t.p = x", "want_result": [{"x": 1}]}`],
    ["with an equal number", `{${P("p := 1.0")}, "query": "data.t.p = x", "want_result": [{"x": 1}]}`],
    [
      "with a number beyond doubles",
      `{${P("p := input")}, "input": 12345678901234567890123, "query": "data.t.p = x", "want_result": [{"x": 12345678901234567890123}]}`,
    ],
    [
      "with results in any order",
      `{${P("p := 1")}, "query": "x = [2, 1][_]", "want_result": [{"x": 1}, {"x": 2}]}`,
    ],
    [
      "with a set as a sorted list",
      `{${P("p contains x if some x in [3, 1]")}, "query": "data.t.p = x", "want_result": [{"x": [1, 3]}]}`,
    ],
    [
      "with arrays sorted where it says so",
      `{${P("p := [3, 1]")}, "query": "data.t.p = x", "sort_bindings": true, "want_result": [{"x": [1, 3]}]}`,
    ],
    ["undefined", `{${P("p if false")}, "query": "data.t.p = x", "want_result": []}`],
    [
      "with an input that is Rego",
      `{${P("p if input == {1, 2}")}, "input_term": "{2, 1}", "query": "data.t.p = x", "want_result": [{"x": true}]}`,
    ],
    ["defined", `{${P("p := 1")}, "query": "data.t.p = x", "want_defined": true}`],
    [
      "with its error",
      `{${P("p := 1 / 0")}, "query": "data.t.p = x", "strict_error": true, "want_error_code": "eval_builtin_error", "want_error": "test-0.rego:3: eval_builtin_error: div: divide by zero"}`,
    ],
  ] as const)
    test(what, () => {
      assert.deepEqual(findingsOf(text), []);
    });

  test("in the syntax of its folder", () => {
    const text = `{${P("p { true }")}, "query": "data.t.p = x", "want_result": [{"x": true}]}`;
    assert.deepEqual(findingsOf(text, "v0"), []);
    assert.match(String(findingsOf(text, "v1")), /rego_parse_error/);
  });
});

describe("a case fails", () => {
  for (const [what, text, finding] of [
    [
      "with another result",
      `{${P("p := 2")}, "query": "data.t.p = x", "want_result": [{"x": 1}]}`,
      /wanted \[\{"x":1\}\], got \[\{"x":2\}\]/,
    ],
    [
      "with one result more",
      `{${P("p := 2")}, "query": "x = [1, 2][_]", "want_result": [{"x": 1}]}`,
      /wanted/,
    ],
    [
      "with a number that only a double takes for the same",
      `{${P("p := input")}, "input": 12345678901234567890123, "query": "data.t.p = x", "want_result": [{"x": 12345678901234567890124}]}`,
      /wanted/,
    ],
    [
      "with arrays in another order",
      `{${P("p := [3, 1]")}, "query": "data.t.p = x", "want_result": [{"x": [1, 3]}]}`,
      /wanted/,
    ],
    ["defined", `{${P("p := 2")}, "query": "data.t.p = x", "want_result": []}`, /wanted \[\], got/],
    ["undefined", `{${P("p if false")}, "query": "data.t.p = x", "want_defined": true}`, /wanted it defined/],
    [
      "without its error",
      `{${P("p := 1 / 0")}, "query": "data.t.p = x", "want_error_code": "eval_builtin_error"}`,
      /wanted an error/,
    ],
    [
      "with another code",
      `{${P("p := 1 / 0")}, "query": "data.t.p = x", "strict_error": true, "want_error_code": "eval_type_error"}`,
      /wanted the code eval_type_error, got .*eval_builtin_error/,
    ],
    [
      "with another message",
      `{${P("p := 1 / 0")}, "query": "data.t.p = x", "strict_error": true, "want_error": "modulo"}`,
      /wanted the error "modulo", got/,
    ],
    [
      "with an error",
      `{${P("p := y")}, "query": "data.t.p = x", "want_result": []}`,
      /rego_unsafe_var_error/,
    ],
    ["that wants nothing", `{${P("p := 1")}, "query": "data.t.p = x"}`, /wants nothing/],
  ] as const)
    test(what, () => {
      assert.match(findingsOf(text).join("\n"), finding);
    });

  test("a file that holds no cases is refused, and so is a folder that is not there", () => {
    mkdirSync(join(folder, "empty", "v1"), { recursive: true });
    writeFileSync(join(folder, "empty", "v1", "x.json"), "{}");
    assert.throws(() => regoSuite(join(folder, "empty")), /has no cases/);
    assert.throws(() => regoSuite(join(folder, "nowhere")), /cannot be read/);
  });
});
