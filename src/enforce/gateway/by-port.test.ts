import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  ask,
  freePort,
  manifest,
  type Rig,
  RULES,
  startRig,
  startUpstream,
  type TestUpstream,
  until,
} from "./rig.test.ts";

let rig: Rig;
let upstream: TestUpstream;
let wiki: number;
let payroll: number;

before(async () => {
  [wiki, payroll, upstream] = [await freePort(), await freePort(), await startUpstream()];
  rig = await startRig({ hostStyle: "port", ports: { wiki, payroll } });
  await rig.activate({
    "wiki.yaml": manifest("wiki", upstream.url, "  classification: internal\n"),
    "echo.yaml": manifest("echo", upstream.url, "  classification: internal\n"),
    "payroll.yaml": manifest("payroll", upstream.url, "  classification: restricted\n"),
    "policy.rules": `${RULES}\nALLOW IF subject.type == "user"\n`,
  });
});
after(async () => {
  await rig?.close();
  await upstream?.close();
});

const JSON_CLIENT = { accept: "application/json" };

test("each application has its port, with a cookie of its own name", async () => {
  const cookie = await rig.enter("wiki");
  const answer = await rig.ask("wiki", "/", { port: wiki, headers: { cookie: `${cookie}; a=1` } });
  assert.equal(answer.status, 200, answer.body);
  assert.equal(upstream.seen.at(-1)?.headers.cookie, "a=1");
  assert.equal(upstream.seen.at(-1)?.headers["x-forwarded-host"], `localhost:${wiki}`);
  const stolen = cookie.replace("__Host-postern-wiki", "__Host-postern-payroll");
  assert.equal((await rig.ask("payroll", "/", { port: payroll, headers: { cookie: stolen } })).status, 401);
  assert.equal((await rig.ask("payroll", "/", { port: payroll, headers: { cookie } })).status, 401);
});

test("restricted applications refuse it, whatever the rules say", async () => {
  const cookie = await rig.enter("payroll");
  const answer = await rig.ask("payroll", "/", { port: payroll, headers: { cookie, accept: "text/html" } });
  assert.equal(answer.status, 403);
  assert.match(answer.body, /not served by port/);
  assert.match(JSON.stringify(rig.spool.of("decision").at(-1)), /postern\/by-port/);
});

test("login and console have ports too, and a Host of another port is misdirected", async () => {
  assert.equal((await rig.ask("login", "/")).status, 200);
  const console = Number(new URL(rig.instance.origins.console).port);
  const cookie = await rig.enter("console");
  assert.equal((await rig.ask("console", "/", { port: console, headers: { cookie } })).status, 200);
  for (const host of [
    `localhost:${console}`,
    "localhost",
    `127.0.0.1:${wiki}`,
    `wiki.postern.localhost:${wiki}`,
  ])
    assert.equal((await ask(wiki, host, "/", { headers: JSON_CLIENT })).status, 421, host);
});

test("ports open and close as applications come and go", async () => {
  const echo = await freePort();
  rig.control.state.put({ kind: "port", key: "echo", value: { port: echo } });
  let status = 0;
  await until("the port to open", () => {
    rig.ask("echo", "/", { port: echo, headers: JSON_CLIENT }).then(
      (answer) => {
        status = answer.status;
      },
      () => undefined,
    );
    return status === 401;
  });
  rig.control.state.put({ kind: "port", key: "echo", value: null });
  let refused = false;
  await until("the port to close", () => {
    rig.ask("echo", "/", { port: echo }).catch(() => {
      refused = true;
    });
    return refused;
  });
});

test("a port that is taken is said and tried again, and the others serve", async () => {
  rig.control.state.put({ kind: "port", key: "echo", value: { port: Number(new URL(upstream.url).port) } });
  await until("the notice", () => rig.notices.some((notice) => notice.event === "port-unavailable"));
  assert.equal((await rig.ask("wiki", "/", { port: wiki, headers: JSON_CLIENT })).status, 401);
});
