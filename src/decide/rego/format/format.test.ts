import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { moduleValue } from "../1-parse/ast-json.ts";
import { parseModule } from "../1-parse/index.ts";
import { SourceError } from "../errors.ts";
import { Source } from "../source.ts";
import type { Dialect } from "../syntax.ts";
import { isArray, isObject, type Value } from "../values/index.ts";
import { format } from "./index.ts";

/** What a module says, wherever and however it says it. */
function meaning(text: string, dialect: Dialect): unknown {
  const { module } = parseModule(new Source("m.rego", text), { dialect });
  assert.ok(module !== undefined, text);
  const ways = new Set(["assign", "generated", "key", "comments", "imports"]);
  const bare = (value: Value): unknown => {
    if (isArray(value)) return value.map(bare);
    if (!isObject(value)) return value;
    return Object.fromEntries(
      Object.entries(value).flatMap(([name, item]) => (ways.has(name) ? [] : [[name, bare(item)]])),
    );
  };
  return bare(moduleValue(module));
}

/** Formats, and holds the outcome to what is promised of every outcome. */
function formatted(text: string, dialect: "v1" | "v0" = "v1"): string {
  const once = format("m.rego", text, { dialect }).text;
  assert.equal(format("m.rego", once, { dialect }).text, once, "a second time changes it");
  assert.deepEqual(meaning(once, dialect), meaning(text, dialect));
  return once;
}

describe("a statement", () => {
  for (const [what, text, wanted] of [
    ["a constant", "p:=1", "p := 1"],
    ["an equality", "p=1", "p := 1"],
    ["a default", "default  p = false", "default p := false"],
    ["a short body", "p if { input.x==1 }", "p if input.x == 1"],
    ["a body on lines of its own", "p if {\ninput.x==1\n}", "p if {\n\tinput.x == 1\n}"],
    ["several expressions", "p if {a:=1;b:=2 ; a<b}", "p if {\n\ta := 1\n\tb := 2\n\ta < b\n}"],
    ["a body that is an object", "p if { {1: 2} }", "p if {1: 2}"],
    ["a body that is a set", "p if { {1, 2} }", "p if {\n\t{1, 2}\n}"],
    ["a partial set", "p contains x if {some x in input.xs}", "p contains x if some x in input.xs"],
    [
      "a partial object",
      "p[k]:=v if {some k,v in input.o;v>1}",
      "p[k] := v if {\n\tsome k, v in input.o\n\tv > 1\n}",
    ],
    ["a path", 'p.q["r s"][x] := 1 if x := 2', 'p.q["r s"][x] := 1 if x := 2'],
    [
      "else",
      "p := 1 if { input.x } else := 2 if { input.y } else := 3",
      "p := 1 if input.x\n\nelse := 2 if input.y\n\nelse := 3",
    ],
    ["else after braces", "p if {\n1==1\n1==2\n} else := 2", "p if {\n\t1 == 1\n\t1 == 2\n} else := 2"],
    ["a function", "f(x,[y,_])=z if z:=x*(y+1)", "f(x, [y, _]) := z if z := x * (y + 1)"],
    ["every", "p if every k,v in input.o {k!=v}", "p if every k, v in input.o { k != v }"],
    ["every with more", "p if every v in input.o {v>1;v<3}", "p if every v in input.o { v > 1; v < 3}"],
    ["with", "p if q with input as {} with data.x as 1", "p if q with input as {} with data.x as 1"],
    [
      "with on lines of its own",
      "p if {\n\tq with input as {}\n  with data.x as 1\n}",
      "p if {\n\tq with input as {}\n\t\twith data.x as 1\n}",
    ],
    [
      "a negation and some",
      "p if {\n\tsome x,y\n\tnot   input.a[x][y]\n}",
      "p if {\n\tsome x, y\n\tnot input.a[x][y]\n}",
    ],
    ["comprehensions", "p := [x|x:=input.a[_];x>1]", "p := [x | x := input.a[_]; x > 1]"],
    [
      "a comprehension on lines",
      "p := {k:v|\nsome k,v in input\n v}",
      "p := {k: v |\n\tsome k, v in input\n\tv\n}",
    ],
    ["a list on lines", "p := [1,\n2]", "p := [\n\t1,\n\t2,\n]"],
    ["a list with one on lines", "p := [[1,\n2]]", "p := [[\n\t1,\n\t2,\n]]"],
    ["sets and objects", 'p := [set( ),{},{1,2},{"a":1}]', 'p := [set(), {}, {1, 2}, {"a": 1}]'],
    [
      "spellings",
      'p := [1.0, 1e2, "\\u0041", `ab`, $"x {input.y}"]',
      'p := [1.0, 1e2, "\\u0041", `ab`, $"x {input.y}"]',
    ],
    ["in", 'p := ("a",1 in {"a":1})', 'p := ("a", 1 in {"a": 1})'],
    ["a body that says nothing", "p if { true }\nq := 1 if true", "p := true\nq := 1"],
    ["a value that says nothing", "p := true if { input.x }", "p if input.x"],
    ["a body on the next line", "p if\ninput.x", "p if {\n\tinput.x\n}"],
    ["brackets around what binds", "p := 1+2*3-4", "p := (1 + (2 * 3)) - 4"],
    ["brackets that nothing needs", "p if { (1+2)==(3) }", "p if 1 + 2 == 3"],
    ["brackets that in needs", "p if { (1 in [1]) == true }", "p if (1 in [1]) == true"],
    ["brackets of a union in a list", "p := [({1}|{2}), 3]", "p := [({1} | {2}), 3]"],
    ["a negative name", "p := -x", "p := 0 - x"],
    ["names in brackets", 'p := input["a"]["b c"]["if"]', 'p := input.a["b c"]["if"]'],
    ["one member of an object", "p.a := 1\nf.g(x) := x", 'p["a"] := 1\nf["g"](x) := x'],
    ["members where a rule has a path", 'p["a"] := 1\np.b.c := 2', "p.a := 1\np.b.c := 2"],
    ["members that are words of the language", 'p["if"] := 1\np.if.c := 2', 'p["if"] := 1\np.if.c := 2'],
    [
      "short rules behind a tall one",
      "p if {\na\nb\n}\nq := 1\nr := 2",
      "p if {\n\ta\n\tb\n}\n\nq := 1\nr := 2",
    ],
    ["a comment where a body opens", "p if { # why\na }", "p if { # why\n\ta\n}"],
    ["a comment behind what is split", "p if { a; b } # why", "p if { # why\n\ta\n\tb\n}"],
    ["a comment behind a body", "p if {\na\n} # why", "p if {\n\ta\n} # why"],
    ["items that share a line", "p := [\n1, 2,\n3]", "p := [\n\t1, 2,\n\t3,\n]"],
    ["operands that share a line", "p := f(\n1, 2)", "p := f(1, 2)"],
    ["a list as an operand", "p := f([\n1], 2)", "p := f([\n\t1,\n], 2)"],
    ["members that are there twice", 'p := {1, "a", 1, x, x}', 'p := {1, "a", x}'],
    ["every on a line", "p if { every x in y {x;z} }", "p if every x in y { x; z}"],
    ["templates", 'p := $"a{ x+1 }b{[1,2]}"', 'p := $"a{x + 1}b{[1, 2]}"'],
    [
      "imports",
      "import input.x\nimport data.b as c\nimport data.a\n\nimport data.a.b",
      "import data.a\nimport data.b as c\nimport input.x\n\nimport data.a.b",
    ],
    ["negated bodies", "import rego.v2\np if not {a;b}", "import rego.v2\n\np if not { a; b }"],
    [
      "and, or and not",
      "import rego.v2\np if { a  or b and not ({}) or {c; d} }",
      "import rego.v2\n\np if a or b and not ({}) or { c; d }",
    ],
    ["alternatives that stand apart", "p if { x }{ y }", "p if x\n\np if y"],
  ] as const)
    test(what, () => {
      assert.equal(formatted(`package a\n\n${text}`), `package a\n\n${wanted}\n`);
    });
});

