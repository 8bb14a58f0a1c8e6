/** What happens under way: sessions ended and policy changed below open connections, children killed, restarts. */
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { Browser } from "playwright-core";
import { WebSocket } from "ws";
import { openBrowser, type Visitor, visitor } from "./harness/browser.ts";
import { ask } from "./harness/http.ts";
import { type Instance, startInstance } from "./harness/instance.ts";
import { acceptInvitation, becomeAdministrator, cookieHeader, openApplication } from "./harness/people.ts";
import { runPostern } from "./harness/program.ts";
import { until } from "./harness/until.ts";
import { startUpstream, type Upstream } from "./harness/upstream.ts";

let instance: Instance;
let browser: Browser;
let ada: Visitor;
let upstream: Upstream;

before(async () => {
  // one after the other, so that what did start is there to be stopped
  browser = await openBrowser();
  upstream = await startUpstream();
  instance = await startInstance();
  ada = await visitor(browser);
  await becomeAdministrator(ada.page, String(instance.ready.setup));
  const added = await instance.postern("app", "add", "echo", upstream.url, "--classification", "internal");
  assert.equal(added.code, 0, added.stderr);
});
after(async () => {
  await browser?.close();
  await upstream?.close();
  await instance?.remove();
});

async function enter(): Promise<string> {
  await openApplication(ada.page, instance.url("echo"));
  return await cookieHeader(ada.page, instance.url("echo"));
}

