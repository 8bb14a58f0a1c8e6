/** What is meant to break the engine: it answers as it would anything else, or says clearly why not. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { compile, EvaluationError, parseValue, SourceError, stringify, type Value } from "./index.ts";

function value(
  body: string,
  input: Value = null,
  data: { readonly [name: string]: Value } = {},
): Value | undefined {
  const policy = compile({ "hostile.rego": `package hostile\n${body}` }, data);
  return policy.value("data.hostile.r", input, { steps: 200_000, now: 0n });
}

/** The code with which an evaluation ends, or `answer` where it has one. */
function ending(work: () => unknown): string {
  try {
    work();
    return "answer";
  } catch (error) {
    if (error instanceof EvaluationError) return error.code;
    if (error instanceof SourceError) return "source";
    throw error;
  }
}

describe("policies that would never end", () => {
  const bodies = [
    "r := numbers.range(1, 1000000000000)",
    "r := numbers.range_step(1, 1000000000000, 3)",
    "r := count([1 | some i in numbers.range(1, 1000); some j in numbers.range(1, 1000); i + j == 0])",
    "r := sum([x | xs := numbers.range(1, 500); some a in xs; some b in xs; x := a * b])",
    "r if {\n\txs := numbers.range(1, 2000)\n\tevery x in xs { every y in xs { x + y > 0 } }\n}",
    'r := net.cidr_expand("0.0.0.0/0")',
    'r := net.cidr_expand("::/0")',
  ];
  for (const body of bodies)
    test(body.slice(0, 60), () => {
      assert.equal(
        ending(() => value(body)),
        "eval_cancel_error",
      );
    });

  test("a deadline stops what the steps would allow", () => {
    const policy = compile({
      "a.rego":
        "package hostile\nr := count([1 | some i in numbers.range(1, 3000); some j in numbers.range(1, 3000); i == j])",
    });
    const until = Date.now() + 50;
    const run = (): unknown =>
      policy.value("data.hostile.r", null, { steps: 1_000_000_000, expired: () => Date.now() > until });
    assert.equal(ending(run), "eval_cancel_error");
    assert.ok(Date.now() - until < 5_000);
  });
});

/** Rules that each hold the one before twice. */
function doubling(first: string, twice: (name: string) => string, times: number): string {
  const rules = Array.from({ length: times }, (_, index) => `a${index + 1} := ${twice(`a${index}`)}`);
  return [`a0 := ${first}`, ...rules, `r := count(a${times})`].join("\n");
}

const LAUGHS = ["a: &a [x, x, x, x, x, x, x, x, x]"]
  .concat(["ab", "bc", "cd", "de", "ef"].map(([from, to]) => `${to}: &${to} [${`*${from}, `.repeat(9)}x]`))
  .join("\n");

describe("what would fill the memory", () => {
  const bodies: readonly (readonly [string, string])[] = [
    ["arrays that double", doubling("[1]", (name) => `array.concat(${name}, ${name})`, 60)],
    ["texts that double", doubling('"x"', (name) => `concat("", [${name}, ${name}])`, 60)],
    ["texts replaced by longer ones", doubling('"x"', (name) => `replace(${name}, "x", "xx")`, 60)],
    ["YAML that refers to itself many times", `r := count(yaml.unmarshal(${JSON.stringify(LAUGHS)}))`],
  ];
  for (const [name, body] of bodies)
    test(name, () => {
      assert.equal(
        ending(() => value(body)),
        "eval_cancel_error",
      );
    });

  test("values that share their parts are compared no longer than others", () => {
    const nest = (first: string): string =>
      doubling(first, (name) => `[${name}, ${name}]`, 60).replaceAll("a", first === "1" ? "x" : "y");
    const both = [nest("1"), nest("2")].map((text) => text.split("\n").slice(0, -1).join("\n"));
    assert.equal(
      ending(() => value(`${both.join("\n")}\nr if x60 == y60`)),
      "answer",
    );
    const same = both.map((text) => text.replace(":= 2", ":= 1"));
    assert.equal(
      ending(() => value(`${same.join("\n")}\nr if x60 == y60`)),
      "eval_cancel_error",
    );
  });

  test("numbers have their size, and shifts and widths their bound", () => {
    assert.equal(value("r := 1e900000 % 7"), 1);
    assert.equal(value("r := bits.lsh(1, 1000000000)"), undefined);
    assert.equal(value('r := sprintf("%1000000000d", [1])'), "%!(NOVERB)%!(EXTRA int64=1)");
  });
});

describe("patterns made to backtrack", () => {
  const many = 'concat("", [c | some i in numbers.range(1, 5000); c := substring("ab", i * 0, 1)])';
  const bodies: readonly (readonly [string, Value | undefined])[] = [
    [`r := regex.match("^(a+)+$", concat("!", [${many}, ""]))`, false],
    [`r := regex.match("^(a|a)*$", concat("!", [${many}, ""]))`, false],
    ['r := regex.match("(a{1000}){1000}", "a")', undefined],
    [`r := glob.match("*a*a*a*a*a*a*a*a*b", [], ${many})`, false],
  ];
  for (const [body, expected] of bodies)
    test(body.slice(0, 40), () => {
      assert.deepEqual(value(body), expected);
    });
});