test("constants in templates become what they say", () => {
  assert.equal(
    format("m.rego", 'package a\n\np := $"a {1} { true }{"b"}{"{"}{x}"').text,
    'package a\n\np := $"a 1 trueb{"{"}{x}"\n',
  );
});

test("one blank line stays where there were some, and stands around what has several lines", () => {
  assert.equal(
    formatted(
      "package a\nimport data.b\nimport data.c\np:=1\nq:=2\n\n\nr:=3\ns if {\n1==1\n\n\n2==2\n}\nt:=4",
    ),
    "package a\n\nimport data.b\nimport data.c\n\np := 1\nq := 2\n\nr := 3\n\ns if {\n\t1 == 1\n\n\t2 == 2\n}\n\nt := 4\n",
  );
});

test("comments stay where they are as far as there is room, and none is lost", () => {
  assert.equal(
    formatted(
      '# top\npackage a # p\n# i\nimport data.b # b\n\n# doc\np := {  # open\n"a": 1, # one\n# two\n"b": 2 # last\n# end of it\n}\nq if { # why\nx := input.y + # plus\n1\n# before\nx > 1 # after\n# closing\n}\n# end',
    ),
    '# top\npackage a # p\n\n# i\nimport data.b # b\n\n# doc\np := {\n\t# open\n\t"a": 1, # one\n\t# two\n\t"b": 2, # last\n\t# end of it\n}\n\nq if { # why\n\t# plus\n\tx := input.y + 1\n\t# before\n\tx > 1 # after\n\t# closing\n}\n\n# end\n',
  );
});

