/** References into base documents go by names, as OPA's store does (OPA 1.22.2 answers so). */
import assert from "node:assert/strict";
import { test } from "node:test";
import { compile, type PlainObject, parseValue, type Value } from "../index.ts";

const DATA = parseValue(
  '{"users": {"a": {"10": "ten", "1.5": "x", "1e1": "w", "12345678901234567890": "big"}}, "rows": [["p", "q"]]}',
) as PlainObject;

const CASES: readonly (readonly [query: string, ...found: Value[]])[] = [
  ["y := data.users.a[10]", "ten"],
  ["y := data.users.a[input.id]", "ten"],
  ["y := data.users[_][input.id]", "ten"],
  ["x := 1.5; y := data.users.a[x]", "x"],
  ["x := 1e1; y := data.users.a[x]", "w"],
  ["x := 12345678901234567890; y := data.users.a[x]", "big"],
  ["x := 7; y := data.users.a[x]"],
  ["x := true; y := data.users.a[x]"],
  ['x := "1"; y := data.rows[0][x]', "q"],
  ['x := "01"; y := data.rows[0][x]', "q"],
  ['x := "-1"; y := data.rows[0][x]'],
  ['x := "q"; y := data.rows[0][x]'],
  // A value is no store: not one taken from it, nor what stands in for it.
  ["x := data.users.a; y := x[10]"],
  ["some x in data.users; y := x[10]"],
  ["y := input.by[input.id]"],
  ['y := data.users.a[input.id] with data.users.a as {"10": 3}'],
  ["y := data.users.a[input.id] with data.other as 1", "ten"],
];

for (const [query, ...found] of CASES)
  test(query, () => {
    const solutions = compile({}, DATA).evaluate(query, { id: 10, by: { "10": "ten" } });
    assert.deepEqual(
      solutions.map(({ bindings }) => bindings["y"]),
      found,
    );
  });
