import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import type { SourceFinding } from "../errors.ts";
import { Source } from "../source.ts";
import type { Dialect } from "../syntax.ts";
import { type PlainObject, parseValue, stringify, type Value } from "../values/index.ts";
import { moduleValue } from "./ast-json.ts";
import { chooseDialect, parseModule, parseQuery } from "./index.ts";

/** A row of the golden file; what is read has a `tree` besides, which is `moduleValue` without package and comments. */
interface Golden {
  readonly dialect: Dialect;
  readonly text: string;
  /** `line:column message`, or empty where OPA refuses it in other words. */
  readonly error?: string;
}

function findings(text: string, dialect: Dialect = "v1"): readonly SourceFinding[] {
  return parseModule(new Source("m.rego", text), { dialect }).findings;
}

function said(text: string, dialect: Dialect = "v1"): readonly string[] {
  return findings(text, dialect).map(({ line, column, message }) => `${line}:${column} ${message}`);
}

test("modules are read and refused as OPA 1.22 does", () => {
  const lines = readFileSync(new URL("parse.golden.jsonl", import.meta.url), "utf8")
    .trimEnd()
    .split("\n");
  assert.ok(lines.length > 1_000);
  for (const line of lines) {
    const { dialect, text, error } = JSON.parse(line) as Golden;
    const { module } = parseModule(new Source("m.rego", text), { dialect });
    if (error === undefined) {
      assert.ok(module !== undefined, `refused in ${dialect}: ${text}`);
      const { package: _, comments: __, ...members } = moduleValue(module);
      // Numbers have spellings, which JSON.parse forgets.
      const tree = (parseValue(line) as PlainObject).tree as Value;
      assert.equal(stringify(members), stringify(tree), text);
    } else {
      assert.equal(module, undefined, `read in ${dialect}: ${text}`);
      if (error !== "") assert.ok(said(text, dialect).includes(error), text);
    }
  }
});

describe("hints say what was most likely meant", () => {
  const hints: readonly (readonly [text: string, dialect: Dialect, hint: RegExp])[] = [
    ["improt data.b", "v1", /^did you mean `import`\?$/],
    ["whatever data.b", "v1", /^write `NAME := VALUE`/],
    ["p { true }", "v1", /write `if` before/],
    ["p[x] { x := 1 }", "v1", /write `if`/],
    ["p[x]", "v1", /contains x/],
    ["p if true", "v0", /import future\.keywords\.if/],
    ["p contains 1", "v0", /import future\.keywords\.contains/],
    ["p { some x in [1] }", "v0", /import future\.keywords\.in/],
    ["p { 1 in [1] }", "v0", /import future\.keywords\.in/],
    ["p := [x | x := f(1]", "v1", /the `\(` at 2:17 has no `\)`/],
    ["p if { x := [1, 2", "v1", /the `\[` at 2:13 has no `\]`/],
    ["p if { f(x = 1) }", "v1", /did you mean `==`/],
    ["p := x = 2", "v1", /did you mean `==`/],
    ['p := {"a" = 1}', "v1", /did you mean `:`/],
    ["p if { !x }", "v1", /did you mean `not`/],
    ["p if { x && y }", "v1", /lines of their own/],
    ["p if { x || y }", "v1", /write the rule twice/],
    ["p := 'a'", "v1", /double quotes/],
    ['p := "\\d"', "v1", /backquotes/],
    ["p == 1", "v1", /did you mean `:=`/],
    ["import lib.x", "v1", /import data\.lib\.x/],
  ];
  for (const [text, dialect, hint] of hints)
    test(text, () => {
      const [first] = findings(`package a\n${text}`, dialect);
      assert.match(first?.hint ?? "", hint);
    });
});

test("findings have the length of what is wrong", () => {
  const [first] = findings("package a\np if { x else }");
  assert.deepEqual([first?.line, first?.column, first?.length], [2, 10, 4]);
  const [end] = findings("package a\np := [1,\n\n");
  assert.deepEqual([end?.line, end?.column, end?.length], [2, 8, 1]);
});

test("columns count characters, not units", () => {
  assert.deepEqual(said('package a\np if { x := "😀" y }'), [
    "2:17 unexpected identifier token: expected \\n or ; or }",
  ]);
});

test("each line that lacks a word is told", () => {
  assert.deepEqual(said("package a\np { 1 }\n\nq := 2 { 1 } else { 2 }\nr[x] { x := 1 }\ns if { 1 }"), [
    "2:1 `if` keyword is required before rule body",
    "4:1 `if` keyword is required before rule body",
    "5:1 `if` keyword is required before rule body",
  ]);
});

describe("hostile text is refused, in linear time", () => {
  const deep = 100_000;
  for (const open of ["[", "{", "(", "f(", "a[", '$"{', "-x ", "1 + ", "not ", "x, y in "])
    test(`${deep} times ${open}`, () => {
      assert.ok(findings(`package a\np := ${open.repeat(deep)}`).length > 0);
      assert.ok(findings(`package a\nimport rego.v2\np if { ${open.repeat(deep)}`).length > 0);
    });
  const again: readonly (readonly [string, string, string])[] = [
    ["[a | ", "b, c", ", c]"],
    ["{1 + ", "1", " + 2}"],
    ["(x, ", "y", " in z)"],
    ["{a: b | ", "b", "}"],
  ];
  for (const [open, middle, close] of again)
    test(`where ${open} is read twice`, () => {
      const text = `package a\np if { x := ${open.repeat(300)}${middle}${close.repeat(300)} }`;
      const { module } = parseModule(new Source("m.rego", text), { dialect: "v1" });
      assert.ok(module !== undefined);
    });
});

test("names of JavaScript's own are names like any other", () => {
  const text = 'package a\n__proto__ := {"__proto__": constructor}\nconstructor.toString := hasOwnProperty';
  assert.deepEqual(findings(text), []);
});

describe("the mixed syntax", () => {
  const choices: readonly (readonly [text: string, dialect: Dialect, warnings: number])[] = [
    ["allow { input.role in data.roles }", "guide", 1],
    ["allow if input.role in data.roles", "v1", 0],
    ["allow { input.role }", "v1", 0],
    ["# postern: dialect=guide\nallow { input.role }", "guide", 0],
    ["allow { input.role in", "v1", 0],
    ["p := `# postern: dialect=guide`", "v1", 0],
  ];
  for (const [text, dialect, warnings] of choices)
    test(text, () => {
      const chosen = chooseDialect(new Source("m.rego", `package a\n${text}`), "v1");
      assert.equal(chosen.dialect, dialect);
      assert.equal(chosen.findings.length, warnings);
      for (const { severity } of chosen.findings) assert.equal(severity, "warning");
    });
});

test("queries are read with the keywords that are on", () => {
  const read = (text: string, keywords?: ReadonlySet<string>): boolean =>
    parseQuery(new Source("query", text), { dialect: "v0", ...(keywords === undefined ? {} : { keywords }) })
      .body !== undefined;
  assert.equal(read("x := 1; y = x"), true);
  assert.equal(read("1 in [1]"), false);
  assert.equal(read("1 in [1]", new Set(["in"])), true);
  assert.equal(read(""), false);
  assert.equal(read("x ="), false);
});
