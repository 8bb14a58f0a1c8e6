/**
 * What OPA 1.22.2 (`opa check`) refuses and takes, one row a module. A table, and long for that. Codes are OPA's and so are
 * messages but for places within them; columns are ours, of the variable where OPA gives the expression.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseModule } from "../1-parse/index.ts";
import { Source } from "../source.ts";
import { type ResolveOptions, resolve } from "./index.ts";

/** A module, then its findings as `line:column kind: message`. Several modules are parted by `+++` and named a, b, … */
type Refused = readonly (readonly [module: string, ...findings: string[]])[];

interface Options extends ResolveOptions {
  readonly dialect?: "v0" | "v1";
}

function findingsOf(text: string, { dialect = "v1", ...options }: Options): string[] {
  const modules = text.split("\n+++\n").map((part, index) => {
    const whole = part.startsWith("package ") ? part : `package t\n${part}`;
    const { module, findings } = parseModule(new Source("abc".charAt(index), `${whole}\n`), { dialect });
    assert.deepEqual(findings, [], text);
    assert.ok(module);
    return module;
  });
  return resolve(modules, options).findings.map(({ file, line, column, code, message }) => {
    const kind = code.slice("rego_".length, -"_error".length);
    return `${file === "a" ? "" : `${file}:`}${line}:${column} ${kind}: ${message}`;
  });
}

function refuses(title: string, table: Refused, options: Options = {}): void {
  test(`refuses ${title}`, () => {
    for (const [text, ...findings] of table) assert.deepEqual(findingsOf(text, options), findings, text);
  });
}

function takes(title: string, table: readonly string[], options: Options = {}): void {
  test(`takes ${title}`, () => {
    for (const text of table) assert.deepEqual(findingsOf(text, options), [], text);
  });
}

const NAMES_REFUSED: Refused = [
  ["f(input) := 1", "2:3 compile: args must not shadow input (use a different variable name)"],
  ["p if input := 1", "2:6 compile: variables must not shadow input (use a different variable name)"],
  [
    "p if { data := 1; data == 1 }",
    "2:8 compile: variables must not shadow data (use a different variable name)",
  ],
  ["input := 1", "2:1 compile: rules must not shadow input (use a different rule name)"],
  ["data.x := 1", "2:1 compile: rules must not shadow data (use a different rule name)"],
  ["import data.foo\nimport input.foo\np := foo", "3:1 compile: import must not shadow import data.foo"],
  ["import data.foo\nimport data.foo\np := foo", "3:1 compile: import must not shadow import data.foo"],
  [
    "import data.foo as x\nimport data.bar as x\np := x",
    "3:1 compile: import must not shadow import data.foo as x",
  ],
  ["p if { f := 1; f(2) }\nf(x) := x", "2:16 type: undefined function f"],
  ["p if { count := 1; count([2]) }", "2:20 type: undefined function count"],
  ["p if { x := 1; x.y(2) }", "2:16 type: undefined function x.y"],
  ["p if nope(1)", "2:6 type: undefined function nope"],
  ["p if nope.foo(1)", "2:6 type: undefined function nope.foo"],
  ["p if data.t.p(1)", "2:1 recursion: rule data.t.p is recursive: data.t.p -> data.t.p"],
  ["p if f(1, 2, 3)\nf(x) := x", "2:6 type: function data.t.f has arity 1, got 3 arguments"],
  ["p if count()", "2:6 type: count: arity mismatch"],
  ["p if count([1], 1, 3)", "2:6 type: count: arity mismatch"],
  ["p if { x := 1; x := 2 }", "2:16 compile: var x assigned above"],
  ["p if { x == 1; x := 2 }", "2:16 compile: var x referenced above"],
  ["p if { some x; some x; x = 1 }", "2:21 compile: var x declared above"],
  ["p if { some x; x := 1 }", "2:16 compile: var x declared above", "2:13 compile: declared var x unused"],
  ["p if { some x; true }", "2:13 compile: declared var x unused"],
  ["p if { x := 1; some x; x = 2 }", "2:21 compile: var x assigned above"],
  ["f(x) if x := 2", "2:9 compile: arg x redeclared"],
  ["f(x) if { some x; x = 2 }", "2:16 compile: arg x redeclared"],
  ["f(x) if { some x in [1]; x = 2 }", "2:16 compile: arg x redeclared"],
  ["p if every x in [1] { true }", "2:12 compile: declared var x unused"],
  ["p if every k, x in [1] { x }", "2:12 compile: declared var k unused"],
  [
    "p if { every x in [1] { x := 1 } }",
    "2:25 compile: var x declared above",
    "2:14 compile: declared var x unused",
  ],
  ['p if $"a {x}"', "2:11 unsafe_var: var x is unsafe"],
  ['p if $"a {_}"', "2:11 unsafe_var: var _ is unsafe"],
  ["p if print(x)", "2:12 compile: var x is undeclared"],
  ["p if { [x, y] := [1] }", "2:9 unsafe_var: var x is unsafe", "2:12 unsafe_var: var y is unsafe"],
  ["p if { [x, x] := [1, 1] }", "2:12 compile: var x assigned above"],
  ["p if { 1 := 1 }", "2:8 compile: cannot assign to number"],
  [
    'p if { {"a": x, y: z} := {"a": 1} }',
    "2:14 unsafe_var: var x is unsafe",
    "2:17 unsafe_var: var y is unsafe",
    "2:20 unsafe_var: var z is unsafe",
  ],
  ["p if { input.x := 1 }", "2:8 compile: cannot assign to ref"],
  ["p if { {x} := {1} }", "2:8 compile: cannot assign to set"],
  ["p if { f(x) := 1 }\nf(x) := x", "2:8 compile: cannot assign to call"],
  ["p if { x = y }", "2:8 unsafe_var: var x is unsafe", "2:12 unsafe_var: var y is unsafe"],
  ["p := x", "2:6 unsafe_var: var x is unsafe"],
  ["p contains x", "2:12 unsafe_var: var x is unsafe"],
  ["p[x] := 1", "2:3 unsafe_var: var x is unsafe"],
  ["p if not input.xs[_]", "2:19 unsafe_var: var _ is unsafe"],
  ["p if not x", "2:10 unsafe_var: var x is unsafe"],
  ["p if { x; not x }", "2:8 unsafe_var: var x is unsafe"],
  ["p if { q[x] with input as y }\nq[1] := 1", "2:27 unsafe_var: var y is unsafe"],
  [
    "p if true with foo as 1",
    "2:11 type: with keyword target must reference existing input, data, or a function",
  ],
  ["p if true with input.foo[x] as 1", "2:26 unsafe_var: var x is unsafe"],
  [
    'p if true with data.t.q.x as 1\nq := {"x": 1}',
    "2:16 compile: with keyword cannot partially replace virtual document(s)",
  ],
  ["p if true with count as nope", "2:25 unsafe_var: var nope is unsafe"],
  [
    "p if true with nope.foo as 1",
    "2:11 type: with keyword target must reference existing input, data, or a function",
  ],
  ["p if p", "2:1 recursion: rule data.t.p is recursive: data.t.p -> data.t.p"],
  [
    "p if q\nq if r\nr if p",
    "2:1 recursion: rule data.t.p is recursive: data.t.p -> data.t.q -> data.t.r -> data.t.p",
  ],
  ["p[x] := 1 if data.t[x]", "2:1 recursion: rule data.t.p[x] is recursive: data.t.p[x] -> data.t.p[x]"],
  ["f(x) := f(x)", "2:1 recursion: rule data.t.f is recursive: data.t.f -> data.t.f"],
  [
    "p := 1\np := 2\ndefault p := 3\ndefault p := 4",
    "5:9 type: multiple default rules data.t.p found at a:4:9, a:5:9",
  ],
  ["p := 1\np contains 2", "3:1 type: conflicting rules data.t.p found"],
  ["p := 1\np(x) := 2", "3:1 type: conflicting rules data.t.p found"],
  ["f(x) := 1\nf(x, y) := 1", "3:1 type: conflicting rules data.t.f found"],
  ["p.a := 1\np.a.b := 2", "2:1 type: rule data.t.p.a conflicts with rule data.t.p.a.b at a:3:1"],
  [
    "package t.p\nq := 1\n+++\npackage t\np := 1",
    "b:2:1 type: rule data.t.p conflicts with rule data.t.p.q at a:2:1",
    "1:1 type: package t.p conflicts with rule data.t.p defined at b:2:1",
  ],
];