/** Opens a WebSocket to the echo application, as a browser at `origin` does. */
async function openSocket(cookie: string, origin = new URL(instance.url("echo")).origin): Promise<WebSocket> {
  const { host, port } = new URL(instance.url("echo"));
  const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`, { headers: { host, cookie, origin } });
  await new Promise<void>((resolve, reject) => {
    socket.once("open", resolve);
    socket.once("error", reject);
  });
  return socket;
}

async function closed(socket: WebSocket): Promise<void> {
  if (socket.readyState === socket.CLOSED) return;
  await new Promise<void>((resolve) => {
    socket.on("error", () => resolve());
    socket.on("close", () => resolve());
  });
}

/** Applies one rules file; returns what undoes it. */
async function applyRules(name: string, text: string): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), "rules-"));
  await writeFile(join(folder, `${name}.rules`), text);
  const applied = await instance.postern("apply", "-f", folder);
  assert.equal(applied.code, 0, applied.stderr);
  return async () => {
    await writeFile(join(folder, `${name}.rules`), "# nothing\n");
    const undone = await instance.postern("apply", "-f", folder);
    assert.equal(undone.code, 0, undone.stderr);
    await rm(folder, { recursive: true });
  };
}

test("a WebSocket passes both ways, and one opened by another site is refused", async () => {
  const cookie = await enter();
  const socket = await openSocket(cookie);
  const answer = new Promise<string>((resolve) =>
    socket.once("message", (data: Buffer) => resolve(data.toString("utf8"))),
  );
  socket.send("hello");
  assert.equal(await answer, "hello");
  socket.close();
  await closed(socket);
  await assert.rejects(openSocket(cookie, "http://evil.example"), /403/);
  await assert.rejects(openSocket(cookie, "null"), /403/);
  await assert.rejects(openSocket(""), /401/);
});

test("policy changed under an open connection closes it, without a restart, and the log says why", async () => {
  const cookie = await enter();
  const socket = await openSocket(cookie);
  const undo = await applyRules(
    "freeze",
    '# reason: Echo is closed for maintenance\nDENY IF resource.name == "echo"\n',
  );
  await closed(socket);
  const denied = await ask(instance.url("echo"), { headers: { cookie, accept: "application/json" } });
  assert.equal(denied.status, 403);
  assert.match(denied.body, /maintenance/);
  await undo();
  await until(
    "the door to open again",
    async () => (await ask(instance.url("echo"), { headers: { cookie } })).status === 200,
  );
});

test("a stream under way is cut when its session ends, and so is a WebSocket", async () => {
  const cookie = await enter();
  const socket = await openSocket(cookie);
  const stream = ask(instance.url("echo", "/stream"), { headers: { cookie } }).then(
    () => "ended",
    () => "cut",
  );
  const list = await instance.postern("session", "list", "--json");
  const sessions = JSON.parse(list.stdout) as { items: { id: string; user: { name: string } }[] };
  const session = sessions.items.find((item) => item.user.name === "ada");
  assert.ok(session, list.stdout);
  const ended = await instance.postern("session", "end", session.id);
  assert.equal(ended.code, 0, ended.stderr + JSON.stringify(instance.lines.slice(-4)));
  await closed(socket);
  await stream;
  const answer = await ask(instance.url("echo"), { headers: { cookie, accept: "application/json" } });
  assert.equal(answer.status, 401);
  // signing in again gives another cookie
  assert.notEqual(await enter(), cookie);
});

test("disabling a person ends everything of theirs at once", async () => {
  const bob = await visitor(browser);
  await acceptInvitation(bob.page, instance, "bob");
  await openApplication(bob.page, instance.url("echo"));
  const cookie = await cookieHeader(bob.page, instance.url("echo"));
  const socket = await openSocket(cookie);
  const disabled = await instance.postern("user", "disable", "bob");
  assert.equal(disabled.code, 0, disabled.stderr);
  await closed(socket);
  const answer = await ask(instance.url("echo"), { headers: { cookie, accept: "application/json" } });
  assert.equal(answer.status, 401);
  assert.equal((await instance.postern("user", "enable", "bob")).code, 0);
  const stillOut = await ask(instance.url("echo"), { headers: { cookie, accept: "application/json" } });
  assert.equal(stillOut.status, 401, "what was ended stays ended");
  await bob.context.close();
});

test("the last administrator cannot be disabled", async () => {
  const refused = await instance.postern("user", "disable", "ada");
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /last administrator/);
});

for (const role of ["control", "gateway", "agent"]) {
  test(`kill -9 of the ${role}: it comes back, and so does everything that was acknowledged`, async () => {
    const cookie = await enter();
    const from = instance.lines.length;
    const pid = instance.lines
      .filter((line) => line.event === "child-started" && line["role"] === role)
      .at(-1)?.["pid"];
    assert.equal(typeof pid, "number");
    process.kill(Number(pid), "SIGKILL");
    await instance.line((line) => line.event === "child-restarting" && line["role"] === role, from);
    await instance.line((line) => line.event === "child-ready" && line["role"] === role, from);
    await until("the application to answer", async () =>
      ask(instance.url("echo"), { headers: { cookie } }).then(
        (answer) => answer.status === 200,
        () => false,
      ),
    );
    assert.equal((await instance.postern("status")).code, 0);
  });
}

test("while control is stopped, what is known goes on and nothing opens", async () => {
  const cookie = await enter();
  await openApplication(ada.page, instance.ready.console);
  const pid = Number(
    instance.lines.filter((l) => l.event === "child-started" && l["role"] === "control").at(-1)?.["pid"],
  );
  const console = `${instance.ready.console}/api/v1/me`;
  const consoleCookie = await cookieHeader(ada.page, instance.ready.console);
  process.kill(pid, "SIGSTOP");
  try {
    const known = await ask(instance.url("echo"), { headers: { cookie } });
    assert.equal(known.status, 200);
    const unknown = await ask(instance.url("echo"), { headers: { cookie: "", accept: "application/json" } });
    assert.equal(unknown.status, 401);
    // confidential and restricted resources need a fresher view: the console is beyond 10 s first
    await until(
      "the console to be denied as stale",
      // one that was let in while the view was fresh waits for control, and is cut when the view is not
      async () =>
        ask(console, { headers: { cookie: consoleCookie, accept: "application/json" } }).then(
          (answer) => answer.status === 503,
          () => false,
        ),
      40_000,
    );
  } finally {
    process.kill(pid, "SIGCONT");
  }
});

test("the next start goes on where it was", async () => {
  const cookie = await enter();
  await instance.stop();
  const again = await startInstance({ data: instance.data, port: instance.port });
  instance = again;
  assert.equal(again.ready.setup, undefined, "an instance with an administrator offers no setup link");
  const answer = await ask(again.url("echo"), { headers: { cookie } });
  assert.equal(answer.status, 200, answer.body);
  const version = JSON.parse(await readFile("package.json", "utf8")) as { version: string };
  assert.match((await runPostern(["version"])).stdout, new RegExp(version.version.replaceAll(".", "\\.")));
});
