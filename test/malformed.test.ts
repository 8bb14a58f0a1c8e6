/** Bad input of each kind: one clear line with the place and what to do, and nothing changes. */
import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { type Instance, startInstance } from "./harness/instance.ts";
import { runPostern } from "./harness/program.ts";

let instance: Instance;
let folder: string;

before(async () => {
  instance = await startInstance();
  folder = await mkdtemp(join(tmpdir(), "malformed-"));
});
after(async () => {
  await instance?.remove();
  await rm(folder, { recursive: true, force: true });
});

const APPLICATION = "apiVersion: postern.dev/v1\nkind: Application\nmetadata:\n  name: notes\nspec:\n";
const SPEC = "  upstream: http://localhost:3000\n  classification: internal\n";

/** What is wrong, the file's name and text, and what the error must say: place and words. */
const CASES: readonly { what: string; file: string; text: string; says: RegExp }[] = [
  {
    what: "YAML that does not parse",
    file: "a.yaml",
    text: `${APPLICATION}  upstream: [\n`,
    says: /a\.yaml:\d+:\d+/,
  },
  {
    what: "a misspelled field",
    file: "a.yaml",
    text: `${APPLICATION}  upstraem: http://localhost:1\n${SPEC}`,
    says: /a\.yaml:6:3.*upstraem[\s\S]*upstream/,
  },
  {
    what: "no classification",
    file: "a.yaml",
    text: `${APPLICATION}  upstream: http://localhost:3000\n`,
    says: /classification/,
  },
  {
    what: "a classification off the list",
    file: "a.yaml",
    text: `${APPLICATION}  upstream: http://localhost:3000\n  classification: secret\n`,
    says: /a\.yaml:7:\d+[\s\S]*restricted/,
  },
  {
    what: "an unknown kind",
    file: "a.yaml",
    text: "apiVersion: postern.dev/v1\nkind: Aplication\nmetadata: {name: x}\n",
    says: /a\.yaml:2:7[\s\S]*Application/,
  },
  {
    what: "an unknown apiVersion",
    file: "a.yaml",
    text: "apiVersion: v2\nkind: Application\nmetadata: {name: x}\n",
    says: /a\.yaml:1:13[\s\S]*postern\.dev\/v1/,
  },
  {
    what: "a reserved name",
    file: "a.yaml",
    text: APPLICATION.replace("notes", "login") + SPEC,
    says: /a\.yaml:4:9[\s\S]*login/,
  },
  {
    what: "a name that is no DNS label",
    file: "a.yaml",
    text: APPLICATION.replace("notes", "No_tes!") + SPEC,
    says: /a\.yaml:4:9/,
  },
  {
    what: "the same application twice",
    file: "a.yaml",
    text: `${APPLICATION}${SPEC}---\n${APPLICATION}${SPEC}`,
    says: /a\.yaml:\d+:\d+[\s\S]*notes/,
  },
  {
    what: "an upstream that is no URL",
    file: "a.yaml",
    text: `${APPLICATION}  upstream: "nowhere"\n  classification: internal\n`,
    says: /a\.yaml:6:13/,
  },
  {
    what: "a duplicate key",
    file: "a.yaml",
    text: `${APPLICATION}${SPEC}  classification: public\n`,
    says: /a\.yaml:8:3/,
  },
  {
    what: "an unknown fact in a rule",
    file: "a.rules",
    text: 'ALLOW IF user.rol == "sre"\n',
    says: /a\.rules:1:10[\s\S]*\^+[\s\S]*user\.role/,
  },
  {
    what: "a rule that ends early",
    file: "a.rules",
    text: "ALLOW IF user.role ==\n",
    says: /a\.rules:\d+:\d+/,
  },
  {
    what: "a number against a text",
    file: "a.rules",
    text: "ALLOW IF user.role == 4\n",
    says: /a\.rules:1:\d+/,
  },
  {
    what: "a bad pattern",
    file: "a.rules",
    text: 'ALLOW IF user.name MATCHES "("\n',
    says: /a\.rules:1:\d+/,
  },
  { what: "a file of another ending", file: "a.rego", text: "package x\n", says: /a\.rego/ },
  {
    what: "a set that locks every administrator out",
    file: "a.rules",
    text: 'DENY IF subject.type == "user"\n',
    says: /administrator/,
  },
];

for (const { what, file, text, says } of CASES) {
  test(`${what} is refused with its place, and nothing changes`, async () => {
    const one = join(folder, what.replaceAll(/\W+/g, "-"));
    await mkdir(one);
    await writeFile(join(one, file), text);
    const before = JSON.parse((await instance.postern("policy", "show", "--json")).stdout) as {
      version: string;
    };
    const run = await instance.postern("apply", "-f", one);
    assert.equal(run.code, 1, run.stdout + run.stderr);
    assert.match(run.stderr, /^error: /m);
    assert.match(run.stderr, says);
    const now = JSON.parse((await instance.postern("policy", "show", "--json")).stdout) as {
      version: string;
    };
    assert.equal(now.version, before.version);
  });
}

test("the examples apply as they are", async () => {
  const run = await instance.postern("apply", "-f", "examples/first/");
  assert.equal(run.code, 0, run.stderr);
  const again = await instance.postern("apply", "-f", "examples/first/", "--json");
  assert.equal((JSON.parse(again.stdout) as { changed: boolean }).changed, false);
});

test("an unknown flag, an unknown command and a missing argument say what was meant", async () => {
  const flag = await runPostern(["up", "--prot", "80"]);
  assert.equal(flag.code, 2);
  assert.match(flag.stderr, /^error: .*--prot[\s\S]*--port/m);
  const command = await runPostern(["aply"]);
  assert.equal(command.code, 2);
  assert.match(command.stderr, /apply/);
  const argument = await runPostern(["explain"]);
  assert.equal(argument.code, 2);
});

test("a command without a running instance says how to start it", async () => {
  const nowhere = await mkdtemp(join(tmpdir(), "nowhere-"));
  const run = await runPostern(["status", "--data", nowhere]);
  assert.equal(run.code, 3);
  assert.match(run.stderr, /npm start/);
  await rm(nowhere, { recursive: true });
});

test("a busy port, a damaged database, and plain http off loopback each end in one clear line", async () => {
  const data = await mkdtemp(join(tmpdir(), "second-"));
  const busy = await runPostern(["up", "--data", data, "--port", String(instance.port)]);
  assert.notEqual(busy.code, 0);
  assert.match(busy.stderr, new RegExp(`^error: .*${instance.port}`, "m"));
  assert.match(busy.stderr, /try: /);

  await writeFile(
    join(data, "postern.db"),
    "this is no database, and long enough to be looked at as if it were one",
  );
  const damaged = await runPostern(["up", "--data", data, "--port", "0"]);
  assert.notEqual(damaged.code, 0);
  assert.match(damaged.stderr, /^error: .*database/m);

  const open = await runPostern(["up", "--data", data, "--listen", "0.0.0.0", "--port", "0"]);
  assert.notEqual(open.code, 0);
  assert.match(open.stderr, /^error: .*TLS/m);
  await rm(data, { recursive: true });
});