const NAMES_TAKEN: readonly string[] = [
  "count(x) := 1\np := count(2)",
  "import data.foo\nfoo := 1\np := foo",
  "import input as foo\np := foo.x",
  "import input\np := input",
  "p if count([1], 1)",
  "p if { x := 1; every x in [1] { x } }",
  'p if true with data.t.q as 1\nq := {"x": 1}',
  "p if true with count as 1",
  "p if true with count as data.t.f\nf(x) := x",
  "p if true with count as f\nf(x) := x",
  "p if true with f as count\nf(x) := x",
  "p.a := 1\np[x].b := 2 if x := 1",
  "package t.p\nq := 1\n+++\npackage t\np.q := 1",
  "package t.p\nq := 1\n+++\npackage t\np.r := 1",
  'package t.p\nq := 1\n+++\npackage t\np[x] := 1 if x := "a"',
  "default p := [x | x := 1]",
];

const V0_REFUSED: Refused = [
  ["f(input) = 1", "2:3 compile: args must not shadow input (use a different variable name)"],
  ["p { print(x) }", "2:11 compile: var x is undeclared"],
  ['p { print("a", x, [y]) }', "2:16 compile: var x is undeclared", "2:20 compile: var y is undeclared"],
  ["f(data) = 1", "2:3 compile: args must not shadow data (use a different variable name)"],
  ["f([input]) = 1", "2:4 compile: args must not shadow input (use a different variable name)"],
  ['f({"a": data}) = 1', "2:9 compile: args must not shadow data (use a different variable name)"],
  ["f({data: 1}) = 1", "2:4 compile: args must not shadow data (use a different variable name)"],
  ["p { some x; true }", "2:10 compile: declared var x unused"],
];

const V0_TAKEN: readonly string[] = [
  "p { input := 1 }",
  "p { input := 1; input == 1 }",
  "p { data := 1; data == 1 }",
  "p { some input; input = 1 }",
  "input = 1",
  "data.x = 1",
  "import data.foo\nimport input.foo\np = foo",
  "import data.foo\nimport data.foo\np = foo",
  "p { [input, y] := [1, 2]; y; input }",
  "p[input] { input := 1 }",
  "p { any([true]) }",
  "p { x := 1 }",
  "p { x := 1; y = [z | z := 1; w := 2] }",
  "f(x, y) = 1",
  "p { all([1]); set_diff({1}, {2}) }",
  "import data.foo\np = 1",
  "import data.foo.bar as b\nimport data.foo.c\np = 1",
];

const STRICT_REFUSED: Refused = [
  ["p if { any([true]) }", "2:8 type: deprecated built-in function calls in expression: any"],
  ["p if { x := 1 }", "2:8 compile: assigned var x unused"],
  [
    "p if { x := 1; y = [z | z := 1; w := 2] }",
    "2:33 compile: assigned var w unused",
    "2:8 compile: assigned var x unused",
  ],
  [
    "f(x, y) := 1",
    "2:3 compile: unused argument x. (hint: use _ (wildcard variable) instead)",
    "2:6 compile: unused argument y. (hint: use _ (wildcard variable) instead)",
  ],
  ["import data.foo\np := 1", "2:1 compile: import data.foo unused"],
  [
    "import data.foo.bar as b\nimport data.foo.c\np := 1",
    "2:1 compile: import data.foo.bar as b unused",
    "3:1 compile: import data.foo.c unused",
  ],
  [
    "f(x) := 1 if { every x in [1] { x } }",
    "2:3 compile: unused argument x. (hint: use _ (wildcard variable) instead)",
  ],
  ["p if { y := 1; z := [x | x := y] }", "2:16 compile: assigned var z unused"],
  ["p if { [a, b] := [1, 2]; a }", "2:12 compile: assigned var b unused"],
  ["f(x) := 1 if { y := x } else := 2 if { x }", "2:16 compile: assigned var y unused"],
  ["f(x) := 1 if { true } else := 2 if { y := x }", "2:38 compile: assigned var y unused"],
  ["p := x if { x := 1; y := 2 }", "2:21 compile: assigned var y unused"],
  [
    "default f(x) := 1\nf(x) := 2",
    "2:11 compile: unused argument x. (hint: use _ (wildcard variable) instead)",
    "3:3 compile: unused argument x. (hint: use _ (wildcard variable) instead)",
  ],
  ["import data.foo\np if { foo := 1; foo }", "2:1 compile: import data.foo unused"],
  ["import data.foo\nf(foo) := foo", "2:1 compile: import data.foo unused"],
  ["import data.foo\np if { x := 1 with foo as 2 }", "3:8 compile: assigned var x unused"],
  ["import data.foo as count\np if { count([1]) }", "3:8 type: undefined function data.foo"],
];

const STRICT_TAKEN: readonly string[] = [
  "f(x, _) := x",
  "import rego.v1\nimport future.keywords.in\np := 1",
  "p if { some x in [1] }",
  "p if { some k, v in [1]; v }",
  "p if { http.send({}) }",
  "import input.foo\np if { foo.bar }",
];

