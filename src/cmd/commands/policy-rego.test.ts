/** The commands for Rego: each works on files and folders, without an instance. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { type Ran, runLine } from "../world-of-test.test.ts";

const folder = mkdtempSync(join(tmpdir(), "postern-rego-"));
after(() => rmSync(folder, { recursive: true }));

for (const [name, text] of Object.entries({
  "authz.rego": `package authz

default allow := false

allow if input.role == "admin"

allow if {
	input.role == "dev"
	input.path == "/dev"
}

never if input.role == "nobody"
`,
  "authz_test.rego": `package authz_test

import data.authz

test_admin if authz.allow with input as {"role": "admin"}

test_dev if {
	print("asking for", "dev")
	authz.allow with input as {"role": "dev", "path": "/dev"}
}
`,
  "failing_test.rego": `package failing_test

import data.authz

test_guest if {
	x := 1
	authz.allow with input as {"role": "guest"}
	x == 2
}

todo_test_later if false

test_conflict if {
	{k: v | some k in ["a", "a"]; some v in [1, 2]}
}

test_cases[name] if {
	some name, role in {"one": "admin", "two": "guest"}
	authz.allow with input as {"role": role}
}

test_twice := false

test_twice if true
`,
  "broken.rego": "package broken\n\np if {\n\tx := 1\n\ty == x\n}\n",
  "unused.rego": "package unused\n\nimport data.foo\n\np := 1\n",
  "old.rego": "package old\n\np { true }\n",
  "data.json": '{"limit": 12345678901234567890}',
  "input.json": '{"role": "admin", "big": 1.10}',
  "list.rego": "package list\n\nimport rego.v1\n\np contains x if some x in [3, 1, 2]\n",
}))
  writeFileSync(join(folder, name), text);

async function run(...line: readonly string[]): Promise<Ran> {
  return await runLine(["policy", ...line], { folder });
}

describe("policy eval", () => {
  for (const [what, line, stdout] of [
    ["one value", ["-d", "authz.rego", "-i", "input.json", "data.authz.allow"], "true\n"],
    ["a value that is false", ["-d", "authz.rego", "data.authz.allow"], "false\n"],
    ["nothing", ["-d", "authz.rego", "data.authz.never"], "undefined\n"],
    [
      "numbers as they are spelled",
      ["-d", "data.json", "-i", "input.json", "[data.limit, input.big]"],
      "[\n  12345678901234567890,\n  1.10\n]\n",
    ],
    ["a set in order", ["-d", "list.rego", "data.list.p"], "[\n  1,\n  2,\n  3\n]\n"],
    ["a table of variables", ["x := 1; y := [1, 2][_]"], "x  y\n1  1\n1  2\n"],
    ["the old syntax", ["--v0-compatible", "-d", "old.rego", "data.old.p"], "true\n"],
    [
      "JSON as OPA's",
      ["--json", "x := [1.0]"],
      '{"result":[{"bindings":{"x":[1.0]},"expressions":[{"location":{"col":1,"row":1},"text":"x := [1.0]","value":true}]}]}\n',
    ],
    ["JSON of nothing", ["--json", "1 == 2; x := 1"], "{}\n"],
  ] as const)
    test(what, async () => {
      assert.deepEqual(await run("eval", ...line), { code: 0, stdout, stderr: "" });
    });

  test("an error of the query and one of the evaluation are told with their place", async () => {
    const unsafe = await run("eval", "x == 1", "--json");
    assert.equal(unsafe.code, 1);
    assert.match(unsafe.stderr, /^error: var x is unsafe\n.*\n.*\n +\^/);
    const { errors } = JSON.parse(unsafe.stdout) as { errors: { code: string; location: { row: number } }[] };
    assert.equal(errors[0]?.code, "rego_unsafe_var_error");
    assert.equal(errors[0]?.location.row, 1);
    assert.equal((await run("eval", "1 / 0")).stdout, "undefined\n");
    const strict = await run("eval", "1 / 0", "--strict-builtin-errors");
    assert.equal(strict.code, 1);
    assert.match(strict.stderr, /^error: eval_builtin_error: div: divide by zero\n/);
  });

  test("explain shows what was tried, and profile where the time went", async () => {
    const line = ["-d", "authz.rego", "-i", "input.json", "data.authz.allow"];
    const explained = await run("eval", ...line, "--explain");
    assert.equal(explained.stdout, "true\n");
    assert.match(explained.stderr, /✓ +authz\.rego:5:10 +input\.role == "admin"/);
    assert.match((await run("eval", ...line, "--profile")).stderr, /µs +1 +authz\.rego:5:10/);
  });

  test("an evaluation ends when its time is up", async () => {
    const endless = "count([x | x := numbers.range(1, 100000)[_]; numbers.range(1, 100000)[_] == x]) > 0";
    const { code, stderr } = await run("eval", endless, "--timeout", "1");
    assert.equal(code, 1);
    assert.match(stderr, /eval_cancel_error/);
  });

  test("no host is asked unless it is named", async () => {
    const { stderr } = await run(
      ...["eval", "--strict-builtin-errors", 'http.send({"method": "get", "url": "http://127.0.0.1:1/"})'],
    );
    assert.match(stderr, /eval_builtin_error: http\.send: .*unallowed host: 127\.0\.0\.1/);
  });

  test("batch answers each line, and goes on after one that it cannot answer", async () => {
    const lines = [
      '{"id": 1, "modules": {"a.rego": "package a\\np := input.x"}, "input": {"x": 1.50}, "query": "data.a.p"}',
      '{"id": "two", "query": "x = [1, 2][_]"}',
      '{"id": 3, "modules": {"a.rego": "package a\\np { true }"}, "query": "data.a.p"}',
      '{"id": 4, "modules": {"a.rego": "package a\\np { true }"}, "query": "data.a.p", "v0": true}',
      '{"id": 5, "query": "data.nothing"}',
      '{"id": 6, "query": "x = 1 / 0", "strict": true}',
      "no JSON",
      '{"id": "\u2028", "query": "input"}',
    ];
    const { code, stdout, stderr } = await runLine(["policy", "eval", "--batch"], { lines });
    assert.equal(code, 0);
    assert.equal(stderr, "");
    const answers = stdout.trimEnd().split("\n");
    assert.deepEqual(answers.slice(0, 2), [
      '{"id":1,"result":[1.50]}',
      '{"id":"two","result":[{"x":1},{"x":2}]}',
    ]);
    const codes = answers.map((line) => (JSON.parse(line) as { error?: { code: string } }).error?.code);
    assert.deepEqual(codes, [
      ...[undefined, undefined, "rego_parse_error", undefined, undefined, "eval_builtin_error"],
      ...["internal_error", undefined],
    ]);
    assert.equal(answers[3], '{"id":4,"result":[true]}');
    assert.equal(answers[4], '{"id":5,"result":[]}');
  });
});

describe("policy test", () => {
  test("tests that pass are counted, and what they print is shown when asked", async () => {
    const quiet = await run("test", "authz.rego", "authz_test.rego");
    assert.deepEqual(quiet, { code: 0, stdout: "2 passed, 0 failed\n", stderr: "" });
    const verbose = await run("test", "authz.rego", "authz_test.rego", "--verbose");
    assert.match(
      verbose.stdout,
      /✓ data\.authz_test\.test_dev .*\n {4}authz_test\.rego:7:1\n {4}\| asking for dev\n/,
    );
  });

  test("a failing test is told with its place and what did not hold; an error with its code", async () => {
    const { code, stdout } = await run("test", "authz.rego", "failing_test.rego");
    assert.equal(code, 1);
    assert.match(
      stdout,
      /✕ data\.failing_test\.test_guest .*\n {4}failing_test\.rego:5:1\n {4}failing_test\.rego:7:2: /,
    );
    assert.match(stdout, /skipped data\.failing_test\.todo_test_later\n/);
    assert.match(stdout, /failing_test\.rego:14:\d: eval_conflict_error: object keys must be unique\n/);
    assert.match(stdout, /test_cases .*\n.*\n {4}✓ one\n {4}✕ two\n/);
    assert.match(stdout, /1 passed, 3 failed, 1 with an error, 1 skipped\n$/);
  });

  // What `opa test --format json` 1.22.2 says, times and traces aside.
  test("JSON is that of OPA", async () => {
    const { stdout } = await run("test", "authz.rego", "failing_test.rego", "--json");
    const results = JSON.parse(stdout) as Record<string, unknown>[];
    assert.deepEqual(
      results.map(({ name, fail, skip, error, sub_results: cases }) => [
        name,
        fail ?? false,
        skip ?? false,
        (error as { code?: string } | undefined)?.code,
        cases,
      ]),
      [
        ["test_guest", true, false, undefined, undefined],
        ["todo_test_later", false, true, undefined, undefined],
        ["test_conflict", false, false, "eval_conflict_error", undefined],
        ["test_cases", true, false, undefined, { one: { name: "one" }, two: { name: "two", fail: true } }],
        ["test_twice", true, false, undefined, undefined],
        ["test_twice#01", false, false, undefined, undefined],
      ],
    );
    assert.deepEqual(results[0]?.["location"], { file: "failing_test.rego", row: 5, col: 1 });
    assert.equal(results[0]?.["package"], "data.failing_test");
  });

  test("a regular expression selects, skipping fails unless it may, and no test is none", async () => {
    const some = ["test", "authz.rego", "failing_test.rego", "--run"];
    assert.match((await run(...some, "guest|later")).stdout, /0 passed, 1 failed, 1 skipped/);
    assert.equal((await run(...some, "later")).code, 1);
    assert.equal((await run(...some, "later", "--exit-zero-on-skipped")).code, 0);
    assert.deepEqual(await run(...some, "xyz"), { code: 0, stdout: "No tests\n", stderr: "" });
    assert.equal((await run(...some, "(")).code, 2);
  });

  // The lines are those of `opa test --coverage` 1.22.2.
  test("coverage counts lines, and a threshold fails", async () => {
    const line = ["test", "authz.rego", "authz_test.rego", "--coverage"];
    const { stdout, code } = await run(...line);
    assert.equal(code, 0);
    assert.match(stdout, /66\.7 % +authz\.rego +not reached: 3, 12\n/);
    const report = JSON.parse((await run(...line, "--json")).stdout) as {
      files: Record<string, { covered_lines: number; not_covered_lines: number }>;
      coverage: number;
    };
    assert.equal(report.files["authz.rego"]?.not_covered_lines, 2);
    const failed = await run(...line, "--threshold", "95");
    assert.equal(failed.code, 1);
    assert.match(failed.stderr, /^error: the tests reach \d\d\.\d\d % of lines, and 95 % are wanted\n$/);
    assert.equal((await run(...line, "--threshold", "50")).code, 0);
    assert.equal((await run(...line, "--threshold", "101")).code, 2);
  });

  test("what does not compile is refused", async () => {
    const { code, stdout, stderr } = await run("test", "broken.rego", "--json");
    assert.equal(code, 1);
    assert.match(stderr, /broken\.rego:5:2: error: var y is unsafe/);
    assert.ok("errors" in (JSON.parse(stdout) as object));
  });
});

describe("policy check", () => {
  test("Rego is checked as a set of its own", async () => {
    assert.deepEqual(await run("check", "authz.rego", "list.rego"), {
      code: 0,
      stdout: "No errors in 2 files\n",
      stderr: "",
    });
    assert.equal((await run("check", "data.json")).code, 2);
    assert.equal((await run("check", "nothing.rego")).code, 1);
    assert.equal((await run("check", "authz.rego", "-f", "authz.rego")).code, 2);
  });

  test("a finding has its place, a caret and a code, and editors get what opa check prints", async () => {
    const told = await run("check", "broken.rego");
    assert.equal(told.code, 1);
    assert.match(told.stderr, /broken\.rego:5:2: error: var y is unsafe\n {2}.*\n.*\^/);
    const { stdout, code } = await run("check", "broken.rego", "--format", "json");
    assert.equal(code, 1);
    const { errors } = JSON.parse(stdout) as { errors: object[] };
    assert.deepEqual(errors, [
      {
        message: "var y is unsafe",
        code: "rego_unsafe_var_error",
        location: { file: "broken.rego", row: 5, col: 2 },
        length: 1,
        hint: "did you mean x?",
      },
    ]);
  });

  test("strict refuses what OPA's strict mode refuses, and v0 is asked for", async () => {
    assert.equal((await run("check", "unused.rego")).code, 0);
    const strict = await run("check", "unused.rego", "--strict");
    assert.equal(strict.code, 1);
    assert.match(strict.stderr, /unused\.rego:3:1: error: import data\.foo unused/);
    assert.equal((await run("check", "old.rego")).code, 1);
    assert.equal((await run("check", "old.rego", "--v0-compatible")).code, 0);
  });
});

describe("policy fmt", () => {
  const before = "package a\n\np:=1 # one\n";
  const after = "package a\n\np := 1 # one\n";

  test("prints, compares, names and writes", async () => {
    const file = join(folder, "fmt.rego");
    writeFileSync(file, before);
    assert.deepEqual(await run("fmt", "fmt.rego"), { code: 0, stdout: after, stderr: "" });
    assert.match((await run("fmt", "fmt.rego", "--diff")).stdout, /\n-p:=1 # one\n\+p := 1 # one\n/);
    assert.deepEqual(await run("fmt", "fmt.rego", "--check"), { code: 1, stdout: "fmt.rego\n", stderr: "" });
    assert.equal(readFileSync(file, "utf8"), before);
    assert.deepEqual(await run("fmt", "fmt.rego", "--write"), { code: 0, stdout: "fmt.rego\n", stderr: "" });
    assert.equal(readFileSync(file, "utf8"), after);
    assert.deepEqual(await run("fmt", "fmt.rego", "--write", "--json"), {
      code: 0,
      stdout: '{"files":1,"changed":[]}\n',
      stderr: "",
    });
    assert.deepEqual(await run("fmt", "fmt.rego", "--check"), { code: 0, stdout: "", stderr: "" });
  });

  test("what cannot be read stays as it is, and the others are formatted", async () => {
    writeFileSync(join(folder, "bad-fmt.rego"), "package a\n\np if {\n");
    writeFileSync(join(folder, "good-fmt.rego"), before);
    const { code, stderr } = await run("fmt", "bad-fmt.rego", "good-fmt.rego", "--write");
    assert.equal(code, 1);
    assert.match(stderr, /bad-fmt\.rego:\d+:\d+: error: /);
    assert.equal(readFileSync(join(folder, "bad-fmt.rego"), "utf8"), "package a\n\np if {\n");
    assert.equal(readFileSync(join(folder, "good-fmt.rego"), "utf8"), after);
  });

  test("the old syntax stays old when it is asked for; flags that exclude each other are refused", async () => {
    assert.equal((await run("fmt", "old.rego")).code, 1);
    assert.match((await run("fmt", "old.rego", "--v0-compatible")).stdout, /^package old\n\np = true\n$/);
    assert.equal((await run("fmt", "old.rego", "--check", "--diff")).code, 2);
    assert.equal((await run("fmt", "data.json")).code, 2);
  });
});
