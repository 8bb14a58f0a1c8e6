import assert from "node:assert/strict";
import { test } from "node:test";
import { parseModule, parseQuery } from "../1-parse/index.ts";
import { Source } from "../source.ts";
import type { Body, Expr, Module, Term } from "../syntax.ts";
import { type Program, type QueryOptions, type RuleTree, resolve, resolveQuery } from "./index.ts";

/** The tree as text, names as resolved: `eq(x$1, 1); not equal(x$1, data.t.q)`. */
function termText(term: Term): string {
  const list = (terms: readonly Term[]): string => terms.map(termText).join(", ");
  switch (term.kind) {
    case "var":
      return term.name;
    case "ref":
      return (
        termText(term.head) +
        term.path.map((step) => (step.kind === "string" ? `.${step.value}` : `[${termText(step)}]`)).join("")
      );
    case "call":
      return `${termText(term.operator)}(${list(term.args)})`;
    case "array":
      return `[${list(term.items)}]`;
    case "set":
      return `{${list(term.items)}}`;
    case "object":
      return `{${term.members.map(([key, value]) => `${termText(key)}: ${termText(value)}`).join(", ")}}`;
    case "comprehension": {
      const element = (term.key ? `${termText(term.key)}: ` : "") + termText(term.value);
      return `${term.of}(${element} | ${bodyText(term.body)})`;
    }
    case "template":
      return "template";
    case "string":
      return JSON.stringify(term.value);
    case "null":
      return "null";
    case "boolean":
    case "number":
      return String(term.value);
  }
}

function exprText({ negated, form, with: withs }: Expr): string {
  let text = negated ? "not " : "";
  if (form.kind === "term") text += termText(form.term);
  else if (form.kind === "some-in")
    text += `some ${form.key ? `${termText(form.key)}, ` : ""}${termText(form.value)} in ${termText(form.collection)}`;
  else if (form.kind === "every")
    text += `every ${termText(form.value)} in ${termText(form.domain)} { ${bodyText(form.body)} }`;
  else text += "some";
  return text + withs.map(({ target, value }) => ` with ${termText(target)} as ${termText(value)}`).join("");
}

function bodyText(body: Body): string {
  return body.map(exprText).join("; ");
}

function rulesText(tree: RuleTree): string[] {
  const { group } = tree;
  const own = (group ? [...(group.default ? [group.default] : []), ...group.rules] : []).map((rule) => {
    const args = rule.args.length > 0 ? `(${rule.args.map(termText).join(", ")})` : "";
    const keys = rule.keys.map((key) => `[${termText(key)}]`).join("");
    const value = rule.member ? ` contains ${termText(rule.member)}` : ` := ${termText(rule.value as Term)}`;
    const others = rule.else.map(
      (branch) => ` else := ${termText(branch.value)} { ${bodyText(branch.body)} }`,
    );
    const kind = `${group?.kind}${rule === group?.default ? " default" : ""}`;
    return `${kind} ${group?.path.join(".")}${args}${keys}${value} { ${bodyText(rule.body)} }${others.join("")}`;
  });
  return [...own, ...[...tree.children.values()].flatMap(rulesText)];
}

function program(texts: readonly string[]): Program {
  const modules = texts.map((text, index) => {
    const source = new Source(`${index}.rego`, text.startsWith("package ") ? text : `package t\n${text}`);
    const { module, findings } = parseModule(source, { dialect: "v1" });
    assert.deepEqual(findings, [], text);
    assert.ok(module);
    return module;
  });
  const resolved = resolve(modules);
  assert.deepEqual(resolved.findings, [], texts.join("\n"));
  assert.ok(resolved.program);
  return resolved.program;
}