const MORE_REFUSED: Refused = [
  [
    "p if { y := [z | z = x]; x := 2 }",
    "2:18 unsafe_var: var z is unsafe",
    "2:22 unsafe_var: var x is unsafe",
  ],
  ["p if { data.a[i] > f(i) }\nf(x) := x", "2:22 unsafe_var: var i is unsafe"],
  ["p if { count([1 | data.a[i]]) > data.a[i] }", "2:26 unsafe_var: var i is unsafe"],
  ["p if { f := 1; f.x(2) }", "2:16 type: undefined function f.x"],
  ["every_ if every x in x { x }\nx := [1]", "2:22 unsafe_var: var x is unsafe"],
  ["p := x if { [x] = [1]; x := 2 }", "2:24 compile: var x referenced above"],
  ['f([x, {"a": y}]) := 1 if y := 2', "2:26 compile: arg y redeclared"],
  ["f(input.x) := 1", "2:3 unsafe_var: var input is unsafe"],
  ["f(data.t.y) := 1\ny := 2", "2:3 unsafe_var: var data is unsafe"],
  ["f(count(x)) := 1", "2:3 compile: rule arguments cannot contain calls"],
  ["f(x) := 1 if true\nelse := 2 if x := 2", "3:14 compile: arg x redeclared"],
  ["p := 1 if { x := 2 } else := x if { true }", "2:30 unsafe_var: var x is unsafe"],
  ["p.a contains 1\np.a.b := 2", "2:1 type: rule data.t.p.a conflicts with rule data.t.p.a.b at a:3:1"],
  ["p.a contains 1\np.a[x] := 2 if x := 1", "3:1 type: conflicting rules data.t.p.a[x] found"],
  ["p contains 1\np[x] := 2 if x := 1", "3:1 type: conflicting rules data.t.p[x] found"],
  ["p := 1\np[x] := 2 if x := 1", "3:1 type: conflicting rules data.t.p[x] found"],
  ["p(x) := 1\np.a := 2", "2:1 type: rule data.t.p conflicts with rule data.t.p.a at a:3:1"],
  ["p(x) := 1\np[x] := 2 if x := 1", "3:1 type: conflicting rules data.t.p[x] found"],
  ["p.a := 2\np := 3", "3:1 type: rule data.t.p conflicts with rule data.t.p.a at a:2:1"],
  ["p.a(x) := 2\np.a.b(x) := 3", "2:1 type: rule data.t.p.a conflicts with rule data.t.p.a.b at a:3:1"],
  ["p.a(x) := 2\np[x] := 3 if x := 1", "3:1 type: rule data.t.p[x] conflicts with rule data.t.p.a at a:2:1"],
  ["p := 1\np.a contains 2", "2:1 type: rule data.t.p conflicts with rule data.t.p.a at a:3:1"],
  ["p contains 1\np.a contains 2", "2:1 type: rule data.t.p conflicts with rule data.t.p.a at a:3:1"],
  ["p[x] contains 1 if x := 1\np[x] := 1 if x := 1", "3:1 type: conflicting rules data.t.p[x] found"],
  ["p[x].y contains 1 if x := 1\np[x].y := 1 if x := 1", "3:1 type: conflicting rules data.t.p[x].y found"],
  ["default p := 1\np contains 2", "3:1 type: conflicting rules data.t.p found"],
  ["default p := 1\np[x] := 1 if x := 1", "3:1 type: conflicting rules data.t.p[x] found"],
  ["default p := 1\np(x) := 1", "3:1 type: conflicting rules data.t.p found"],
  ["default p := 1\np.a := 1", "2:9 type: rule data.t.p conflicts with rule data.t.p.a at a:3:1"],
  ["default p(x) := 1\np := 1", "3:1 type: conflicting rules data.t.p found"],
  ["default p(x) := 1\np(x, y) := 1", "3:1 type: conflicting rules data.t.p found"],
  ["default p(x) := 1\ndefault p(y) := 1", "3:9 type: multiple default rules data.t.p found at a:2:9, a:3:9"],
  [
    "package a.b\np.q := 1\n+++\npackage a\nb.p := 2",
    "b:2:1 type: rule data.a.b.p conflicts with rule data.a.b.p.q at a:2:1",
  ],
  [
    "package a.b\np.q := 1\n+++\npackage a.b.p\nq.r := 2",
    "2:1 type: rule data.a.b.p.q conflicts with rule data.a.b.p.q.r at b:2:1",
  ],
  [
    "package a.b\np.q := 1\n+++\npackage a.b.p.q\nr := 2",
    "2:1 type: rule data.a.b.p.q conflicts with rule data.a.b.p.q.r at b:2:1",
    "b:1:1 type: package a.b.p.q conflicts with rule data.a.b.p.q defined at a:2:1",
  ],
  [
    "package a.b\np contains 1\n+++\npackage a.b.p\nr := 2",
    "2:1 type: rule data.a.b.p conflicts with rule data.a.b.p.r at b:2:1",
    "b:1:1 type: package a.b.p conflicts with rule data.a.b.p defined at a:2:1",
  ],
  [
    "package a.b\np(x) := 1\n+++\npackage a.b.p\nr := 2",
    "2:1 type: rule data.a.b.p conflicts with rule data.a.b.p.r at b:2:1",
    "b:1:1 type: package a.b.p conflicts with rule data.a.b.p defined at a:2:1",
  ],
  ["p if { x = 1; x = y; some y }", "2:27 compile: var y referenced above"],
  ["p if { [x | some x] }", "2:9 unsafe_var: var x is unsafe"],
  ["p if { x := x }", "2:8 compile: var x referenced above"],
  ["p if { some x in x }", "2:13 compile: var x assigned before"],
  ["p if { some x in [x] }", "2:13 compile: var x assigned before"],
  ["p if { x := 1; some x in [1] }", "2:21 compile: var x assigned above"],
  ["p if { x = 1; some x in [1] }", "2:20 compile: var x referenced above"],
  ["p if { some x in [1]; x := 1 }", "2:23 compile: var x declared above"],
  ["p if { some x in [1]; some x in [2] }", "2:28 compile: var x declared above"],
  ["p if { some x; x = 1; some x in [2] }", "2:28 compile: var x declared above"],
  ["p if { some {y: z} in [{1: 2}]; z }", "2:14 unsafe_var: var y is unsafe"],
  ["p if { every x, x in [1] { x } }", "2:17 compile: var x declared above"],
  ["p if { every _, v in [1] { true } }", "2:17 compile: declared var v unused"],
  ["p if { every x in [1] { every x in [2] { x } } }", "2:14 compile: declared var x unused"],
];

