import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiError } from "../api/client.ts";
import { fieldErrors } from "./forms.ts";

const problem = { type: "about:blank", status: 422, code: "input.invalid" };
const FIELDS = ["name", "upstream"];

test("a problem stands at the field that it names, with its remedy", () => {
  const error = new ApiError({
    ...problem,
    title: "upstream is not an address",
    remedy: "write http://host:port",
  });
  assert.deepEqual(fieldErrors(error, FIELDS, "name"), {
    fields: { upstream: "Upstream is not an address. Write http://host:port" },
  });
});

test("what exists already is wrong with the name", () => {
  const error = new ApiError({ ...problem, code: "conflict", title: "grafana exists already" });
  assert.deepEqual(fieldErrors(error, FIELDS, "name"), { fields: { name: "Grafana exists already" } });
});

test("what names no field is wrong with the whole", () => {
  const error = new ApiError({ ...problem, code: "denied", title: "not allowed" });
  assert.deepEqual(fieldErrors(error, FIELDS, "name"), { fields: {}, form: error });
  const other = new TypeError("x");
  assert.deepEqual(fieldErrors(other, FIELDS, "name"), { fields: {}, form: other });
});