test("a comment at every line's end of a module is kept", () => {
  const text = [
    'package a.b["c d"]',
    "import data.x as y",
    "p contains x if {",
    "some x in [",
    "1,",
    "2,",
    "]",
    "every z in {",
    '"k": y.v,',
    "} {",
    "z > f(",
    "x,",
    "1)",
    "}",
    "}",
    "f(a, b) := {",
    "k: v |",
    "some k, v in a",
    "v == b",
    "} if {",
    "a != b",
    "} else := {} if {",
    "not a",
    "}",
  ];
  const noted = text.map((line, index) => `${line} # note ${index}`).join("\n");
  const once = formatted(noted);
  for (const index of text.keys())
    assert.equal(once.split(`# note ${index}\n`).length, 2, `note ${index} of\n${once}`);
});

describe("the syntax before v1", () => {
  test("stays what it is", () => {
    const text =
      "package a\nimport future.keywords.in\np[x]{x:=1}\nq[x]=y{x:=1;y:=2}{x:=3;y:=4}\nr=1{true}else=2{false}\ndefault s = 3\nf(x)=y{y:=x}";
    assert.equal(
      formatted(text, "v0"),
      "package a\n\nimport future.keywords.in\n\np[x] {\n\tx := 1\n}\n\nq[x] = y {\n\tx := 1\n\ty := 2\n}\n\nq[x] = y {\n\tx := 3\n\ty := 4\n}\n\nr = 1 {\n\ttrue\n}\n\nelse = 2 {\n\tfalse\n}\n\ndefault s = 3\n\nf(x) = y {\n\ty := x\n}\n",
    );
  });

  test("becomes v1 where that is asked for", () => {
    const text =
      "package a\nimport future.keywords.in\np[x]{x:=1}\nq[x]=y{x:=1;y:=2}\nr=true{input.x}else=2\np.a.b{true}";
    assert.equal(
      format("m.rego", text, { dialect: "v0", to: "v1" }).text,
      "package a\n\np contains x if x := 1\n\nq[x] := y if {\n\tx := 1\n\ty := 2\n}\n\nr if input.x\n\nelse := 2\n\np.a.b := true\n",
    );
  });

  test("becomes what both read, with the import that says so", () => {
    const both = (text: string, withoutKeywords = false): string =>
      format("m.rego", `package a\n\n${text}`, { dialect: "v0", to: "v0-v1", withoutKeywords }).text.slice(
        11,
      );
    assert.equal(both("p{x}"), "import rego.v1\n\np if x\n");
    assert.equal(
      both("import future.keywords.in\nimport data.b # b\np { 1 in b }"),
      "import rego.v1\n\nimport data.b # b\n\np if 1 in b\n",
    );
    assert.equal(both("import rego.v1\np if x"), "import rego.v1\n\np if x\n");
    assert.equal(both("import future.keywords\np { x }"), "import future.keywords\n\np if x\n");
    assert.equal(both("import rego.v1\np if x", true), "p if x\n");
  });

  test("of printed guides becomes v1", () => {
    const text =
      '# postern: dialect=guide\npackage a\nimport future.keywords.in\ndefault allow = false\nallow { input.role in data.roles }\ndeny[msg] { not allow; msg := "no" }';
    assert.equal(
      format("m.rego", text, { guide: true }).text,
      'package a\n\ndefault allow := false\n\nallow if input.role in data.roles\n\ndeny contains msg if {\n\tnot allow\n\tmsg := "no"\n}\n',
    );
  });
});

test("imports that v1 has no need of are left out when that is asked for", () => {
  const text = "package a\n\nimport data.b\nimport rego.v1\n\np if b\n";
  assert.equal(format("m.rego", text).text, text);
  assert.equal(
    format("m.rego", text, { withoutKeywords: true }).text,
    "package a\n\nimport data.b\n\np if b\n",
  );
});

test("what v1 cannot say is told where it stands in the text that was given", () => {
  assert.throws(
    () => format("m.rego", "package a\n\np { x }\n\nif { true }", { dialect: "v0", to: "v1" }),
    (error) => {
      assert.ok(error instanceof SourceError);
      const [finding] = error.findings;
      assert.equal(finding?.line, 5);
      assert.match(finding?.message ?? "", /^this cannot be said in v1: /);
      return true;
    },
  );
});

test("what cannot be read is refused, and so is what v1 cannot say", () => {
  assert.throws(() => format("m.rego", "package a\np if {"), SourceError);
  assert.throws(
    () => format("m.rego", "# postern: dialect=guide\npackage a\nif { true }", { guide: true }),
    SourceError,
  );
});