const RESOLVED: readonly (readonly [title: string, module: string, ...rules: string[]])[] = [
  [
    "names become absolute, and imports what they stand for",
    "import data.lib\nimport input.user as u\np := lib.f[q] if u.x == io.jwt.decode(u)\nq := 1",
    "value t.p := data.lib.f[data.t.q] { equal(input.user.x, io.jwt.decode(input.user)) }",
    "value t.q := 1 {  }",
  ],
  [
    "scopes share no name",
    "p := [x | x := 1; y := {x | x := 2}; y] if { some x in [3]; x > 1 }",
    "value t.p := array(x$1 | eq(x$1, 1); eq(y$3, set(x$2 | eq(x$2, 2))); y$3) { some x$4 in [3]; gt(x$4, 1) }",
  ],
  [
    "variables that nothing declares belong to the outermost body that they stand in",
    "p if { x = 1; y = [x | x = 1]; z = [w | w = y]; v = [w | w = 2] }",
    "value t.p := true { eq(x, 1); eq(y, array(x | eq(x, 1))); eq(z, array(w | eq(w, y))); eq(v, array(w$1 | eq(w$1, 2))) }",
  ],
  [
    "branches have their own variables, and the arguments of all",
    "f(a) := x if { x := a } else := x if { x := a + 1 }",
    "function t.f(a) := x$1 { eq(x$1, a) } else := x$2 { eq(x$2, plus(a, 1)) }",
  ],
  [
    "expressions are ordered, as little as can be",
    "p if { x > y; input.a; y = z; z = 1; x = 2 }",
    "value t.p := true { input.a; eq(z, 1); eq(x, 2); eq(y, z); gt(x, y) }",
  ],
  [
    "calls within what is negated come before it, and references but for those compared",
    "p if not count(input.xs) > 1\nq if not input.a == input.b\nr if not f(input.a) with input as {}\nf(x) := x",
    "value t.p := true { eq($$1, count(input.xs)); not gt($$1, 1) }",
    "value t.q := true { not equal(input.a, input.b) }",
    "value t.r := true { eq($$1, input.a) with input as {}; not data.t.f($$1) with input as {} }",
    "function t.f(x) := x {  }",
  ],
  [
    "the values of with are evaluated before what is negated, without it",
    "p if not input.x with input.x as input.y[count(input.z)]",
    "value t.p := true { eq($$1, count(input.z)); eq($$2, input.y[$$1]); not input.x with input.x as $$2 }",
  ],
  [
    "an expression that uses what it binds is evaluated in steps",
    "p contains {i: input.xs[i]}\nq if { [1, 2][i] > i }",
    "set t.p contains $$1 { eq($$2, input.xs[i]); eq($$1, {i: $$2}) }",
    "value t.q := true { eq($$1, [1, 2]); eq($$2, $$1[i]); gt($$2, i) }",
  ],
  [
    "an expression may bind what a call in it needs",
    'p if { {"a": x, "b": x + 1} = {"a": 1, "b": 2} }',
    'value t.p := true { eq({"a": x, "b": $$1}, {"a": 1, "b": 2}); eq($$1, plus(x, 1)) }',
  ],
  [
    "a head stays where it binds nothing",
    "p[input.k] := f(input.v) if input.ok\np.a := 1\nf(x) := x",
    "object t.p[input.k] := data.t.f(input.v) { input.ok }",
    "value t.p.a := 1 {  }",
    "function t.f(x) := x {  }",
  ],
  [
    "print and templates get the sets of their operands",
    'p := $"a {x} {input.y} {1}" if { x := 1; print("x", x) }',
    'value t.p := internal.template_string(["a ", {x$1}, " ", set($$4 | eq($$4, input.y)), " ", 1])' +
      ' { eq(x$1, 1); internal.print([set($$2 | eq($$2, "x")), set($$3 | eq($$3, x$1))]) }',
  ],
  [
    "a built-in may stand in for a function",
    "p if f(1) with f as base64.encode with count as 1\nf(x) := x",
    "value t.p := true { data.t.f(1) with data.t.f as base64.encode with count as 1 }",
    "function t.f(x) := x {  }",
  ],
  [
    "names of JavaScript are names like any other",
    "__proto__ := 1\nconstructor.toString := __proto__\nhasOwnProperty(__proto__) := __proto__",
    "value t.__proto__ := 1 {  }",
    "value t.constructor.toString := data.t.__proto__ {  }",
    "function t.hasOwnProperty(__proto__) := __proto__ {  }",
  ],
];

for (const [title, module, ...rules] of RESOLVED) {
  test(title, () => {
    assert.deepEqual(rulesText(program([module]).tree), rules);
  });
}

test("rules stand in the order of their modules' names and their text, the default aside", () => {
  const first = "package t\np := 2 if input.b\np := 3 if input.c";
  const [text] = rulesText(program(["package t\np := 1 if input.a\ndefault p := 0", first]).tree);
  assert.equal(text, "value default t.p := 0 {  }");
  const group = program([first, "package t\np := 1 if input.a"])
    .tree.children.get("t")
    ?.children.get("p")?.group;
  assert.deepEqual(
    group?.rules.map(({ value }) => value && termText(value)),
    ["2", "3", "1"],
  );
});

const QUERIES: readonly (readonly [
  query: string,
  body: string,
  variables: string,
  options?: QueryOptions,
])[] = [
  ["x := data.t.p; y = x", "eq(x$1, data.t.p); eq(y, x$1)", "x y"],
  ["some i; data.t.q[i] == z; z = 1", "eq(z, 1); equal(data.t.q[i$1], z)", "i z"],
  ["[_, x] = [1, y]; y = [z | z = 1]", "eq(y, array(z | eq(z, 1))); eq([$0, x], [1, y])", "x y"],
  ["p == x; x = 1", "eq(x, 1); equal(data.t.p, x)", "x", { package: ["t"] }],
];

