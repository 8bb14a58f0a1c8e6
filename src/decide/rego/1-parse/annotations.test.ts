import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Source } from "../source.ts";
import { stringify } from "../values/index.ts";
import { parseModule } from "./index.ts";

/** Each annotation as `line scope values`, or each finding as `line:column message`. */
function read(text: string): readonly string[] {
  const { module, findings } = parseModule(new Source("m.rego", text), { dialect: "v1" });
  if (module === undefined)
    return findings.map(({ line, column, message }) => `${line}:${column} ${message}`);
  return module.annotations.map(({ at, scope, values }) => {
    const members = Object.fromEntries(Object.entries(values));
    return `${at.source.position(at.start).line} ${scope} ${stringify(members as Parameters<typeof stringify>[0])}`;
  });
}

const block = (yaml: string): string =>
  `package a\n# METADATA\n${yaml
    .split("\n")
    .map((line) => `# ${line}`)
    .join("\n")}\np := 1`;

describe("what annotations say", () => {
  const cases: readonly (readonly [yaml: string, values: string])[] = [
    ["title: x", '{"title":"x"}'],
    ["title: 1.50\ndescription: true", '{"description":"true","title":"1.50"}'],
    ["title: null\ndescription:", "{}"],
    ["titl: x", "{}"],
    ["description: |\n  a\n  b", '{"description":"a\\nb\\n"}'],
    ["organizations: [a, 1.0, null]", '{"organizations":["a","1.0"]}'],
    ["authors: []", "{}"],
    ["authors: [Jane  Doe <j@x.y>]", '{"authors":[{"email":"j@x.y","name":"Jane Doe"}]}'],
    ["authors: [A <b> c, <d>]", '{"authors":[{"name":"A <b> c"},{"email":"d","name":""}]}'],
    ["authors: [{email: x, foo: y}]", '{"authors":[{"email":"x","name":""}]}'],
    [
      "related_resources: [a/b, {ref: 'http://x.y', description: z}]",
      '{"related_resources":[{"ref":"a/b"},{"description":"z","ref":"http://x.y"}]}',
    ],
    ["schemas:\n- input: schema.x", '{"schemas":[{"path":["input"],"schema":["schema","x"]}]}'],
    [
      'schemas:\n- data.x["y z"]: {type: string}',
      '{"schemas":[{"definition":{"type":"string"},"path":["data","x","y z"]}]}',
    ],
    ["custom: {1: 2}", '{"custom":{"1":2}}'],
    ["custom: {a: yes, b: 010, c: 2020-01-01}", '{"custom":{"a":"yes","b":8,"c":"2020-01-01T00:00:00Z"}}'],
    ["custom: {__proto__: {constructor: 1}}", '{"custom":{"__proto__":{"constructor":1}}}'],
    ["custom:\n  a: &x [1]\n  b: *x", '{"custom":{"a":[1],"b":[1]}}'],
    ["entrypoint: false", "{}"],
    ["compile: {unknowns: [input.x]}", "{}"],
  ];
  for (const [yaml, values] of cases)
    test(yaml, () => assert.deepEqual(read(block(yaml)), [`2 rule ${values}`]));
});

describe("what annotations cannot say", () => {
  const cases: readonly (readonly [yaml: string, finding: RegExp])[] = [
    ["scope: foo", /^2:1 invalid annotation scope 'foo'/],
    ["scope: package", /^2:1 annotation scope 'package' must be applied to package \(have rule\)/],
    ["scope: rule\nentrypoint: true", /^2:1 annotation entrypoint applied to non-document/],
    ["entrypoint: maybe", /cannot unmarshal/],
    ["title: [1]", /cannot unmarshal !!seq into string/],
    ["- a", /cannot unmarshal/],
    ["title: x\n  bad: y", /^3:1 yaml: /],
    ["title: a\ntitle: b", /^4:1 yaml: /],
    ["authors: ['']", /author is an empty string/],
    ["authors: [{foo: bar}]", /'name' and\/or 'email' values required/],
    ["authors: [1]", /invalid value type/],
    ["related_resources: [{description: x}]", /'ref' value required/],
    ["related_resources: ['::bad::']", /missing protocol scheme/],
    ["schemas: [{input: foo.x}]", /invalid schema reference/],
    ["schemas: [{input: 1}]", /invalid schema declaration for path "input"/],
    ["schemas: [{input x: schema.x}]", /invalid document reference/],
    ["custom: x", /cannot unmarshal/],
    ["custom: {a: {1: 2}}", /invalid map key/],
    ["custom: *x", /unknown anchor|Unresolved alias/],
  ];
  for (const [yaml, finding] of cases) test(yaml, () => assert.match(read(block(yaml))[0] ?? "", finding));
});

describe("where annotations stand", () => {
  const cases: readonly (readonly [text: string, wanted: readonly string[]])[] = [
    ["# METADATA\n# title: x\npackage a", ['1 package {"title":"x"}']],
    ["# METADATA\n# scope: subpackages\npackage a", ["1 subpackages {}"]],
    [
      "# METADATA\n# scope: rule\npackage a",
      ["1:1 annotation scope 'rule' must be applied to rule (have package)"],
    ],
    ["package a\n# METADATA\n# entrypoint: true\np := 1", ['2 document {"entrypoint":true}']],
    ["package a\n#METADATA x\n#title: y\n\np := 1", ['2 rule {"title":"y"}']],
    [
      "package a\n# METADATA\n# title: x\n# METADATA\n# title: y\np := 1",
      ['2 rule {"title":"x"}', '4 rule {"title":"y"}'],
    ],
    ["package a\n # METADATA\n # title: x\np := 1", []],
    ["package a\np := 1 # METADATA\n# title: x\nq := 1", []],
    ["package a\n# metadata\n# title: x\np := 1", []],
    ["package a\n# METADATA\np := 1", ["2:1 expected METADATA block, found whitespace"]],
    [
      "package a\n# METADATA\n# title: x\nimport data.b",
      ["2:1 invalid annotation scope 'import'. Use one of 'rule', 'document', 'package', or 'subpackages'"],
    ],
    [
      "package a\np := 1\n# METADATA\n# title: x",
      ["3:1 invalid annotation scope ''. Use one of 'rule', 'document', 'package', or 'subpackages'"],
    ],
  ];
  for (const [text, wanted] of cases) test(text, () => assert.deepEqual(read(text), wanted));
});

test("aliases that stand for too much are refused", () => {
  const lines = ["custom:", "  a0: &a0 [x, x, x, x, x, x, x, x, x, x]"];
  for (let i = 1; i < 9; i++)
    lines.push(
      `  a${i}: &a${i} [${Array(10)
        .fill(`*a${i - 1}`)
        .join(", ")}]`,
    );
  assert.match(read(block(lines.join("\n")))[0] ?? "", /excessive aliasing/);
});
