import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { COMMANDS } from "./commands.ts";
import { EXIT_CODES } from "./terminal/exit-codes.ts";
import { runLine } from "./world-of-test.test.ts";

for (const entry of COMMANDS.filter(({ internal }) => internal !== true)) {
  describe(`postern ${entry.name}`, () => {
    test("--help shows usage, every flag, examples that begin with the command, and the exit codes", async () => {
      const command = await entry.load();
      assert.equal(command.name, entry.name);
      const { code, stdout, stderr } = await runLine([...entry.name.split(" "), "--help"]);
      assert.equal(code, 0);
      assert.equal(stderr, "");
      assert.ok(stdout.startsWith(`postern ${entry.name}: ${entry.purpose}\n`), stdout);
      for (const flag of [...Object.keys(command.flags), "json", "help"])
        assert.ok(stdout.includes(`--${flag}`), flag);
      for (const { name } of command.arguments) assert.ok(stdout.includes(name), name);
      for (const { command: line } of command.examples) {
        assert.ok(stdout.includes(line));
        assert.match(line, entry.name === "up" ? /^npm start/ : new RegExp(`postern ${entry.name}`));
      }
      for (const { code: exit, meaning } of EXIT_CODES) assert.ok(stdout.includes(`${exit}  ${meaning}`));
    });

    test("an unknown flag is refused with exit code 2, and with --json as JSON too", async () => {
      const { code, stdout, stderr } = await runLine([...entry.name.split(" "), "--jsn", "--json"]);
      assert.equal(code, 2);
      assert.match(stderr, /^error: unknown flag --jsn\n {2}postern .*\n {2}try: --json/);
      assert.equal((JSON.parse(stdout) as { error: { code: string } }).error.code, "usage.invalid");
    });
  });
}

test("help lists every command that is for people, and so does a bare postern", async () => {
  const { stdout } = await runLine(["help"]);
  for (const { name, purpose, internal } of COMMANDS) {
    assert.equal(stdout.includes(`${purpose}\n`), internal !== true, name);
  }
  assert.equal((await runLine([])).stdout, stdout);
  assert.equal((await runLine(["--help"])).stdout, stdout);
  assert.match((await runLine(["help", "app", "add"])).stdout, /^postern app add: /);
  assert.equal((await runLine(["help", "ap", "add"])).code, 2);
});

test("help and version are there for programs", async () => {
  const all = JSON.parse((await runLine(["help", "--json"])).stdout) as {
    commands: { name: string }[];
    exitCodes: unknown[];
  };
  assert.equal(all.exitCodes.length, EXIT_CODES.length);
  assert.ok(all.commands.some(({ name }) => name === "apply"));
  const one = JSON.parse((await runLine(["help", "apply", "--json"])).stdout) as { flags: object };
  assert.ok("file" in one.flags);
  const version = JSON.parse((await runLine(["--version", "--json"])).stdout) as {
    postern: string;
    node: string;
  };
  assert.match(version.postern, /^\d+\.\d+\.\d+$/);
  assert.equal(version.node, process.versions.node);
});

test("without a running instance every command that needs one ends with 3 and says how to start it", async () => {
  const nowhere = mkdtempSync(join(tmpdir(), "nowhere-"));
  for (const line of [
    ["status"],
    ["setup-link"],
    ["app", "add", "x", "http://localhost:1", "--classification", "internal"],
    ["app", "list"],
    ["app", "remove", "x"],
    ["policy", "show"],
    ["explain", "dec_1"],
    ["audit", "tail"],
    ["audit", "tail", "--follow", "--lines", "0"],
    ["user", "invite", "bob"],
    ["user", "list"],
    ["user", "disable", "bob"],
    ["user", "enable", "bob"],
    ["session", "list"],
    ["session", "end", "x"],
  ]) {
    const { code, stdout, stderr } = await runLine([...line, "--data", nowhere, "--json"]);
    assert.equal(code, 3, line.join(" "));
    assert.match(stderr, new RegExp(`^error: Postern is not running[^]*try: npm start -- --data ${nowhere}`));
    assert.equal((JSON.parse(stdout) as { error: { code: string } }).error.code, "not_running");
  }
  assert.match(
    (await runLine(["status"], { environment: { XDG_DATA_HOME: nowhere } })).stderr,
    /try: npm start\n/,
  );
  rmSync(nowhere, { recursive: true });
});

test("a missing or wrong classification is a usage error before anything is asked", async () => {
  for (const flags of [[], ["--classification", "secret"]]) {
    const { code, stderr } = await runLine(["app", "add", "x", "http://localhost:1", ...flags]);
    assert.equal(code, 2);
    assert.match(stderr, /public, internal, confidential, restricted/);
  }
});

test("a role is not started by hand without settings", async () => {
  const { code, stderr } = await runLine(["child", "demo"]);
  assert.equal(code, 1);
  assert.match(stderr, /^error: these are no settings of an instance/);
  assert.equal((await runLine(["child", "demo", "--settings", '{"data":"/x"}'])).code, 1);
  assert.match((await runLine(["child", "demo", "--settings", "{"])).stderr, /--settings is not valid JSON/);
});