for (const [query, body, variables, options] of QUERIES) {
  test(`the query ${query}`, () => {
    const parsed = parseQuery(new Source("query", query), { dialect: "v1" });
    assert.ok(parsed.body);
    const resolved = resolveQuery(program(["p := 1\nq := [1]"]), parsed.body, options);
    assert.deepEqual(resolved.findings, []);
    assert.equal(bodyText(resolved.query?.body ?? []), body);
    assert.equal(resolved.query?.variables.map(({ label }) => label).join(" "), variables);
  });
}

const HINTS: readonly (readonly [module: string, hint: string])[] = [
  ["p if coumt([1])", "did you mean count?"],
  ["p := usr if { user := 1 }", "did you mean user?"],
  ["p if allowd\nallowed := 1", "did you mean allowed?"],
  ["p if data.t.allowd(1)\nallowed(x) := x", "did you mean data.t.allowed?"],
];

test("says what could have been meant", () => {
  for (const [text, hint] of HINTS) {
    const { module } = parseModule(new Source("a", `package t\n${text}`), { dialect: "v1" });
    assert.ok(module);
    assert.equal(resolve([module]).findings[0]?.hint, hint, text);
  }
});

const DATA: readonly (readonly [module: string, data: Parameters<typeof resolve>[1], path?: string])[] = [
  ["p := 1", { data: { t: { p: 1 } } }, "t/p"],
  ["p.a := 1", { data: { t: { p: 1 } } }, "t/p/a"],
  ["p.a := 1", { data: { t: { p: { b: 1 } } } }],
  ["p.a := 1", { data: { t: 3 } }, "t/p/a"],
  ["p[x] := 1 if x := 1", { data: { t: { p: {} } } }, "t/p"],
  ["p(x) := x", { data: { t: { q: null } } }],
];

test("no rule stands where base data does", () => {
  for (const [text, options, path] of DATA) {
    const { module } = parseModule(new Source("a", `package t\n${text}`), { dialect: "v1" });
    assert.ok(module);
    const messages = resolve([module], options).findings.map(({ code, message }) => `${code} ${message}`);
    const wanted =
      path === undefined ? [] : [`rego_compile_error conflicting rule for data path ${path} found`];
    assert.deepEqual(messages, wanted, text);
  }
});

test("metadata is what the annotations say, from the rule outward", () => {
  const text = "package t.u\np := rego.metadata.rule()\nq := rego.metadata.chain()";
  const { module } = parseModule(new Source("a", text), { dialect: "v1" });
  assert.ok(module);
  const [p, q] = module.rules;
  assert.ok(p && q);
  const { at } = module;
  const annotations: Module["annotations"] = [
    { at, scope: "subpackages", values: { title: "all" }, target: module.package },
    { at, scope: "package", values: { title: "own" }, target: module.package },
    {
      at,
      scope: "rule",
      values: { title: "rule", custom: { __proto__: null, k: [1, true, null] } },
      target: p,
    },
    { at, scope: "document", values: { title: "document" }, target: q },
  ];
  const resolved = resolve([{ ...module, annotations }]);
  assert.ok(resolved.program);
  assert.deepEqual(rulesText(resolved.program.tree), [
    'value t.u.p := {"title": "rule", "custom": {"k": [1, true, null]}, "scope": "rule"} {  }',
    'value t.u.q := [{"path": ["t", "u", "q"]}, ' +
      '{"annotations": {"title": "document", "scope": "document"}, "path": ["t", "u", "q"]}, ' +
      '{"annotations": {"title": "own", "scope": "package"}, "path": ["t", "u"]}, ' +
      '{"annotations": {"title": "all", "scope": "subpackages"}, "path": ["t", "u"]}] {  }',
  ]);
});

test("built-ins can be forbidden", () => {
  const { module } = parseModule(new Source("a", 'package t\np := http.send({"url": "x"})'), {
    dialect: "v1",
  });
  assert.ok(module);
  const [finding] = resolve([module], { unsafeBuiltins: ["http.send"] }).findings;
  assert.equal(finding?.code, "rego_type_error");
  assert.equal(finding?.message, "unsafe built-in function calls in expression: http.send");
});

test("ten thousand rules of one name, as many that are wrong, and a long chain take no long time", () => {
  const rows = Array.from({ length: 10_000 }, (_, index) => index);
  const texts = [
    rows.map((n) => `p if { input.user == "u${n}"; some x in input.xs; x > ${n}; not input.off${n} }`),
    rows.map((n) => `p${n} := x${n}`),
    [...rows.map((n) => `p${n} := p${n + 1}`), "p10000 := 1"],
  ];
  for (const lines of texts) {
    const { module } = parseModule(new Source("a", `package t\n${lines.join("\n")}`), { dialect: "v1" });
    assert.ok(module);
    const started = performance.now();
    resolve([module]);
    assert.ok(performance.now() - started < 5_000);
  }
});
