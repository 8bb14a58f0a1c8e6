import assert from "node:assert/strict";
import { test } from "node:test";
import { count, flatten, matches, sortRows } from "./rows.ts";

test("text sorts as people read it, numbers as numbers, both ways", () => {
  const names = ["app10", "App2", "app1"];
  assert.deepEqual(
    sortRows(names, (name) => name, false),
    ["app1", "App2", "app10"],
  );
  assert.deepEqual(
    sortRows([10, 9, 100], (n) => n, true),
    [100, 10, 9],
  );
  assert.deepEqual(names, ["app10", "App2", "app1"], "the rows given stay as they were");
});

test("every word of a search must be found", () => {
  assert.ok(matches("WIKI ada", "ada", "wiki"));
  assert.ok(matches("", undefined));
  assert.ok(!matches("wiki bob", "ada", "wiki"));
});

test("counts have their plural", () => {
  assert.equal(count(1, "person", "people"), "1 person");
  assert.equal(count(1234, "session"), "1,234 sessions");
});

test("an input is laid out flat, lists of words in one row", () => {
  assert.deepEqual(
    flatten({ user: { name: "ada", groups: ["sre", "oncall"], mfa_verified: true }, list: [] }),
    [
      { name: "user.name", value: "ada" },
      { name: "user.groups", value: "sre, oncall" },
      { name: "user.mfa_verified", value: "true" },
      { name: "list", value: "none" },
    ],
  );
  assert.deepEqual(flatten({ a: [{ b: 1 }] }), [{ name: "a.0.b", value: "1" }]);
});