describe("what is nested 100,000 deep", () => {
  const deep = 100_000;
  const shapes = {
    "JSON text": (): unknown => parseValue("[".repeat(deep) + "]".repeat(deep)),
    "JSON within a policy": (): unknown =>
      value("r := json.unmarshal(input)", "[".repeat(deep) + "]".repeat(deep)),
    brackets: (): unknown => value(`r := ${"[".repeat(deep)}${"]".repeat(deep)}`),
    parentheses: (): unknown => value(`r := ${"(".repeat(deep)}1${")".repeat(deep)}`),
    objects: (): unknown => value(`r := ${'{"a":'.repeat(deep)}1${"}".repeat(deep)}`),
    calls: (): unknown => value(`r := ${"abs(".repeat(deep)}1${")".repeat(deep)}`),
    comprehensions: (): unknown => value(`r := ${"[x | x := ".repeat(deep)}1${"]".repeat(deep)}`),
    "an operator's operands": (): unknown => value(`r := 1${" + 1".repeat(deep)}`),
    input: (): unknown => {
      let input: Value = 1;
      for (let i = 0; i < deep; i++) input = [input];
      return value('r := json.marshal(input) == "x"', input);
    },
  };
  for (const [name, work] of Object.entries(shapes))
    test(name, () => {
      const before = Date.now();
      try {
        work();
      } catch (error) {
        assert.ok(
          error instanceof SourceError || error instanceof EvaluationError || error instanceof SyntaxError,
        );
      }
      assert.ok(Date.now() - before < 30_000);
    });
});

describe("names and texts that mean something to JavaScript", () => {
  const names = [
    "__proto__",
    "constructor",
    "prototype",
    "hasOwnProperty",
    "toString",
    "valueOf",
    "then",
    "length",
    "$".concat("{process.exit(1)}"),
    "`",
    '"',
    "'",
    "\\",
    "*/",
    "</script>",
    "\u2028\u2029",
    "\u0000",
  ];
  for (const name of names)
    test(JSON.stringify(name), () => {
      const key = JSON.stringify(name);
      const holder = Object.fromEntries([[name, 7]]);
      const empty = stringify(value("r := input", {}) as Value);
      assert.equal(empty, "{}");
      assert.deepEqual(value(`r := input[${key}]`, holder), 7);
      assert.deepEqual(value(`r := input[${key}]`, {}), undefined);
      assert.deepEqual(value(`r := data.base[${key}]`, null, { base: holder }), 7);
      assert.deepEqual(value(`r := data.base[${key}]`, null, { base: {} }), undefined);
      assert.equal(stringify(value(`r := {${key}: 7}`) as Value), stringify(holder));
      assert.equal(stringify(value(`r := {k: 7 | some k in [${key}]}`) as Value), stringify(holder));
      assert.deepEqual(value(`r := {${key}: 7}[input.k]`, { k: name }), 7);
      assert.deepEqual(value(`p[${key}] := 7\nr := p[input.k]`, { k: name }), 7);
      assert.deepEqual(value(`p contains ${key}\nr if input.k in p`, { k: name }), true);
      assert.deepEqual(value(`r if input.k == ${key}`, { k: name }), true);
      assert.deepEqual(value(`r if startswith(input.k, ${key})`, { k: name }), true);
      assert.deepEqual(value(`f(${key}) := 7\nr := f(input.k)`, { k: name }), 7);
      assert.deepEqual(value(`r := x if x := input[${key}] with input[${key}] as 8`, holder), 8);
      assert.deepEqual(
        value(`r := x if x := data.base[${key}] with data.base[${key}] as 8`, null, { base: {} }),
        8,
      );
      assert.deepEqual(value(`r := object.get(input, ${key}, 9)`, {}), 9);
      assert.deepEqual(value(`r := object.get(input, ${key}, 9)`, holder), 7);
      assert.equal(
        stringify(value(`r := object.union(input, {${key}: 8})`, {}) as Value),
        stringify({ ...Object.fromEntries([[name, 8]]) }),
      );
      assert.equal(stringify(value(`r := object.remove(input, [${key}])`, holder) as Value), "{}");
      assert.deepEqual(value(`r := concat("", [${key}, "!"])`), `${name}!`);
      assert.equal(({} as Record<string, unknown>).polluted, undefined);
    });
});

describe("an input that holds itself", () => {
  const input: Record<string, Value> = { name: "x" };
  input["self"] = input;
  const ends = "eval_cancel_error";
  for (const [body, expected] of [
    ['r if input.self.self.name == "x"', "answer"],
    ["r if input == input.self", "answer"],
    ["r := count(input)", "answer"],
    ["r := json.marshal(input)", ends],
    ["r := [x | walk(input, x)]", ends],
    ['r := sprintf("%v", [input])', ends],
    ["r if input == data.other", ends],
    ["r := {input}", ends],
  ] as const)
    test(body, () => {
      const other: Record<string, Value> = { name: "x" };
      other["self"] = other;
      assert.equal(
        ending(() => value(body, input, { other })),
        expected,
      );
    });
});
