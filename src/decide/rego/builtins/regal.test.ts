/** What Regal's documentation says of its built-ins ("Roast (Regal's Optimized AST)"); places are those of `opa parse` 1.22.2. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { stringify } from "../values/index.ts";
import { EVALUATION, outcome } from "./golden-of-test.test.ts";
import { MODULES } from "./modules.ts";

function parsed(text: string): { readonly [name: string]: unknown } {
  const value = MODULES["regal.parse_module"]?.(EVALUATION, "p.rego", text);
  assert.ok(value !== undefined);
  return JSON.parse(stringify(value)) as { [name: string]: unknown };
}

describe("regal.parse_module", () => {
  test("a rule without a body has none, and places are four numbers", () => {
    const { rules, package: name } = parsed('package a.b\n\ncollection contains "value"\n');
    assert.deepEqual(name, {
      location: "1:1:1:8",
      path: [
        { type: "var", value: "data" },
        { type: "string", value: "a", location: "1:9:1:10" },
        { type: "string", value: "b", location: "1:11:1:12" },
      ],
    });
    assert.deepEqual(rules, [
      {
        location: "3:1:3:28",
        head: {
          location: "3:1:3:28",
          ref: [{ type: "var", value: "collection", location: "3:1:3:11" }],
          key: { type: "string", value: "value", location: "3:21:3:28" },
        },
      },
    ]);
  });

  test("expressions have no index, and signs have places", () => {
    const { rules } = parsed("package a\n\np if {\n\tinput.x == 1\n} else := 2\n");
    const [rule] = rules as { body: unknown; else: unknown }[];
    assert.deepEqual(rule?.body, [
      {
        location: "4:2:4:14",
        terms: [
          {
            type: "ref",
            value: [{ type: "var", value: "equal", location: "4:10:4:12" }],
            location: "4:10:4:12",
          },
          {
            type: "ref",
            value: [
              { type: "var", value: "input", location: "4:2:4:7" },
              { type: "string", value: "x", location: "4:8:4:9" },
            ],
            location: "4:2:4:9",
          },
          { type: "number", value: 1, location: "4:13:4:14" },
        ],
      },
    ]);
    assert.deepEqual(rule?.else, {
      location: "5:3:5:12",
      head: {
        location: "5:3:5:12",
        ref: [{ type: "var", value: "p", location: "3:1:3:2" }],
        value: { type: "number", value: 2, location: "5:11:5:12" },
        assign: true,
      },
    });
  });

  test("comments are places, annotations stand at what they are about, and the text is there by lines", () => {
    const module = parsed(
      "# METADATA\n# title: all of it\npackage a\n\n# METADATA\n# title: one\np := 1 # why\n",
    );
    assert.deepEqual(module["comments"], ["1:1:1:11", "2:1:2:19", "5:1:5:11", "6:1:6:13", "7:8:7:13"]);
    const { annotations } = module["package"] as { annotations: unknown };
    assert.deepEqual(annotations, [{ location: "1:1:2:19", scope: "package", title: "all of it" }]);
    const [rule] = module["rules"] as { annotations: unknown }[];
    assert.deepEqual(rule?.annotations, [{ location: "5:1:6:13", scope: "rule", title: "one" }]);
    const { file } = module["regal"] as { file: { name: string; lines: string[]; rego_version: string } };
    assert.equal(file.name, "p.rego");
    assert.equal(file.lines[6], "p := 1 # why");
    assert.equal(module["annotations"], undefined);
  });

  test("what stands in a template says so", () => {
    const { rules } = parsed('package a\n\np := $"a {input.x} {1}"\n');
    const [rule] = rules as { head: { value: { value: { parts: object[]; multi_line?: boolean } } } }[];
    const { parts, multi_line } = rule?.head.value.value ?? { parts: [] };
    assert.equal(multi_line, undefined);
    assert.deepEqual(
      parts.map((part) => "interpolated" in part),
      [false, true, false, false],
    );
  });

  for (const [what, text] of [
    ["nothing", ""],
    ["no package", "p := 1"],
    ["v0", "package a\n\np { true }"],
    ["what does not end", "package a\n\np if {"],
  ] as const)
    test(`${what} is no module`, () => {
      assert.deepEqual(outcome(MODULES, "regal.parse_module", ["p.rego", text]), {
        failed: "eval_builtin_error",
      });
    });

  test("operands that are no texts are refused", () => {
    assert.deepEqual(outcome(MODULES, "regal.parse_module", [1, "package a"]), { failed: "eval_type_error" });
    assert.deepEqual(outcome(MODULES, "regal.parse_module", ["a", null]), { failed: "eval_type_error" });
  });
});

describe("regal.is_formatted", () => {
  for (const [text, options, wanted] of [
    ["package a\n\np := 1\n", {}, true],
    ["package a\n\np := 1", {}, false],
    ["package a\np := 1\n", {}, false],
    ["package a\n\np {\n\tinput.x\n}\n", { rego_version: "v0" }, true],
    ["package a\n\np {\n\tinput.x\n}\n", { format: { rego_version: "0" } }, true],
    ["package a\n\np { true }\n", { rego_version: "v0" }, false],
    ["package a\n\np if input.x\n", { format: { rego_version: "1" } }, true],
    ["package a\n\np if { input.x }\n", { rego_version: "v1" }, false],
  ] as const)
    test(`${JSON.stringify(text)} with ${JSON.stringify(options)}`, () => {
      assert.equal(outcome(MODULES, "regal.is_formatted", [text, options]), wanted);
    });

  test("what cannot be read is neither, and operands are held to their types", () => {
    const failed = { failed: "eval_builtin_error" };
    assert.deepEqual(outcome(MODULES, "regal.is_formatted", ["package a\n\np { true }\n", {}]), failed);
    assert.deepEqual(outcome(MODULES, "regal.is_formatted", ["", {}]), failed);
    assert.deepEqual(outcome(MODULES, "regal.is_formatted", ["package a\n", 1]), {
      failed: "eval_type_error",
    });
  });
});
