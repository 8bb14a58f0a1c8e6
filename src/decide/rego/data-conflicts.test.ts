import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { compile } from "./policy.ts";
import { type PlainObject, parseValue } from "./values/index.ts";

// What `opa eval -d data.json -d module.rego` 1.22.2 says.
describe("a rule for what the data holds", () => {
  for (const [data, module, paths] of [
    ['{"p": 5}', "package p\nq := 1", ["p/q"]],
    ['{"p": [1]}', "package p\nq := 1", ["p/q"]],
    ['{"p": {"q": {}}}', "package p\nq := 1", ["p/q"]],
    ['{"p": {"q": null}}', "package p\nq := 1\nq := 1", ["p/q"]],
    ['{"p": {"q": {"x": 1}}}', "package p\nq.x := 1", ["p/q/x"]],
    ['{"p": {"q": {"y": 1}}}', 'package p\nq[x] := 1 if some x in ["y"]', ["p/q"]],
    ['{"p": {"q": {"y": {"z": 1}}}}', 'package p\nq[x].y := 1 if some x in ["y"]', ["p/q"]],
    ['{"p": {"q": {"y": 1}}}', "package p\nq contains 1", ["p/q"]],
    ['{"p": {"q": {"y": 1}}}', "package p\ndefault q := 1", ["p/q"]],
    ['{"p": {"f": 1}}', "package p\nf(x) := 1", ["p/f"]],
    ['{"p": {"q": 1, "r": 2}}', "package p\nq := 1\nr := 2", ["p/q", "p/r"]],
    ['{"p": {"q": 1}}', "package p.q\nr := 2", ["p/q/r"]],
    ['{"p": {"q": 1}}', "package p.q", []],
    ['{"p": {"q": {"y": 1}}}', "package p\nq.x := 1", []],
    ['{"other": 1}', "package p\nq := 1", []],
  ] as const)
    test(`${module.replaceAll("\n", "; ")} over ${data}`, () => {
      const policy = compile({ "p.rego": module }, parseValue(data) as PlainObject);
      const findings = policy.dataConflicts();
      assert.deepEqual(
        findings.map(({ message }) => message),
        paths.map((path) => `conflicting rule for data path ${path} found`),
      );
      for (const { code, file } of findings) assert.deepEqual([code, file], ["rego_compile_error", "p.rego"]);
    });
});
