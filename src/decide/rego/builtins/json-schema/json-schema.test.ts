import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseValue, RegoObject, RegoSet, type Value } from "../../values/index.ts";
import type { World } from "../builtin.ts";
import { EVALUATION, outcome, testGolden } from "../golden-of-test.test.ts";
import { JSON_SCHEMA } from "../json-schema.ts";

describe("what OPA says", () =>
  testGolden(JSON_SCHEMA, new URL("./json-schema.golden.jsonl", import.meta.url)));

const valid: Value = [true, []];

test("sets are arrays, and keys their JSON text", () => {
  const call = "json.match_schema";
  const document = RegoObject.of([
    ["s", RegoSet.of([2, 1])],
    [1, "x"],
  ]);
  const schema = parseValue('{"properties":{"s":{"items":[{"const":1},{"const":2}]}},"required":["1"]}');
  assert.deepEqual(outcome(JSON_SCHEMA, call, [document, schema]), valid);
  assert.deepEqual(outcome(JSON_SCHEMA, call, [RegoSet.of([1]), schema]), { failed: "eval_builtin_error" });
});

test("members are own members, whatever their name", () => {
  const schema = parseValue(
    '{"required":["__proto__","constructor"],"properties":{"__proto__":{"type":"null"}}}',
  );
  assert.deepEqual(outcome(JSON_SCHEMA, "json.match_schema", [{}, schema]), [
    false,
    ["__proto__", "constructor"].map((name) => ({
      desc: `${name} is required`,
      error: `(Root): ${name} is required`,
      field: "(Root)",
      type: "required",
    })),
  ]);
  const document = parseValue('{"__proto__":null,"constructor":1}');
  assert.deepEqual(outcome(JSON_SCHEMA, "json.match_schema", [document, schema]), valid);
});

describe("schemas of other addresses", () => {
  const schema = { $ref: "https://schemas.example/a#/definitions/x" };
  const asked: Value[] = [];
  const world: World = {
    send: (request) => {
      asked.push(request);
      return { status_code: 200, body: { definitions: { x: { type: "string" } } } };
    },
    lookup: () => [],
    runtime: () => ({}),
  };
  test("come over the network where there is one", () => {
    const evaluation = { ...EVALUATION, world };
    const result = outcome(JSON_SCHEMA, "json.match_schema", ['"x"', schema], evaluation);
    assert.deepEqual(result, valid);
    assert.deepEqual(asked, [{ method: "get", url: "https://schemas.example/a", force_json_decode: true }]);
  });
  test("are refused where the answer is no success", () => {
    const refusing = { ...world, send: () => ({ status_code: 404, status: "404 Not Found", body: {} }) };
    const evaluation = { ...EVALUATION, world: refusing };
    assert.deepEqual(outcome(JSON_SCHEMA, "json.verify_schema", [schema], evaluation), [
      false,
      "jsonschema: Could not read schema from HTTP, response status is 404 Not Found",
    ]);
  });
  test("are an error where there is none, and where they are files", () => {
    assert.deepEqual(outcome(JSON_SCHEMA, "json.match_schema", ["{}", schema]), {
      failed: "eval_builtin_error",
    });
    const file = { $ref: "file:///etc/passwd" };
    const evaluation = { ...EVALUATION, world };
    assert.deepEqual(outcome(JSON_SCHEMA, "json.match_schema", ["{}", file], evaluation), {
      failed: "eval_builtin_error",
    });
  });
});

test("a reference to itself ends as deep recursion does", () => {
  assert.throws(
    () => outcome(JSON_SCHEMA, "json.match_schema", ["{}", { $ref: "#" }]),
    (error) => error instanceof RangeError,
  );
});

test("multiples of numbers with huge exponents are found without writing them out", () => {
  const schema = parseValue('{"multipleOf":3e-900000}');
  assert.deepEqual(outcome(JSON_SCHEMA, "json.match_schema", ["9e900000", schema]), valid);
});
