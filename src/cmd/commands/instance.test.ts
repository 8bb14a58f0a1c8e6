/** The commands against a running instance, started from the sources as `postern up` starts it. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { type Ran, runLine } from "../world-of-test.test.ts";

const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url));

let folder: string;
let data: string;
let instance: ChildProcess;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "instance-"));
  data = join(folder, "data");
  const args = ["--conditions=development", MAIN, "up", "--data", data, "--port", "0", "--no-demo", "--json"];
  const started = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  instance = started;
  for await (const line of createInterface({ input: started.stdout })) {
    if ((JSON.parse(line) as { event: string }).event === "ready") break;
  }
});
after(async () => {
  if (instance.exitCode === null) {
    instance.kill("SIGTERM");
    await once(instance, "exit");
  }
  rmSync(folder, { recursive: true, force: true });
});

async function postern(...line: readonly string[]): Promise<Ran> {
  return await runLine([...line, "--data", data], { folder });
}
async function json(...line: readonly string[]): Promise<unknown> {
  const { code, stdout, stderr } = await postern(...line, "--json");
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout) as unknown;
}
function policy(name: string, files: Readonly<Record<string, string>>): string {
  mkdirSync(join(folder, name), { recursive: true });
  for (const [path, text] of Object.entries(files)) writeFileSync(join(folder, name, path), text);
  return name;
}

test("status names the policy, the gateway and the agent", async () => {
  const { code, stdout } = await postern("status");
  assert.equal(code, 0);
  assert.match(stdout, /^Postern is running\n/);
  assert.match(stdout, /gateway +local .*✓ connected/);
  assert.match(stdout, /agent .*✓ connected/);
});

test("an application is added, listed and removed", async () => {
  const added = await postern(
    "app",
    "add",
    "grafana",
    "http://127.0.0.1:3000",
    "--classification",
    "internal",
    "--env",
    "lab",
  );
  assert.equal(added.code, 0, added.stderr);
  assert.match(added.stdout, /^grafana is protected, as internal: http:\/\/grafana\.postern\.localhost:\d+/);
  const twice = await postern("app", "add", "grafana", "http://127.0.0.1:1", "--classification", "public");
  assert.equal(twice.code, 1);
  assert.match(twice.stderr, /^error: .*grafana/);
  assert.match((await postern("app", "list")).stdout, /^1 application\nNAME .*\ngrafana +http:/);
  const { items } = (await json("app", "list")) as { items: { name: string; env: string }[] };
  assert.deepEqual(
    items.map(({ name, env }) => [name, env]),
    [["grafana", "lab"]],
  );
  assert.match((await postern("app", "remove", "grafana")).stdout, /^grafana is no longer served\n/);
  assert.match((await postern("app", "list")).stdout, /^0 applications\nProtect another/);
  assert.equal((await postern("app", "remove", "grafana")).code, 1);
});

test("apply shows what changes, dry first, then for real, then not again", async () => {
  const path = policy("first", {
    "engineers.rules": 'ALLOW IF user.role == "engineer" AND resource.env == "lab"\n',
    "README.md": "not policy",
    ".hidden.rules": "not policy either",
  });
  const before = (await json("policy", "show")) as { version: string };
  const dry = await postern("apply", "-f", path, "--dry-run");
  assert.match(
    dry.stdout,
    /^This would become version [0-9a-f]{12}; nothing was changed\n {2}\+ {2}engineers\.rules +added\n/,
  );
  assert.equal(((await json("policy", "show")) as { version: string }).version, before.version);
  const real = await postern("apply", "-f", path);
  assert.match(real.stdout, /^Version [0-9a-f]{12} is active, as activation \d+\n/);
  const shown = await postern("policy", "show");
  assert.match(shown.stdout, /engineers\.rules\n1 {2}ALLOW IF user\.role/);
  assert.match((await postern("apply", "-f", path)).stdout, /^Nothing to change/);
});

test("apply refuses a mistake with its line and a caret, and changes nothing", async () => {
  const path = policy("mistaken", { "a.rules": '# fine\nALLOW IF user.rol == "x"\n' });
  const { code, stdout, stderr } = await postern("apply", "-f", path, "--json");
  assert.equal(code, 1);
  assert.match(
    stderr,
    /^error: .*\n(.*\n)*a\.rules:2:10: error: .*user\.rol.*\n {2}ALLOW IF user\.rol == "x"\n {11}\^{8}\n/,
  );
  const { error } = JSON.parse(stdout) as { error: { code: string; diagnostics: { line: number }[] } };
  assert.equal(error.code, "policy.invalid");
  assert.equal(error.diagnostics[0]?.line, 2);
});

test("apply needs files that are there, are text and are not two of one path", async () => {
  assert.equal((await postern("apply")).code, 2);
  assert.match(
    (await postern("apply", "-f", "nowhere")).stderr,
    /^error: no such file or folder\n {2}.*nowhere/,
  );
  assert.match((await postern("apply", "-f", policy("empty", {}))).stderr, /^error: there is no policy file/);
  const one = policy("one", { "x.rules": "" });
  const two = policy("two", { "x.rules": "" });
  assert.match(
    (await postern("apply", "-f", one, "-f", two)).stderr,
    /^error: two files would both be x\.rules/,
  );
  const binary = policy("binary", {});
  writeFileSync(join(folder, binary, "x.rules"), Uint8Array.from([0xff, 0xfe]));
  assert.match((await postern("apply", "-f", binary)).stderr, /^error: this file is not UTF-8/);
});

test("a person is invited, listed, disabled and enabled by name", async () => {
  const { code, stdout } = await postern(
    "user",
    "invite",
    "bob",
    "--role",
    "engineer",
    "--group",
    "a",
    "--group",
    "b",
  );
  assert.equal(code, 0);
  assert.match(stdout, /^bob is invited, as engineer:\n\n {2}http:\/\/login\..*#[\w-]{43}\n/);
  assert.match((await postern("user", "list")).stdout, /bob +bob +engineer +a, b +invited, for /);
  assert.match((await postern("user", "disable", "bob")).stdout, /^bob is disabled/);
  assert.match((await postern("user", "list")).stdout, /bob .* disabled\n/);
  assert.match((await postern("user", "enable", "bob")).stdout, /^bob is enabled/);
  const unknown = await postern("user", "disable", "bbo");
  assert.equal(unknown.code, 1);
  assert.match(unknown.stderr, /^error: there is no person named "bbo"\n {2}try: bob/);
  const again = await postern("user", "invite", "bob");
  assert.equal(again.code, 0, "an invitation that nobody used is renewed");
  assert.notEqual(again.stdout, stdout);
});

test("sessions are listed, and one that is none is not ended", async () => {
  assert.match((await postern("session", "list")).stdout, /^0 sessions\n/);
  assert.equal((await postern("session", "end", "ses_none")).code, 1);
});

test("setup-link prints a fresh link while there is no administrator", async () => {
  const first = (await json("setup-link")) as { url: string };
  const second = await postern("setup-link");
  assert.match(
    second.stdout,
    /^This link makes the first administrator:\n\n {2}http.*#[\w-]{43}\n\n.*within 15 minutes/,
  );
  assert.ok(!second.stdout.includes(first.url));
});

test("the log has what was done here, and a decision of it is explained", async () => {
  const { code, stdout } = await postern("audit", "tail", "--kind", "decision", "--json", "--lines", "5");
  assert.equal(code, 0);
  const lines = stdout.trim().split("\n");
  assert.equal(lines.length, 5);
  const id = /dec_[0-9a-z]{26}/.exec(lines.at(-1) ?? "")?.[0] ?? "";
  const explained = await postern("explain", id);
  assert.equal(explained.code, 0, explained.stderr);
  assert.match(explained.stdout, /^✓ allowed\n {2}who +owner\n {2}what /);
  assert.match(explained.stdout, /postern\/builtin\.rules:\d+/);
  assert.match(explained.stdout, /✓ {2}subject\.role == "owner" +subject\.role = /);
  const none = await postern("explain", "dec_00000000000000000000000000");
  assert.equal(none.code, 1);
  assert.match(none.stderr, /^error: .*\n {2}try: /);
});

test("audit tail --follow goes on until it is stopped", async () => {
  const stop = Promise.withResolvers<void>();
  const following = runLine(
    ["audit", "tail", "--follow", "--lines", "1", "--kind", "administration", "--data", data],
    {
      folder,
      stopped: stop.promise,
    },
  );
  // each act comes into the log whether or not the follower is there yet, so one of them comes after it is
  const acts = (async () => {
    for (let i = 0; i < 5; i++) await postern("user", i % 2 === 0 ? "disable" : "enable", "bob");
    stop.resolve();
  })();
  await acts;
  const { code, stdout } = await following;
  assert.equal(code, 0);
  assert.match(stdout, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d +administration/);
});

test("files are checked and decided without an instance", async () => {
  const path = policy("offline", {
    "r.rules": 'ALLOW IF user.role == "engineer" AND resource.classification <= "internal"\n',
  });
  const checked = await runLine(["policy", "check", "-f", path], { folder });
  assert.match(checked.stdout, /^No errors: 1 rule, 0 applications in 1 file\n/);
  const wrong = await runLine(["policy", "check", "-f", "mistaken"], { folder });
  assert.equal(wrong.code, 1);
  assert.match(wrong.stderr, /a\.rules:2:10: error:/);
  const input = {
    type: "user",
    user: { id: "u", name: "eve", role: "engineer" },
    action: "read",
    resource: { name: "wiki", kind: "application", classification: "internal" },
    time: { now_ns: "1800000000000000000" },
  };
  writeFileSync(join(folder, "input.json"), JSON.stringify(input));
  const allowed = await runLine(["policy", "decide", "-f", path, "--input", "input.json"], { folder });
  assert.equal(allowed.code, 0, allowed.stderr);
  assert.match(allowed.stdout, /^✓ allowed\n/);
  writeFileSync(join(folder, "input.json"), JSON.stringify({ ...input, user: { id: "u", name: "eve" } }));
  const denied = await runLine(["policy", "decide", "-f", path, "--input", "input.json", "--json"], {
    folder,
  });
  assert.equal(denied.code, 4);
  assert.equal((JSON.parse(denied.stdout) as { decision: { effect: string } }).decision.effect, "deny");
  writeFileSync(join(folder, "input.json"), "{");
  assert.equal(
    (await runLine(["policy", "decide", "-f", path, "--input", "input.json"], { folder })).code,
    1,
  );
  assert.equal((await runLine(["policy", "decide", "-f", path, "--input", "none.json"], { folder })).code, 1);
});
