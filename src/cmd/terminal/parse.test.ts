import assert from "node:assert/strict";
import { test } from "node:test";
import { PosternError } from "#kernel";
import { type Command, defineCommand } from "../command.ts";
import { findCommand, parseCall, wholeNumber } from "./parse.ts";

const command: Command = defineCommand({
  name: "try",
  arguments: [
    { name: "NAME", what: "a name" },
    { name: "MORE", what: "another", optional: true },
  ],
  flags: {
    port: { kind: "value", value: "N", what: "a port" },
    file: { kind: "list", short: "f", value: "PATH", what: "files" },
    fast: { kind: "switch", what: "hurry" },
    style: { kind: "value", choices: ["round", "square"], what: "a style" },
    secret: { kind: "value", what: "not for people", internal: true },
  },
  examples: [{ command: "postern try x", what: "try" }],
  run: () => Promise.reject(new Error("not here")),
});

function refusal(line: readonly string[]): string {
  try {
    parseCall(command, line);
  } catch (error) {
    assert.ok(error instanceof PosternError);
    assert.equal(error.code, "usage.invalid");
    return `${error.message} | ${error.details.remedy ?? ""}`;
  }
  throw new assert.AssertionError({ message: `${line.join(" ")} was understood` });
}

test("flags and words are understood in any order and both spellings", () => {
  const call = parseCall(command, ["--port=80", "a", "-f", "x", "--fast", "--file", "y", "b", "--json"]);
  assert.deepEqual({ ...call.flags }, { port: "80", file: ["x", "y"], fast: true });
  assert.deepEqual(call.words, ["a", "b"]);
  assert.equal(call.json, true);
  assert.equal(call.help, false);
});

test("after -- everything is a word", () => {
  assert.deepEqual(parseCall(command, ["--", "--port", "-x"]).words, ["--port", "-x"]);
});

test("--help needs nothing else to be right", () => {
  assert.equal(parseCall(command, ["--help"]).help, true);
  assert.equal(parseCall(command, ["-h"]).help, true);
});

for (const { line, says } of [
  { line: ["x", "--prot", "80"], says: /^unknown flag --prot \| --port, or postern try --help$/ },
  { line: ["x", "--wholly-other"], says: /^unknown flag --wholly-other \| postern try --help$/ },
  { line: ["x", "-q"], says: /^unknown flag -q / },
  { line: ["x", "--secreet", "1"], says: /^unknown flag --secreet \| postern try --help$/ },
  { line: ["x", "--__proto__", "1"], says: /^unknown flag --__proto__ / },
  { line: ["x", "--constructor"], says: /^unknown flag --constructor / },
  { line: ["x", "--port"], says: /^--port needs a value: --port N/ },
  { line: ["x", "--port", "--fast"], says: /^--port needs a value/ },
  { line: ["x", "--port="], says: /^--port needs a value/ },
  { line: ["x", "--port", "1", "--port", "2"], says: /^--port is given twice/ },
  { line: ["x", "--fast=yes"], says: /^--fast takes no value/ },
  { line: ["x", "--style", "rund"], says: /^--style is one of round, square, not "rund" \| --style round/ },
  { line: [], says: /^NAME is missing: a name/ },
  { line: ["a", "b", "c"], says: /^"c" is one word too many/ },
]) {
  test(`refused: try ${line.join(" ")}`, () => {
    assert.match(refusal(line), says);
  });
}

const commands = ["up", "apply", "app add", "app list", "user list"].map((name) => ({ name }));

test("the longest name wins, and the rest is the command's", () => {
  const { command: found, rest } = findCommand(commands, ["app", "add", "x", "--json"]);
  assert.equal(found.name, "app add");
  assert.deepEqual(rest, ["x", "--json"]);
});

for (const { line, says } of [
  { line: ["aply"], says: /unknown command "aply" postern apply/ },
  { line: ["app"], says: /postern app needs one more word postern app add, postern app list/ },
  { line: ["app", "ad"], says: /unknown command "app ad" postern app add/ },
  { line: ["usr", "list"], says: /unknown command "usr" postern user list/ },
  { line: ["quite-something-else"], says: /postern help/ },
  { line: ["--data", "x", "up"], says: /--data stands before a command/ },
]) {
  test(`no such command: ${line.join(" ")}`, () => {
    assert.throws(
      () => findCommand(commands, line),
      (error: unknown) => {
        assert.ok(error instanceof PosternError);
        assert.match(`${error.message} ${error.details.remedy ?? ""}`, says);
        return true;
      },
    );
  });
}

test("whole numbers are whole, within bounds and nothing else", () => {
  assert.equal(wholeNumber("--port", "7400", 0, 65_535), 7_400);
  for (const bad of ["65536", "-1", "1.5", "1e3", "0x10", "", " 1", "seven"]) {
    assert.throws(() => wholeNumber("--port", bad, 0, 65_535), PosternError, bad);
  }
});
