import assert from "node:assert/strict";
import { test } from "node:test";
import { fromQuery, only, toQuery } from "./search.ts";

test("a view goes into the URL and comes back as it was", () => {
  const view = { effect: "deny", search: "a b&c=1", open: "dec_1" };
  assert.deepEqual(fromQuery(toQuery(view)), view);
  assert.equal(toQuery({ effect: undefined, search: "" }), "");
});

test("digits stay text, and what a page does not know is dropped", () => {
  assert.deepEqual(only("search", "sort")(fromQuery("?search=123&evil=1&sort=")), { search: "123" });
});