const MORE_TAKEN: readonly string[] = [
  "p if { y := [z | z = [1,2][x]]; x := 2 }",
  "f(x) := [x | x := 2]",
  "y := 2\nf(y) := y",
  "f([y | y := 1]) := 1",
  "f({y}) := 1",
  "f({x: y}) := 1",
  'f({"a": y, x: 2}, x) := y',
  "f(x) := 1 if x\nelse := y if y := x",
  "p := 1 if { x := 2 } else := x if { x := 3 }",
  "p := [i, input.xs[i]]",
  "p := [i, input.xs[i]] if i",
  "p := {i: input.xs[i]} if { true } else := input.ys[i]",
  "p contains [i, input.xs[i]]",
  "p[input.xs[i]] := i",
  "p[input.xs[i]].q contains i",
  "p[[x, y]] := 1 if { x := 1; y := 2}",
  "p[f(x)] := 1 if x := 1\nf(x) := x",
  "p[1] := 2\np.a := 2",
  "p.a.b[x] := 1 if x := 1\np.a.c := 2",
  "p.a(x) := 2\np.b := 3",
  "default p.a := 1\np.a := 2",
  "package a.b\np[x] := 1 if x := 1\n+++\npackage a.b.p.q\nr := 2",
  "p if { some x; [y | y = x] ; x = 1}",
  "p if { some x; [x | x = 1] }",
  "p if { x := 1; y := [x | x := x] }",
  "p if { x := 1; y := [x | z := x; x := 2] }",
  "p if { some x, x in [1] }",
  "p if { some [x, x] in [[1,1]] }",
  "p if { some 1 in [1] }",
  "p if { some input.x in [1] }",
  "p if { y := 1; some {y: z} in [{1: 2}]; z }",
  "p if { every _, _ in [1] { true } }",
  "p if { every x in [1] { y = x }; y = 2 }",
  "p if { every x in [1] { some y in [x]; y }; y = 2 }",
  "p if { every x in [1] { y := x }; y := 2 }",
  "p if { x := 1; every k, y in [x] { k; y; x := 2 } }",
];

const REPLACING_REFUSED: Refused = [
  ["p if { [1, x] := [1, 2] }", "2:9 compile: cannot assign to number"],
  ["p if { not x := 1 }", "2:12 compile: cannot assign vars inside negated expression"],
  ["p if { not x := 1; x }", "2:12 compile: cannot assign vars inside negated expression"],
  ["p if { [data, x] := [1] }", "2:9 unsafe_var: var data is unsafe", "2:15 unsafe_var: var x is unsafe"],
  ["p := x if { x := print(1) }", "2:18 type: print(1) used as value"],
  ["p if { [print(1)] }", "2:9 type: print(1) used as value"],
  ["u if { x > 1 }\np if count([1], 1, 3)", "3:6 type: count: arity mismatch"],
  ["x0 if x0\np if count([1], 1, 3)", "3:6 type: count: arity mismatch"],
  ["x0 if x0\np if q(1)\nq := 1", "2:1 recursion: rule data.t.x0 is recursive: data.t.x0 -> data.t.x0"],
  ["p if q(1)\nq := 1", "2:6 type: undefined function data.t.q"],
  ["p if q(1)\nq contains 1", "2:6 type: undefined function data.t.q"],
  ['p if q.a(1)\nq := {"a": 1}', "2:6 type: undefined function data.t.q.a"],
  ["p if q.a(1)\nq[x] := 1 if x := 1", "2:6 type: undefined function data.t.q.a"],
  ["p if data.nope(1)", "2:6 type: undefined function data.nope"],
  ["p if data.nope.f(1)", "2:6 type: undefined function data.nope.f"],
  ["p if input.f(1)", "2:6 type: undefined function input.f"],
  ["p[x] contains 1 if x := 1\np[y] := 1 if y := 1", "3:1 type: conflicting rules data.t.p[y] found"],
  ["p[x] contains 1 if x := 1\np[y].z := 1 if y := 1", "3:1 type: conflicting rules data.t.p[y].z found"],
  [
    "package t.p\n+++\npackage t\np := 1",
    "1:1 type: package t.p conflicts with rule data.t.p defined at b:2:1",
  ],
  [
    "package t.p\nf(x) := 1\n+++\npackage t\np[x] := 1 if x := 1",
    "b:2:1 type: rule data.t.p[x] conflicts with rule data.t.p.f at a:2:1",
  ],
  [
    "package t.p\nf(x) := 1\n+++\npackage t\np[x].y := 1 if x := 1",
    "b:2:1 type: rule data.t.p[x].y conflicts with rule data.t.p.f at a:2:1",
  ],
  [
    "p.a[x] := 1 if x := 1\np.a.b(x) := 1",
    "2:1 type: rule data.t.p.a[x] conflicts with rule data.t.p.a.b at a:3:1",
  ],
  ["p if true with f as g\nf(x) := x\ng(x, y) := x", "2:11 type: data.t.f: arity mismatch"],
  ["p if true with count as g\ng(x, y) := x", "2:11 type: count: arity mismatch"],
  ["p if true with count as plus", "2:11 type: count: arity mismatch"],
  [
    "p if true with count as 1 with data as 2 with input as 3",
    "2:1 recursion: rule data.t.p is recursive: data.t.p -> data.t.p",
  ],
  ["p if true with data.x[y] as 1", "2:23 unsafe_var: var y is unsafe"],
  [
    "p if true with q.a as 1\nq contains 2",
    "2:16 compile: with keyword cannot partially replace virtual document(s)",
  ],
  [
    "p if true with q.a as 1\nq[x] := 2 if x := 1",
    "2:16 compile: with keyword cannot partially replace virtual document(s)",
  ],
  ["p if true with data.t.q[x] as 1\nq.a := 2", "2:25 unsafe_var: var x is unsafe"],
  ["p if true with data.t as 1", "2:1 recursion: rule data.t.p is recursive: data.t.p -> data.t.p"],
  [
    "p if true with data.t.q.a.b as 1\nq.a := 1",
    "2:16 compile: with keyword cannot partially replace virtual document(s)",
  ],
  [
    "p if true with x as 1",
    "2:11 type: with keyword target must reference existing input, data, or a function",
  ],
  [
    "p if { x := 1; true with x as 1 }",
    "2:21 type: with keyword target must reference existing input, data, or a function",
  ],
  [
    "p if true with print as 1",
    "2:16 compile: with keyword replacing built-in function: target must not be a void function",
  ],
  [
    "p if true with internal.print as 1",
    '2:16 compile: with keyword replacing built-in function: replacement of internal function "internal.print" invalid',
  ],
  [
    "p if true with eq as 1",
    '2:16 compile: with keyword replacing built-in function: replacement of "eq" invalid',
  ],
  [
    "p if true with walk as 1",
    "2:16 compile: with keyword replacing built-in function: target must not be a relation",
  ],
  [
    "p if true with rego.metadata.rule as 1",
    '2:16 compile: with keyword replacing built-in function: replacement of "rego.metadata.rule" invalid',
  ],
  [
    "p if true with nofn as q\nq(x) := 1",
    "2:11 type: with keyword target must reference existing input, data, or a function",
  ],
];

