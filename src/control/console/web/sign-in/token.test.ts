import assert from "node:assert/strict";
import { test } from "node:test";
import { takeToken } from "./token.ts";

test("the token leaves the address and the history", () => {
  const replaced: unknown[] = [];
  const history = { replaceState: (...what: unknown[]) => void replaced.push(what) };
  assert.equal(takeToken({ hash: "#abc", pathname: "/setup", search: "" }, history), "abc");
  assert.deepEqual(replaced, [[null, "", "/setup"]]);
  assert.equal(takeToken({ hash: "", pathname: "/", search: "" }, history), "");
  assert.equal(replaced.length, 1);
});
