/** The commands about the parts of an instance, against one that takes other machines, and one machine more. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { type Ran, runLine } from "../world-of-test.test.ts";

const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url));

let folder: string;
let data: string;
let link: string;
const started: ChildProcess[] = [];

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "deployment-"));
  data = join(folder, "data");
  link = `https://127.0.0.1:${await freePort()}`;
  const address = new URL(link).host;
  await start(
    "up",
    "--data",
    data,
    "--port",
    "0",
    "--no-demo",
    "--node",
    "control-a",
    "--link",
    address,
    "--link-url",
    link,
  );
});
after(async () => {
  await Promise.all(started.map(end));
  rmSync(folder, { recursive: true, force: true });
});

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  assert.ok(typeof address === "object" && address !== null);
  return address.port;
}

/** Starts a role, and waits until it is ready. */
async function start(...line: readonly string[]): Promise<ChildProcess> {
  const child = spawn(process.execPath, ["--conditions=development", MAIN, ...line, "--json"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  started.push(child);
  for await (const text of createInterface({ input: child.stdout }))
    if ((JSON.parse(text) as { event: string }).event === "ready") break;
  child.stdout.resume();
  return child;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGTERM");
  await once(child, "exit");
}

async function postern(...line: readonly string[]): Promise<Ran> {
  return await runLine([...line, "--data", data], { folder });
}
async function json(...line: readonly string[]): Promise<{ readonly [member: string]: unknown }> {
  const { code, stdout, stderr } = await postern(...line, "--json");
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout) as { readonly [member: string]: unknown };
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (const last = performance.now() + 30_000; !(await holds()); ) {
    assert.ok(performance.now() < last, `not in time: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Runs the line that `token` printed, on what stands for the other machine. */
async function join1(printed: string, at: string): Promise<Ran> {
  const [, line = ""] = /^ {2}postern (.*)$/m.exec(printed) ?? [];
  return await runLine([...line.split(" "), "--data", at], { folder });
}

test("of one machine, everything is well and beside control", async () => {
  await until(
    "all are connected",
    async () => (await postern("status")).stdout.split("✓ connected").length === 3,
  );
  const { code, stdout } = await postern("status");
  assert.equal(code, 0);
  assert.match(stdout, /^Postern is running\n {2}policy /);
  assert.match(stdout, /control control-a +✓ running.* https:\/\/127\.0\.0\.1:\d+\n/);
  assert.match(stdout, /gateway local +✓ connected.* none needed/);
  assert.match(stdout, /\nWatch the log: postern audit tail --follow\n$/);
  assert.match(
    (await postern("control", "list")).stdout,
    /^1 control node\nNAME .*\ncontrol-a +✓ running.*answers here\n/,
  );
  assert.match((await postern("gateway", "list")).stdout, /^1 gateway\nNAME .*\nlocal +✓ connected/);
});

test("a gateway joins with the line that its token printed, is seen to be well, and is shut out", async () => {
  const made = await postern("gateway", "token", "edge-1");
  assert.equal(made.code, 0, made.stderr);
  assert.match(
    made.stdout,
    /^Run this on the machine that is to be gateway edge-1:\n\n {2}postern gateway join https:\/\/127\.0\.0\.1:\d+ --token pjt_[\w-]{43} --ca-pin sha256:[0-9a-f]{64}\n\nIt works once, for the name edge-1 alone, within 1 hour: until /,
  );
  assert.match(
    (await postern("gateway", "list")).stdout,
    /\nedge-1 may join with the token that owner made, for another (1 hour|\d+ minutes)\n/,
  );
  const there = join(folder, "edge-1");
  const joined = await join1(made.stdout, there);
  assert.equal(joined.code, 0, joined.stderr);
  const again = await join1(made.stdout, join(folder, "thief"));
  assert.equal(again.code, 1);
  assert.match(again.stderr, /^error: .*used/);

  assert.match(
    (await postern("status")).stdout,
    /^Postern is running; 1 thing needs attention\n {2}! gateway edge-1 has joined, and has not been connected yet.*\n {4}try: start it on its machine: postern gateway run\n/,
  );
  const gateway = await start("gateway", "run", "--data", there, "--listen", "127.0.0.2");
  await until("it says how it is", async () =>
    /edge-1 +✓ connected.* \d\.\d s /.test((await postern("gateway", "list")).stdout),
  );
  const seen = (await json("gateway", "list"))["items"] as {
    name: string;
    condition: string;
    node: string;
  }[];
  assert.deepEqual(
    seen.map(({ name, condition, node }) => [name, condition, node]),
    [
      ["edge-1", "well", "control-a"],
      ["local", "well", "control-a"],
    ],
  );
  assert.match((await postern("status")).stdout, /gateway edge-1 +✓ connected.* for (\d+ hours|1 day)/);
  // the gateway comes with a certificate of the next authority by itself
  const rotated = await postern("authority", "rotate");
  assert.equal(rotated.code, 0, rotated.stderr);
  assert.match(
    rotated.stdout,
    /^The authority of postern\.localhost was rotated; nobody was cut off\n {2}Pin +sha256:[0-9a-f]{64}\n {2}Authority .*\n {2}Rotation +by itself at half of its life\n/,
  );
  await until("all is well afterwards", async () =>
    /^Postern is running\n/.test((await postern("status")).stdout),
  );
  assert.match(
    (await postern("gateway", "token", "edge-1")).stdout,
    /There is a gateway edge-1: whoever uses this takes its place/,
  );

  const revoked = await postern("gateway", "revoke", "edge-1");
  assert.equal(revoked.code, 0, revoked.stderr);
  assert.match(
    revoked.stdout,
    /^edge-1 is revoked; .*\nLet the name join again: postern gateway token edge-1\n$/,
  );
  await until("it is gone", async () => {
    const [edge] = (await json("gateway", "list"))["items"] as { connectedSince?: number }[];
    return edge?.connectedSince === undefined;
  });
  assert.match((await postern("gateway", "revoke", "edge-1")).stdout, /^edge-1 was revoked already, at /);
  assert.match((await postern("gateway", "list")).stdout, /\nedge-1 +✕ revoked/);
  assert.doesNotMatch((await postern("status")).stdout, /edge-1/);
  await end(gateway);
});

test("what is not there, or may not be, is refused with what to do", async () => {
  const unknown = await postern("gateway", "revoke", "locla");
  assert.equal(unknown.code, 1);
  assert.match(unknown.stderr, /^error: there is no gateway named "locla"\n {2}try: local/);
  const local = await postern("gateway", "revoke", "local");
  assert.equal(local.code, 1);
  assert.match(local.stderr, /^error: .*runs beside control.*\n {2}try: /);
  for (const name of ["Edge", "a.b", "../x", "control-a\nx"]) {
    const refused = await postern("agent", "token", name);
    assert.equal(refused.code, 1, name);
    assert.match(refused.stderr, /^error: /);
  }
  assert.equal((await postern("agent", "token", "local-gateway")).code, 0);
  assert.equal((await postern("gateway", "token", "local")).code, 1);
  assert.equal((await postern("gateway", "token")).code, 2);
  const away = await runLine(["gateway", "list", "--data", join(folder, "nothing")], { folder });
  assert.equal(away.code, 3);
});

test("a token is not made where nobody could use it, and how to change that is said", async () => {
  const elsewhere = join(folder, "alone");
  const instance = await start("up", "--data", elsewhere, "--port", "0", "--no-demo");
  const refused = await runLine(["gateway", "token", "edge-1", "--data", elsewhere], { folder });
  assert.equal(refused.code, 1);
  assert.match(
    refused.stderr,
    /^error: no control node takes .*\n {2}try: .*--link 0\.0\.0\.0:7443 --link-url https:\/\/HOST:7443/,
  );
  await end(instance);
});

test("the authority is shown, and a rotation goes on when nobody waits for it any more", async () => {
  const before = await json("authority", "show");
  const shown = await postern("authority", "show");
  assert.match(
    shown.stdout,
    /^The authority of postern\.localhost vouches .*\n {2}Pin +sha256:[0-9a-f]{64}\n {2}Authority +[0-9a-f]{12}, until /,
  );
  // a token that names the old authority is waited for
  await postern("gateway", "token", "edge-2");
  const begun = await runLine(["authority", "rotate", "--data", data], {
    folder,
    stopped: Promise.resolve(),
  });
  assert.equal(begun.code, 0, begun.stderr);
  assert.match(
    begun.stdout,
    /^The authority of postern\.localhost is being rotated; .*\n(.*\n)* {2}Next authority +[0-9a-f]{12}, until /,
  );
  assert.match((await postern("authority", "show")).stdout, /Rotation +step [123] of 3: /);
  const twice = await postern("authority", "rotate");
  assert.equal(twice.code, 1);
  assert.match(twice.stderr, /^error: a rotation is under way\n {2}try: .*postern authority show/);
  assert.notEqual(before["pin"], undefined);
});