const REPLACING_TAKEN: readonly string[] = [
  "p if { some input; input = 1 }",
  "p if { some input in [1] }",
  "p if { [input] := [1] }",
  "p[x] contains 1 if x := 1\np.a contains 1",
  "p[x] contains 1 if x := 1\np.a := 1",
  "p[x] := 1 if x := 1\np.a contains 1",
  "p[x] := 1 if x := 1\np.a.b.c contains 1",
  "p if true with input as input.x",
  "p if true with data.t.f as 1\nf(x) := x",
  "p if true with f as 1\nf(x) := x",
  "p if true with data.x[1] as 1",
  "p if true with q as 1\nq contains 2",
  "p if true with q.a as 1\nq.a := 2",
  "p if true with q as 1\nq.a := 2",
  "p if true with data.t.q as 1\nq := 1",
  'p if { x := "a"; true with data.x[x] as 1 }',
  "p if true with input.x.y as 1",
  'p if true with http.send as {"a": 1}',
  "p if true with count as count",
  "p if true with count as data.nope",
  "p if true with count as input",
  "p if true with count as q\nq := 1",
  "p if true with data.nope.f as q\nq(x) := 1",
  "p if true with q as data.t.h\nq(x) := 1\nh(x) := x",
];

const BINDING_REFUSED: Refused = [
  ['p := $"{input.xs[i]}"', "2:18 compile: var i is undeclared"],
  ['p := $"{input.xs[_]}"', "2:18 compile: var _ is undeclared"],
  ['p if { $"{input.xs[i]}"; i > 1 }', "2:20 compile: var i is undeclared"],
  ['p if { $"{input.xs[i]}"; i := 1 }', "2:26 compile: var i referenced above"],
  ["p if { {y} = input.x }", "2:9 unsafe_var: var y is unsafe"],
  ["p if { plus(1, x, 2) }", "2:16 unsafe_var: var x is unsafe"],
  ['p if { {"a": x} = {"b": 1} }', "2:14 unsafe_var: var x is unsafe"],
  ["p if { x = [y | y = x] }", "2:21 unsafe_var: var x is unsafe"],
  ["p if { y = [y | y = 1] }", "2:13 unsafe_var: var y is unsafe"],
  ["p if { not f(input.xs[i]) }\nf(x) := x", "2:23 unsafe_var: var i is unsafe"],
  ["p if { every x in [1] { x > i } }", "2:29 unsafe_var: var i is unsafe"],
  ["p contains x if { some x }", "2:12 unsafe_var: var x is unsafe"],
  ["p contains x if { some x; x }", "2:27 unsafe_var: var x is unsafe"],
];

const BINDING_TAKEN: readonly string[] = [
  "p if { x = {y}; y = 1 }",
  "f() := 1\np if f",
  "p[x](y) := 1 if x := 1",
  "p := 1 if { f(1, x); x > 1 }\nf(x) := x",
  "p if { plus(1, 2, x); x == y; y = 3 }",
  "p if { walk(input, [x, y]) }",
  "p if { walk(z, [x, y]); z = 1 }",
  "p if { [x, f(y)] = [y, 1] ; y = 2 }\nf(x) := x",
  'p if { {"a": x, "b": x + 1} = {"a": 1, "b": 2} }',
  "p if { x = y; y = x; x = 1 }",
  "p if { [x, 1] = [y, x] }",
  'p if { {"a": x} = input }',
  "p if { {input.a: x} = {input.a: 1} }",
  "p if { {input.a: x} = input.b }",
  "p if { [x] = [y | y = 1] }",
  "p if { x = input[x] }",
  "p if { x = input[y]; y = x }",
  "p if { input.a[input.b[i]] == i }",
  "p if { i = 1; [y | y = input[i]; i = 2] }",
  "p if { [y | y = i] ; i = 1}",
  "p if { [i | input[i]]; input[i] }",
  "p if { true with input as input.xs[i]; i > 1 }",
  "p if { true with input as [i]; i = 1 }",
  "p if { not count(f(input.xs[i])) > 1 }\nf(x) := x",
  "p if { some x; not x = 1; x = 2 }",
  "p if { every x in input.xs[i] { x > i } }",
  "p if { every x in y { x > i }; y = [1] ; i = 2 }",
  "p := f if { f = 1 }",
  "p if { count(x, y); x = [1] ; y > 1}",
  "p if input.xs[[a, b]] == a",
  "p if input.xs[{a}] == a",
  "p if { x := input; x.foo[y].bar[z]; z == y }",
  "p if { [1,2][i] == i }",
  "p if { f(input)[i] == i }\nf(x) := x",
];

