import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { isObject, member, type RegoObjectValue, type Value } from "../values/index.ts";
import type { Evaluation, World } from "./builtin.ts";
import { EVALUATION, outcome } from "./golden-of-test.test.ts";
import { HTTP } from "./http.ts";
import { RUNTIME } from "./runtime.ts";

/** An evaluation whose world keeps what it is asked for. */
function withWorld(): { readonly evaluation: Evaluation; readonly asked: RegoObjectValue[] } {
  const asked: RegoObjectValue[] = [];
  const memos = new Map<string, Map<string, Value>>();
  const world: World = {
    send: (request) => {
      asked.push(request);
      return { status_code: 200 };
    },
    lookup: () => [],
    runtime: () => ({ version: "1" }),
  };
  const memo = (name: string): Map<string, Value> => {
    const known = memos.get(name) ?? new Map<string, Value>();
    memos.set(name, known);
    return known;
  };
  return { evaluation: { ...EVALUATION, world, memo }, asked };
}

const GOOD = { method: "get", url: "http://127.0.0.1:1/" };

/** Members that OPA refuses, and the code of the failure. */
const BAD: readonly (readonly [name: string, value: Value, code?: string])[] = [
  ["method", 5],
  ["method", "g et"],
  ["url", 5],
  ["headers", 5],
  ["headers", null],
  ["headers", { a: 5 }],
  ["headers", { a: ["b"] }],
  ["raw_body", 5],
  ["timeout", "x"],
  ["timeout", 1.5],
  ["timeout", null, "eval_type_error"],
  ["enable_redirect", 5],
  ["tls_insecure_skip_verify", 5],
  ["tls_ca_cert", 5],
  ["tls_server_name", 5],
  ["max_retry_attempts", -1],
  ["max_retry_attempts", "x"],
  ["cache", 5],
  ["force_cache", 5],
  ["force_cache", true],
];

describe("a request that OPA refuses", () => {
  for (const [name, value, code = "eval_builtin_error"] of BAD)
    test(`fails, or says so in its answer: ${name} ${JSON.stringify(value)}`, () => {
      const { evaluation, asked } = withWorld();
      const request = { ...GOOD, [name]: value };
      assert.deepEqual(outcome(HTTP, "http.send", [request], evaluation), { failed: code });
      const answer = outcome(HTTP, "http.send", [{ ...request, raise_error: false }], evaluation) as Value;
      assert.ok(isObject(answer));
      assert.equal(member(answer, "status_code"), 0);
      const error = member(answer, "error");
      assert.equal(isObject(error) && member(error, "code"), "eval_http_send_internal_error");
      assert.equal(asked.length, 0);
    });

  for (const request of [{}, { method: "get" }, { url: "x" }, { ...GOOD, foo: 1 }])
    test(`fails whatever raise_error says: ${JSON.stringify(request)}`, () => {
      const { evaluation } = withWorld();
      for (const more of [{}, { raise_error: false }])
        assert.deepEqual(outcome(HTTP, "http.send", [{ ...request, ...more }], evaluation), {
          failed: "eval_type_error",
        });
    });
});

test("a request is sent once in one evaluation", () => {
  const { evaluation, asked } = withWorld();
  for (const timeout of ["1s", "1s", "2s"])
    assert.deepEqual(outcome(HTTP, "http.send", [{ ...GOOD, timeout }], evaluation), { status_code: 200 });
  assert.equal(asked.length, 2);
});

test("where no world is given nothing is sent", () => {
  for (const request of [GOOD, { ...GOOD, raise_error: false }])
    assert.deepEqual(outcome(HTTP, "http.send", [request]), { failed: "eval_builtin_error" });
  assert.deepEqual(outcome(RUNTIME, "opa.runtime", []), {});
  assert.deepEqual(outcome(RUNTIME, "opa.runtime", [], withWorld().evaluation), { version: "1" });
});
