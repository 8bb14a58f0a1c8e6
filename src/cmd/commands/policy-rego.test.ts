/** The commands for Rego: each works on files and folders, without an instance. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
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

  test("several expressions have their places in JSON", async () => {
    const { stdout } = await run("eval", "--json", 'y = x + 1; x = 5; some z; z = "z"');
    const { result } = JSON.parse(stdout) as { result: { expressions: { text: string }[] }[] };
    assert.deepEqual(
      result[0]?.expressions.map(({ text }) => text),
      ["x = 5", 'z = "z"', "y = x + 1"],
    );
  });

  // What `opa eval --format …` 1.22.2 prints.
  for (const [format, query, stdout] of [
    ["raw", '1; "a b"; [1, 2]', "1 a b [1,2]\n"],
    ["raw", "x = [1, 2][_]", "true\ntrue\n"],
    ["values", 'x := [1, 2][_]; "a"', '[\n  true,\n  "a"\n]\n[\n  true,\n  "a"\n]\n'],
    ["bindings", "x := [1, 2][_]", '{\n  "x": 1\n}\n{\n  "x": 2\n}\n'],
    ["values", "1 == 2; x := 1", ""],
    ["json", "1 == 2; x := 1", "{}\n"],
  ] as const)
    test(`--format ${format} of ${query}`, async () => {
      assert.deepEqual(await run("eval", "--format", format, query), { code: 0, stdout, stderr: "" });
    });

  test("an answer, or none, can be a failure", async () => {
    const codes = async (...line: readonly string[]): Promise<number> => (await run("eval", ...line)).code;
    assert.equal(await codes("--fail", "1 == 2; x := 1"), 1);
    assert.equal(await codes("--fail", "1 == 2"), 0);
    assert.equal(await codes("--fail-defined", "1 == 2"), 1);
    assert.equal(await codes("--fail-defined", "1 == 2; x := 1"), 0);
    assert.equal(await codes("--fail-defined", "1 / 0"), 0);
  });

  test("the query is read from standard input where that is asked for", async () => {
    const read = await runLine(["policy", "eval", "--stdin"], { lines: ["x := 1", "x == 1"] });
    assert.equal(read.stdout, "x\n1\n");
    assert.equal((await runLine(["policy", "eval", "--stdin", "1"], { lines: ["2"] })).code, 2);
    assert.equal((await run("eval", "--stdin-input", "-i", "input.json", "input")).code, 2);
  });

  test("explain and profile are in JSON too", async () => {
    const line = ["-d", "authz.rego", "-i", "input.json", "data.authz.allow", "--json"];
    const { explanation } = JSON.parse((await run("eval", ...line, "--explain")).stdout) as {
      explanation: unknown[];
    };
    assert.deepEqual(explanation[1], {
      kind: "expression",
      held: 1,
      text: 'input.role == "admin"',
      location: { file: "authz.rego", row: 5, col: 10 },
    });
    const { profile } = JSON.parse((await run("eval", ...line, "--profile")).stdout) as {
      profile: { num_eval: number; total_time_ns: number }[];
    };
    assert.equal(profile[0]?.num_eval, 1);
    assert.ok(Number.isInteger(profile[0]?.total_time_ns));
  });

  test("an error of the query and one of the evaluation are told with their place", async () => {
    const unsafe = await run("eval", "x == 1", "--json");
    assert.equal(unsafe.code, 1);
    assert.match(unsafe.stderr, /^query:1:1: error: var x is unsafe \(rego_unsafe_var_error\)\n.*\n +\^/);
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

  for (const [what, query, flag] of [
    [
      "a host is asked",
      'http.send({"method": "get", "url": "http://127.0.0.1:1/"})',
      "--allow-net 127.0.0.1",
    ],
    ["a name is looked up", 'net.lookup_ip_addr("localhost")', "--allow-net localhost"],
    ["a number is random", 'rand.intn("x", 5)', "--allow-random"],
    ["an identifier is random", 'uuid.rfc4122("x")', "--allow-random"],
    [
      "a schema elsewhere is read",
      'json.match_schema({}, {"$ref": "http://127.0.0.1:1/s.json"})',
      "--allow-net 127.0.0.1",
    ],
  ] as const)
    test(`only where it is allowed ${what}, and the refusal says by which flag`, async () => {
      const refused = await run("eval", query);
      assert.equal(refused.stdout, "undefined\n");
      assert.ok(refused.stderr.startsWith("warning: "));
      assert.ok(refused.stderr.endsWith(`  query:1:1\n  try: ${flag}\n`), refused.stderr);
      const strict = await run("eval", query, "--strict-builtin-errors");
      assert.equal(strict.code, 1);
      assert.ok(strict.stderr.endsWith(`  try: ${flag}\n`), strict.stderr);
      const { stderr } = await run("eval", query, "--show-builtin-errors", ...flag.split(" "));
      assert.doesNotMatch(stderr, /try:/);
    });

  test("hosts are named without scheme and port", async () => {
    for (const bad of ["http://a.test", "a.test:80", "a b", "a,,b"])
      assert.equal((await run("eval", "true", "--allow-net", bad)).code, 2);
    for (const good of ["a.test,b.test", "127.0.0.1", "[::1]"])
      assert.equal((await run("eval", "true", "--allow-net", good)).code, 0);
  });

  test("what is random is so only for one evaluation", async () => {
    const line = ["eval", "--allow-random", "-f", "raw", 'uuid.rfc4122("x")'];
    assert.notEqual((await run(...line)).stdout, (await run(...line)).stdout);
    assert.match((await run(...line)).stdout, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-/);
    assert.equal(
      (await run("eval", "--allow-random", 'rand.intn("x", 100000) == rand.intn("x", 100000)')).stdout,
      "true\n",
    );
  });

  test("failures of built-ins are told where that is asked for", async () => {
    assert.equal((await run("eval", "1 / 0")).stderr, "");
    const line = ["eval", "1 / 0", "--show-builtin-errors"];
    assert.equal((await run(...line)).stderr, "warning: div: divide by zero\n  query:1:1\n");
    assert.deepEqual(JSON.parse((await run(...line, "--json")).stdout), {
      errors: [
        {
          message: "div: divide by zero",
          code: "eval_builtin_error",
          location: { file: "", row: 1, col: 1 },
        },
      ],
    });
  });

  test("a time-out is a duration", async () => {
    for (const good of ["5", "1.5", "500ms", "1m30s"])
      assert.equal((await run("eval", "true", "--timeout", good)).code, 0);
    for (const bad of ["0", "5 s", "fast", "-1s", "1d"])
      assert.equal((await run("eval", "true", `--timeout=${bad}`)).code, 2);
  });

  test("v0 is recognised, and the remedy named", async () => {
    const { stderr } = await run("eval", "-d", "old.rego", "data");
    assert.match(stderr, /^old\.rego:3:1: error: .* \(rego_parse_error\)\n/);
    assert.match(stderr, /\n {2}try: --v0-compatible, .*postern policy fmt --v0-v1 --write/);
    assert.doesNotMatch((await run("check", "broken.rego")).stderr, /v0/);
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

  test("tests are run as often as is wanted, and none can be a failure", async () => {
    const some = ["test", "authz.rego", "authz_test.rego"];
    assert.equal((await run(...some, "--count", "3")).stdout, "6 passed, 0 failed\n");
    assert.equal((await run(...some, "--count", "0")).code, 2);
    const none = await run(...some, "--run", "xyz", "--fail-on-empty");
    assert.deepEqual([none.code, none.stderr], [1, "error: there is no test\n"]);
    assert.equal((await run(...some, "-f", "json")).stdout.startsWith("[{"), true);
  });

  test("what a test wanted and was not allowed is told; what is random is the same each time", async () => {
    writeFileSync(
      join(folder, "wants_test.rego"),
      `package wants_test

test_net if http.send({"method": "get", "url": "http://127.0.0.1:1/"}).status_code == 200

test_random if rand.intn("x", 1000000000) == ${await randomOfTests()}
`,
    );
    const { stderr, stdout } = await run("test", "wants_test.rego");
    assert.match(stdout, /1 passed, 1 failed\n$/);
    assert.match(
      stderr,
      /^warning: http\.send: .*\n {2}wants_test\.rego:3:\d+\n {2}try: --allow-net 127\.0\.0\.1\n$/,
    );
  });

  async function randomOfTests(): Promise<string> {
    writeFileSync(
      join(folder, "wants_test.rego"),
      'package wants_test\n\ntest_random if print(rand.intn("x", 1000000000))\n',
    );
    const { stdout } = await run("test", "wants_test.rego", "-v");
    return /\| (\d+)/.exec(stdout)?.[1] ?? "";
  }

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
    assert.match(
      told.stderr,
      /^broken\.rego:5:2: error: var y is unsafe \(rego_unsafe_var_error\)\n {2}.*\n.*\^\n {2}did you mean x\?\n$/,
    );
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

  test("pure refuses what the network or chance decides", async () => {
    writeFileSync(
      join(folder, "impure.rego"),
      'package impure\n\np contains uuid.rfc4122("x")\n\nq := [y | y := http.send({"method": "get", "url": "x:"})]\n\nt := time.now_ns()\n',
    );
    assert.equal((await run("check", "impure.rego")).code, 0);
    const { code, stderr } = await run("check", "impure.rego", "--pure");
    assert.equal(code, 1);
    assert.match(stderr, /^impure\.rego:3:12: error: uuid\.rfc4122 cannot be .* chance decides/);
    assert.match(stderr, /\nimpure\.rego:5:16: error: http\.send cannot be .* the network decides/);
    assert.doesNotMatch(stderr, /time/);
    assert.equal((await run("check", "authz.rego", "--pure")).code, 0);
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

describe("schemas", () => {
  mkdirSync(join(folder, "schemas/deep"), { recursive: true });
  writeFileSync(
    join(folder, "schemas/request.json"),
    '{"type": "object", "properties": {"role": {"type": "string"}, "minutes": {"type": "integer"}}}',
  );
  writeFileSync(
    join(folder, "schemas/deep/my-teams.yaml"),
    "type: object\nproperties:\n  sre: {type: array}\n",
  );
  writeFileSync(
    join(folder, "typed.rego"),
    `package typed

# METADATA
# schemas:
#   - input: schema.request
#   - data.teams: schema.deep["my-teams"]
late if {
	input.minuts > 10
	data.teams.ops
}

test_late if true
`,
  );

  test("a folder has those that annotations name, for every command", async () => {
    for (const line of [
      ["check", "typed.rego"],
      ["eval", "-d", "typed.rego", "data.typed"],
      ["test", "typed.rego"],
    ]) {
      assert.equal((await run(...line)).code, 0, line.join(" "));
      const { code, stderr } = await run(...line, "--schema", "schemas");
      assert.equal(code, 1);
      assert.match(stderr, /typed\.rego:8:2: error: undefined ref: input\.minuts \(rego_type_error\)/);
      assert.match(stderr, /did you mean minutes\?/);
      assert.match(stderr, /typed\.rego:9:2: error: undefined ref: data\.teams\.ops/);
    }
  });

  test("a file is that of every input", async () => {
    assert.equal((await run("check", "authz.rego", "-s", "schemas/deep/my-teams.yaml")).code, 1);
    const { code, stderr } = await run("check", "authz.rego", "-s", "schemas/request.json");
    assert.equal(code, 1);
    assert.match(stderr, /authz\.rego:9:2: error: undefined ref: input\.path/);
    assert.doesNotMatch(stderr, /input\.role/);
  });

  test("what is no schema, or is elsewhere, is told", async () => {
    const schemas = {
      "wrong.json": '{"type": "strin"}',
      "remote.json": '{"$ref": "http://127.0.0.1:1/x.json"}',
      "torn.json": "{",
    };
    for (const [name, text] of Object.entries(schemas)) writeFileSync(join(folder, name), text);
    const wrong = await run("check", "authz.rego", "-s", "wrong.json");
    assert.match(wrong.stderr, /unable to compile the schema: has a primitive type that is NOT VALID/);
    const remote = await run("check", "authz.rego", "-s", "remote.json");
    assert.match(remote.stderr, /remote reference loading disabled: "http:\/\/127\.0\.0\.1:1\/x\.json"/);
    const closed = await run("eval", "-d", "authz.rego", "-s", "remote.json", "data.authz");
    assert.match(closed.stderr, /unallowed host: 127\.0\.0\.1/);
    const open = await run(
      "eval",
      "-d",
      "authz.rego",
      "-s",
      "remote.json",
      "--allow-net",
      "127.0.0.1",
      "data.authz",
    );
    assert.match(open.stderr, /ECONNREFUSED/);
    for (const { code } of [wrong, remote, closed, open]) assert.equal(code, 1);
    assert.match((await run("check", "authz.rego", "-s", "torn.json")).stderr, /this is no document/);
    assert.match((await run("check", "authz.rego", "-s", "none")).stderr, /no such file or folder/);
    assert.match((await run("check", "typed.rego", "-s", "moved.json")).stderr, /no such file or folder/);
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

  test("a folder moves from v0 to v1, what is v1 and what guides print with it", async () => {
    mkdirSync(join(folder, "moving"));
    for (const [name, text] of Object.entries({
      "moving/a.rego": "package a\n\np { input.x } # why\n",
      "moving/b.rego": "package b\n\np if input.x in {1}\n",
      "moving/c.rego": "package c\n\np { input.x in data.y }\n",
    }))
      writeFileSync(join(folder, name), text);
    assert.equal((await run("fmt", "moving")).code, 1);
    const both = await run("fmt", "moving/a.rego", "--v0-v1");
    assert.equal(both.stdout, "package a\n\nimport rego.v1\n\np if input.x # why\n");
    const moved = await run("fmt", "moving", "--v0-v1", "--drop-v0-imports", "--write");
    assert.equal(moved.code, 0);
    assert.equal(moved.stdout, "moving/a.rego\nmoving/c.rego\n");
    assert.match(moved.stderr, /^moving\/c\.rego:1:1: warning: neither v1 nor v0/);
    assert.equal(readFileSync(join(folder, "moving/a.rego"), "utf8"), "package a\n\np if input.x # why\n");
    assert.equal((await run("fmt", "moving", "--check")).code, 0);
    assert.equal((await run("check", "moving")).code, 0);
  });

  test("what v1 no longer has is told when v0 becomes v1", async () => {
    writeFileSync(join(folder, "gone.rego"), "package gone\n\np { any([input.x]) }\n");
    const { code, stdout, stderr } = await run("fmt", "gone.rego", "--v0-v1");
    assert.equal(code, 0);
    assert.match(stdout, /p if any\(\[input\.x\]\)\n$/);
    assert.match(stderr, /^gone\.rego:5:\d+: warning: v1 no longer has the built-in any\n/);
    assert.equal((await run("fmt", "gone.rego", "--v0-compatible")).stderr, "");
  });

  test("files that would change are named, and can be a failure", async () => {
    writeFileSync(join(folder, "fmt.rego"), before);
    assert.deepEqual(await run("fmt", "fmt.rego", "-l"), { code: 0, stdout: "fmt.rego\n", stderr: "" });
    assert.equal((await run("fmt", "fmt.rego", "-l", "--fail")).code, 1);
    assert.equal((await run("fmt", "fmt.rego", "-l", "--check")).code, 2);
    assert.equal((await run("fmt", "fmt.rego", "-w", "--fail")).code, 1);
    assert.equal((await run("fmt", "fmt.rego", "-w", "--fail")).code, 0);
  });

  test("the old syntax stays old when it is asked for; flags that exclude each other are refused", async () => {
    assert.equal((await run("fmt", "old.rego")).code, 1);
    assert.match((await run("fmt", "old.rego", "--v0-compatible")).stdout, /^package old\n\np = true\n$/);
    assert.equal((await run("fmt", "old.rego", "--check", "--diff")).code, 2);
    assert.equal((await run("fmt", "data.json")).code, 2);
  });
});