const RECURSION_REFUSED: Refused = [
  ["p if data", "2:1 recursion: rule data.t.p is recursive: data.t.p -> data.t.p"],
  ["p if data[x]", "2:1 recursion: rule data.t.p is recursive: data.t.p -> data.t.p"],
  ["p if data[x].p", "2:1 recursion: rule data.t.p is recursive: data.t.p -> data.t.p"],
  ["p if data[x][y]", "2:1 recursion: rule data.t.p is recursive: data.t.p -> data.t.p"],
  ["p if data[x][y].z", "2:1 recursion: rule data.t.p is recursive: data.t.p -> data.t.p"],
  ["p if data.t[x]", "2:1 recursion: rule data.t.p is recursive: data.t.p -> data.t.p"],
  ["p if data.t[x].y", "2:1 recursion: rule data.t.p is recursive: data.t.p -> data.t.p"],
  ["p[x].y := 1 if data.t.p.a.z", "2:3 unsafe_var: var x is unsafe"],
  ["p[x].y := 1 if data.t.p.a.y", "2:3 unsafe_var: var x is unsafe"],
  [
    'p[x] := y if { x := "a"; y := data.t.p.b }',
    "2:1 recursion: rule data.t.p[x] is recursive: data.t.p[x] -> data.t.p[x]",
  ],
  ["p.a := data.t.p", "2:1 recursion: rule data.t.p.a is recursive: data.t.p.a -> data.t.p.a"],
  ["p.a := data.t.p[x]", "2:1 recursion: rule data.t.p.a is recursive: data.t.p.a -> data.t.p.a"],
  ["p := count(data)", "2:1 recursion: rule data.t.p is recursive: data.t.p -> data.t.p"],
  ["p if { true with data as 1 }", "2:1 recursion: rule data.t.p is recursive: data.t.p -> data.t.p"],
  ["p if { input with data as {} }", "2:1 recursion: rule data.t.p is recursive: data.t.p -> data.t.p"],
  ["p if { data.foo with data as {} }", "2:1 recursion: rule data.t.p is recursive: data.t.p -> data.t.p"],
  ["p if { q with data as {} }\nq := 1", "2:1 recursion: rule data.t.p is recursive: data.t.p -> data.t.p"],
  ["p if { q with data.t as {} }\nq := 1", "2:1 recursion: rule data.t.p is recursive: data.t.p -> data.t.p"],
  [
    "p if { q with data.t.p as {} }\nq := 1",
    "2:1 recursion: rule data.t.p is recursive: data.t.p -> data.t.p",
  ],
  [
    "p if { q with data.t.q as {} }\nq := data.t.p",
    "2:1 recursion: rule data.t.p is recursive: data.t.p -> data.t.q -> data.t.p",
  ],
  [
    "p if { data.t.q with data.t.q as {} }\nq := data.t.p",
    "2:1 recursion: rule data.t.p is recursive: data.t.p -> data.t.q -> data.t.p",
  ],
  [
    "p[x] := y if { x := data[_]; y := 1 }",
    "2:1 recursion: rule data.t.p[x] is recursive: data.t.p[x] -> data.t.p[x]",
  ],
  ["p := {k: v | v := data[k]}", "2:1 recursion: rule data.t.p is recursive: data.t.p -> data.t.p"],
  ["package a.b\np := data.a[x]", "2:1 recursion: rule data.a.b.p is recursive: data.a.b.p -> data.a.b.p"],
  ["package a.b\np := data.a[x].p", "2:1 recursion: rule data.a.b.p is recursive: data.a.b.p -> data.a.b.p"],
  [
    "p[x][y] := 1 if { x := 1; y := data.t.p[x][2] }",
    "2:1 recursion: rule data.t.p[x][y] is recursive: data.t.p[x][y] -> data.t.p[x][y]",
  ],
  ["p := x if { x := data; x.foo }", "2:1 recursion: rule data.t.p is recursive: data.t.p -> data.t.p"],
  ["f(x) := data[x]", "2:1 recursion: rule data.t.f is recursive: data.t.f -> data.t.f"],
  ["p := data.t[input.x]", "2:1 recursion: rule data.t.p is recursive: data.t.p -> data.t.p"],
  ["p := data[input.x]", "2:1 recursion: rule data.t.p is recursive: data.t.p -> data.t.p"],
  ["p := data[input.x].p", "2:1 recursion: rule data.t.p is recursive: data.t.p -> data.t.p"],
  ['p := data["t"].p', "2:1 recursion: rule data.t.p is recursive: data.t.p -> data.t.p"],
  ['p := data.t["p"]', "2:1 recursion: rule data.t.p is recursive: data.t.p -> data.t.p"],
  ['p := data[x] if x := "t"', "2:1 recursion: rule data.t.p is recursive: data.t.p -> data.t.p"],
  ['p := data.t[x] if { x == "foo"; some x }', "2:38 compile: var x referenced above"],
  [
    'p := data.t[x] if { some x; x == "foo" }',
    "2:1 recursion: rule data.t.p is recursive: data.t.p -> data.t.p",
  ],
  [
    'p := data.t[x] if { x := lower("foo") }',
    "2:1 recursion: rule data.t.p is recursive: data.t.p -> data.t.p",
  ],
  [
    'p := data.t[x] if { x := concat("", ["f", "oo"]) }',
    "2:1 recursion: rule data.t.p is recursive: data.t.p -> data.t.p",
  ],
  [
    'p := data.t[x] if { some x; data.foo[x]; x != "p" }',
    "2:1 recursion: rule data.t.p is recursive: data.t.p -> data.t.p",
  ],
  [
    'p := data.t[x] if { data.t[x]; x == "foo" }',
    "2:1 recursion: rule data.t.p is recursive: data.t.p -> data.t.p",
  ],
  ['p := data.t[x] if { x == "foo" }', "2:1 recursion: rule data.t.p is recursive: data.t.p -> data.t.p"],
  ['p if { data.t[x]; x = "foo" }', "2:1 recursion: rule data.t.p is recursive: data.t.p -> data.t.p"],
  [
    'p if { y := [z | x := "foo"; z := data.t[x]] }',
    "2:1 recursion: rule data.t.p is recursive: data.t.p -> data.t.p",
  ],
  [
    'p if { y := [z | x := "foo"; z := data.t[x]]; data.t[w] }',
    "2:1 recursion: rule data.t.p is recursive: data.t.p -> data.t.p",
  ],
  [
    'p if { not x_ }\nx_ if { x := "p"; data.t[x] }',
    "2:1 recursion: rule data.t.p is recursive: data.t.p -> data.t.x_ -> data.t.p",
  ],
  ['p := data.t[x] if { [x] = ["foo"] }', "2:1 recursion: rule data.t.p is recursive: data.t.p -> data.t.p"],
  [
    'p := data.t[x] if { {"a": x} = {"a": "foo"} }',
    "2:1 recursion: rule data.t.p is recursive: data.t.p -> data.t.p",
  ],
  ['p := data.t[x] if { [x] := ["foo"] }', "2:1 recursion: rule data.t.p is recursive: data.t.p -> data.t.p"],
  [
    "p := data.t[x] if { x := input.x; is_number(x) }",
    "2:1 recursion: rule data.t.p is recursive: data.t.p -> data.t.p",
  ],
  [
    "p := data.t[x] if { x := count(input) }",
    "2:1 recursion: rule data.t.p is recursive: data.t.p -> data.t.p",
  ],
  [
    'p := data.t[x] if { x := input.foo; x == "foo" }',
    "2:1 recursion: rule data.t.p is recursive: data.t.p -> data.t.p",
  ],
  [
    'f(x) := data.t[x]\np := f("q")\nq := 1',
    "2:1 recursion: rule data.t.f is recursive: data.t.f -> data.t.f",
  ],
  [
    'f("q") := 1\nf(x) := data.t[x] if x == "q"\nq := 1',
    "2:1 recursion: rule data.t.f is recursive: data.t.f -> data.t.f",
  ],
  [
    'p := data.t[x] if { x = "foo" with input as 1 }',
    "2:1 recursion: rule data.t.p is recursive: data.t.p -> data.t.p",
  ],
  [
    'q := data.t[x] if { x := "foo" } else := data.t[y]',
    "2:1 recursion: rule data.t.q is recursive: data.t.q -> data.t.q",
  ],
  [
    'p[x] := data.t.p[y] if { x := "foo"; y := "b" }',
    "2:1 recursion: rule data.t.p[x] is recursive: data.t.p[x] -> data.t.p[x]",
  ],
  ['a := [data.t[x] | x := "foo"]', "2:1 recursion: rule data.t.a is recursive: data.t.a -> data.t.a"],
  ['a := {x: data.t[x] | x := "foo"}', "2:1 recursion: rule data.t.a is recursive: data.t.a -> data.t.a"],
  [
    'a if { x := "foo"; y := data.t[x]; z := data.t[y] }',
    "2:1 recursion: rule data.t.a is recursive: data.t.a -> data.t.a",
  ],
  [
    'a if { x := data.t.b; data.t[x] }\nb := "c"',
    "2:1 recursion: rule data.t.a is recursive: data.t.a -> data.t.a",
  ],
  ['a if { x := b; data.t[x] }\nb := "a"', "2:1 recursion: rule data.t.a is recursive: data.t.a -> data.t.a"],
  [
    'a if { every x in ["b"] { data.t[x] } }',
    "2:1 recursion: rule data.t.a is recursive: data.t.a -> data.t.a",
  ],
  [
    'a if { every x in ["b"] { y := "c"; data.t[y] } }',
    "2:1 recursion: rule data.t.a is recursive: data.t.a -> data.t.a",
    "2:14 compile: declared var x unused",
  ],
  ['a if { x := "b"; every z in ["b"] { data.t[x] } }', "2:24 compile: declared var z unused"],
  ['a if { x := $"b"; data.t[x] }', "2:1 recursion: rule data.t.a is recursive: data.t.a -> data.t.a"],
  ['a if { "foo" == x; data.t[x] }', "2:1 recursion: rule data.t.a is recursive: data.t.a -> data.t.a"],
  ['a if { x = y; y = "foo"; data.t[x] }', "2:1 recursion: rule data.t.a is recursive: data.t.a -> data.t.a"],
  ['a if { x = y; data.t[x]; y = "foo" }', "2:1 recursion: rule data.t.a is recursive: data.t.a -> data.t.a"],
  [
    'a if { some x, _ in {"foo": "bar"}; data.t[x] }',
    "2:1 recursion: rule data.t.a is recursive: data.t.a -> data.t.a",
  ],
  [
    'a if { some x, _ in ["foo"]; data.t[x] }',
    "2:1 recursion: rule data.t.a is recursive: data.t.a -> data.t.a",
  ],
  ['a if { some x in ["a"]; data.t[x] }', "2:1 recursion: rule data.t.a is recursive: data.t.a -> data.t.a"],
  [
    'a if { some x in ["foo", input.x]; data.t[x] }',
    "2:1 recursion: rule data.t.a is recursive: data.t.a -> data.t.a",
  ],
  ["a if { x := [input.y]; data.t[x] }", "2:1 recursion: rule data.t.a is recursive: data.t.a -> data.t.a"],
  ['a if { {"foo"}[x]; data.t[x] }', "2:1 recursion: rule data.t.a is recursive: data.t.a -> data.t.a"],
  ['a if { data.t[lower("foo")] }', "2:1 recursion: rule data.t.a is recursive: data.t.a -> data.t.a"],
  [
    'a if { x = "a"; x = "foo"; data.t[x] }',
    "2:1 recursion: rule data.t.a is recursive: data.t.a -> data.t.a",
  ],
  ["a if { x := [1 | true]; data.t[x] }", "2:1 recursion: rule data.t.a is recursive: data.t.a -> data.t.a"],
  ["a if { x := {1 | true}; data.t[x] }", "2:1 recursion: rule data.t.a is recursive: data.t.a -> data.t.a"],
  [
    'a if { every x in ["foo"] { x }; data.t[z]; z = "a" }',
    "2:1 recursion: rule data.t.a is recursive: data.t.a -> data.t.a",
  ],
  [
    'a if { every x in ["foo"] { data.t[y]; y = x }; y := "foo" }',
    "2:1 recursion: rule data.t.a is recursive: data.t.a -> data.t.a",
  ],
  [
    "a if { x := numbers.range(1, 2); data.t[x] }",
    "2:1 recursion: rule data.t.a is recursive: data.t.a -> data.t.a",
  ],
  ["a if { x := 1 + 2; data.t[x] }", "2:1 recursion: rule data.t.a is recursive: data.t.a -> data.t.a"],
  ["a if { plus(1, 2, x); data.t[x] }", "2:1 recursion: rule data.t.a is recursive: data.t.a -> data.t.a"],
  [
    'a if { f("foo", x); data.t[x] }\nf(x) := x',
    "2:1 recursion: rule data.t.a is recursive: data.t.a -> data.t.a",
  ],
  ["a if { x := input; data.t[x] }", "2:1 recursion: rule data.t.a is recursive: data.t.a -> data.t.a"],
  ["a if { walk({}, [x, y]); data.t[x] }", "2:1 recursion: rule data.t.a is recursive: data.t.a -> data.t.a"],
  ['a := [x | x := "foo"; data.t[x]]', "2:1 recursion: rule data.t.a is recursive: data.t.a -> data.t.a"],
  [
    'a if { data.t[x] } else if { x := "foo"; data.t[x] }',
    "2:1 recursion: rule data.t.a is recursive: data.t.a -> data.t.a",
  ],
  [
    'a if { x := "foo"; x; y := {z | some z in ["foo"]; data.t[z]} }',
    "2:1 recursion: rule data.t.a is recursive: data.t.a -> data.t.a",
  ],
  [
    'a if { y := {z | some z in ["foo"]; data.t[z]} }',
    "2:1 recursion: rule data.t.a is recursive: data.t.a -> data.t.a",
  ],
  ["a[x] if data.t[x]", "2:1 recursion: rule data.t.a[x] is recursive: data.t.a[x] -> data.t.a[x]"],
  ['a if { x := data.t[y]; y := "foo" }', "2:24 compile: var y referenced above"],
  [
    'a if { some i, x in ["foo"]; data.t[i]; data.t[x] }',
    "2:1 recursion: rule data.t.a is recursive: data.t.a -> data.t.a",
  ],
];

const RECURSION_TAKEN: readonly string[] = [
  "p if data[x].y",
  "p if data[x].t",
  "p if data.foo[x]",
  "p[x] if data.foo[x]",
  "p[x].y := 1 if data.t.p[x].z",
  "p.a := data.t.p.b",
  "p if { true with data.x as 1 }",
  "package a.b\np := data.a[x].q",
  "p := x if { x := data.foo; x.bar }",
  "f(x) := data[x].t",
  "p := data.t[1]",
  "p := data[1]",
  'p := data.t[["p"]]',
  'p := data[x] if x := "foo"',
  'p := data.t[x] if x := "foo"',
  'p := data.t[x] if x = "foo"',
  'p := data.t[x] if { x := "foo" ; x == "bar" }',
  'p := data.t[x] if { some x in ["foo"] }',
  'p := data.t[x] if { x := ["foo"][_] }',
  'p := data.t[x] if { x := ["foo"][0] }',
  'p := data.t[x] if { y := "foo"; x := y }',
  'p if { x = "foo"; data.t[x] }',
  'p if { x := "foo"; not data.t[x] }',
  'p if { x := "foo"; y := [z | z := data.t[x]] }',
  'p := data.t[x] if { x := ["foo", "bar"][_] }',
  "p := data.t[x] if { x := 1 }",
  'p := data.t[x] if { x := {"a": 1} }',
  'f(x) := data.t[x] if x = "q"\nq := 1',
  'p := data.t[x] if { not x = "foo"; x = "bar" }',
  'p := data.t[x] if { every y in ["foo"] { x = y }; x := "a" }',
  'p := data.t[x].y if x := "q"\nq := 1',
  'p := data.t[x][y] if { x := "q"; y := "p" }\nq := 1',
  'p := data[y][x] if { x := "q"; y := "t" }\nq := 1',
  'p := data[y][x] if { x := "q" }\nq := 1',
  'q := 2 if { false } else := data.t[x] if { x := "foo" }',
  'q := data.t[x] if { x := "foo" } else := data.t[x] if { x := "a"; true }',
  'p[x] := 1 if { x := "foo"; data.t[x] }',
  'p[x] := data.t[y] if { x := "foo"; y := "b" }',
  'p contains data.t[x] if { x := "foo" }',
  'p := q[x] if { x := "foo" }\nq[y] := data.t[y] if { y := "bar" }',
  'a if { some i; x := ["foo"][i]; data.t[x] }',
  "a if { x := true; data.t[x] }",
  "a if { x := null; data.t[x] }",
  'a if { x := {"a"}; data.t[x] }',
  'a if { data.t["b"]; x := `b`; data.t[x] }',
  'a if { x := "b"; data.t[x] with input as 1 }',
  'a if { x := "foo"; true with input as data.t[x] }',
  'a if { x := "foo"; [1 | true with input as data.t[x]] }',
  'a if { "foo" = x; data.t[x] }',
  'a if { some x in {"foo"}; data.t[x] }',
  'a if { some x in {"foo": "bar"}; data.t[x] }',
  'a if { some x, y in ["foo"]; data.t[y] }',
  'a if { some x in ["foo", 1, {"a": 1}]; data.t[x] }',
  'a if { x := {"foo"}[_]; data.t[x] }',
  'a if { x := {"q": "foo"}[_]; data.t[x] }',
  'a if { x := {"q": "foo"}.q; data.t[x] }',
  'a if { x := {"q": ["foo"]}.q[_]; data.t[x] }',
  'a if { y := ["foo"]; x := y[_]; data.t[x] }',
  'a if { y := ["foo"]; some x in y; data.t[x] }',
  'a if { y := {"x": "foo"}; data.t[y.x] }',
  'a if { data.t[["foo"][0]] }',
  'a if { data.t[["foo"][_]] }',
  'a if { x := ["foo"][input.i]; data.t[x] }',
  "a if { x := [1, 2]; data.t[x[0]] }",
  'a if { x = "foo"; x = "a"; data.t[x] }',
  'a if { x := "foo"; y = x; data.t[y] }',
  'a if { x := "foo"; x = y; data.t[y] }',
  'a if { "foo" in ["foo"]; x := "foo"; data.t[x].y[x] }',
  "a if { x := -1; data.t[x] }",
  'a if { x := {"foo": 1}; data.t[x[y]] }',
];

const FUNCTIONS_REFUSED: Refused = [
  ["q := input.x\np := q(1)", "3:6 type: function data.t.q has arity 0, got 1 argument"],
  ["q := input.x\np := q.a(1)", "3:6 type: undefined function data.t.q.a"],
  ["q := input.x\np := q.a()", "3:6 type: undefined function data.t.q.a"],
  ['q := {"a": input.x}\np := q.a()', "3:6 type: undefined function data.t.q.a"],
  ["q[x] := input.x if x := 1\np := q.a()", "3:6 type: undefined function data.t.q.a"],
  ["p := input.x()", "2:6 type: undefined function input.x"],
  ["p := data.foo()", "2:6 type: undefined function data.foo"],
  ["p := data.foo.bar()", "2:6 type: undefined function data.foo.bar"],
  ["f(x) := [x | z := x; x := 2]", "2:22 compile: var x referenced above"],
  ["f(x) := [x | 1 with input as x; x := 2]", "2:33 compile: var x referenced above"],
  ["p if { y := 1 with input as x; x := 2 }", "2:32 compile: var x referenced above"],
  ["p := eq(1, 1)", "2:6 unsafe_var: expression is unsafe"],
  ["p := eq(x, 1)", "2:6 unsafe_var: expression is unsafe"],
  ["p if { x := assign(y, 1) }", "2:13 unsafe_var: expression is unsafe", "2:8 unsafe_var: var x is unsafe"],
  ["p if { assign(y, 1, 2); y }", "2:15 unsafe_var: var y is unsafe"],
  ["p if { eq(y, 1, 2); y }", "2:11 unsafe_var: var y is unsafe"],
  ["p if { eq(y) }", "2:8 type: eq: arity mismatch"],
];

const FUNCTIONS_TAKEN: readonly string[] = [
  "p if { x := 1; y := [x | z := [x]; x := 2] }",
  "p if { x := 1; y := [x | z := 1 with input as x; x := 2] }",
  "p if { x := 1; y := [x | z := 1 with input as [x]; x := 2] }",
  "p if { x := 1; y := [x | z = 1 with input as [x]; x := 2] }",
  "p if { x := 1; y := [x | 1 with input as [x]; x := 2] }",
  "p if { x := 1; y := [x | 1 == 1 with input as x; x := 2] }",
  "p if { x := 1; y := [x | z := abs(x); x := 2] }",
  "p if { x := 1; y := [x | x == 1; x := 2] }",
  "p if { x := 1; y := [x | x; x := 2] }",
  "p if { x := 1; y := [x | data.foo[x]; x := 2] }",
  "p if { x := 1; y := [x | some z in [x]; x := 2] }",
  "p if { x := 1; y := [x | every z in [x] {z}; x := 2] }",
  "p if { x := 1; y := [x | [q | q := x]; x := 2] }",
  'p if { x := 1; y := [x | z := {"a": x}; x := 2] }',
  'p if { x := 1; y := [x | z := 1 with input as {"a": x}; x := 2] }',
  'f() := 1\np if lower("a") with lower as f',
  'f() := 1\np if lower("a") with lower as data.t.f',
  'f := 1\np if lower("a") with lower as data.t.f',
  "p if not eq(1, 1)",
  "p if { assign(y, 1); y }",
  "p if { y := equal(1, 1) }",
];

refuses("names, calls and variables", NAMES_REFUSED);
takes("names, calls and variables", NAMES_TAKEN);
refuses("names of v0", V0_REFUSED, { dialect: "v0" });
takes("names of v0", V0_TAKEN, { dialect: "v0" });
refuses("what strict mode checks", STRICT_REFUSED, { strict: true });
takes("what strict mode checks", STRICT_TAKEN, { strict: true });
refuses("scopes, heads and conflicts", MORE_REFUSED);
takes("scopes, heads and conflicts", MORE_TAKEN);
refuses("with, and rules beside rules", REPLACING_REFUSED);
takes("with, and rules beside rules", REPLACING_TAKEN);
refuses("what binds variables", BINDING_REFUSED);
takes("what binds variables", BINDING_TAKEN);
refuses("recursion", RECURSION_REFUSED);
takes("recursion", RECURSION_TAKEN);
refuses("calls", FUNCTIONS_REFUSED);
takes("calls", FUNCTIONS_TAKEN);
