/** One request after another through a whole gateway. Long because all of them share one rig. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { decodeJwt, importJWK, jwtVerify } from "jose";
import { systemIds, systemSchedule } from "#kernel";
import { linkClient, unixDialer } from "#link";
import { startGateway } from "./index.ts";
import {
  manifest,
  type Rig,
  RULES,
  sessionOf,
  startRig,
  startUpstream,
  type TestUpstream,
  until,
} from "./rig.test.ts";

let rig: Rig;
let upstream: TestUpstream;
let cookie: string;

before(async () => {
  [rig, upstream] = await Promise.all([startRig(), startUpstream()]);
  await rig.activate(files());
  cookie = await rig.enter("wiki");
});
after(async () => {
  await rig?.close();
  await upstream?.close();
});

function files(more: { [path: string]: string } = {}): { [path: string]: string } {
  return {
    "wiki.yaml": manifest("wiki", upstream.url, "  classification: internal\n"),
    "payroll.yaml": manifest("payroll", upstream.url, "  classification: restricted\n"),
    "open.yaml": manifest("open", upstream.url, "  classification: restricted\n  explain: full\n"),
    "dead.yaml": manifest("dead", "http://127.0.0.1:1", "  classification: internal\n"),
    "secret.yaml": manifest(
      "secret",
      upstream.url,
      "  classification: restricted\n  host: wiki\n  pathPrefix: /@secret\n",
    ),
    "policy.rules": RULES,
    ...more,
  };
}

const JSON_CLIENT = { accept: "application/json" };
const BROWSER = { accept: "text/html,application/xhtml+xml,*/*;q=0.8" };

test("a request that is allowed reaches the application as it was sent, with an assertion, after its record", async () => {
  const from = upstream.seen.length;
  let recorded = false;
  upstream.handle = (_request, response) => {
    recorded = rig.spool.of("decision").some((record) => JSON.stringify(record).includes('"effect":"allow"'));
    response.end("ok");
  };
  const answer = await rig.ask("wiki", "/d/1?x=%20y&z=%2e%2e", { headers: { cookie: `a=1; ${cookie}` } });
  assert.equal(answer.status, 200, answer.body);
  assert.ok(recorded, "it was forwarded before it was recorded");
  const seen = upstream.seen[from];
  assert.equal(seen?.url, "/d/1?x=%20y&z=%2e%2e");
  assert.equal(seen.headers["cookie"], "a=1");
  assert.equal(seen.headers["x-forwarded-for"], "127.0.0.1");
  assert.equal(seen.headers["x-forwarded-proto"], "http");
  assert.equal(seen.headers["x-forwarded-host"], `wiki.postern.localhost:${rig.gateway.port}`);
  assert.equal(seen.headers.host, `wiki.postern.localhost:${rig.gateway.port}`);

  const { keys } = JSON.parse((await rig.ask("wiki", "/.postern/jwks.json")).body) as { keys: [object] };
  const token = String(seen.headers["postern-assertion"]);
  const { payload, protectedHeader } = await jwtVerify(token, await importJWK(keys[0], "ES256"), {
    issuer: rig.instance.origins.login,
    audience: "wiki",
  });
  assert.equal(protectedHeader.alg, "ES256");
  assert.deepEqual(
    [payload.sub, payload["name"], payload["role"], payload["sid"]],
    ["usr_ada", "ada", "administrator", "ses_ada"],
  );
  assert.equal(Number(payload.exp) - Number(payload.iat), 60);
  assert.ok(!("d" in keys[0]), "the private key is published");
  await until("its completion", () => rig.spool.of("completion").length > 0);
});

test("an assertion is used again for a while, by application, and never once the person has changed", async () => {
  const assertionAt = async (host: string, with_: string): Promise<string> => {
    const from = upstream.seen.length;
    await rig.ask(host, "/", { headers: { cookie: with_ } });
    return String(upstream.seen[from]?.headers["postern-assertion"]);
  };
  upstream.handle = (_request, response) => void response.end("ok");
  const first = await assertionAt("wiki", cookie);
  assert.equal(await assertionAt("wiki", cookie), first);
  const user = rig.view.user("usr_ada");
  assert.ok(user);
  rig.control.state.put({ kind: "user", key: user.id, value: { ...user, groups: ["staff", "new"] } });
  await rig.settled();
  const second = await assertionAt("wiki", cookie);
  assert.notEqual(second, first);
  assert.deepEqual(decodeJwt(second)["groups"], ["staff", "new"]);
});

test("a denial is a page with the conditions in plain words, without rule text, and is recorded", async () => {
  const payroll = await rig.enter("payroll");
  const from = upstream.seen.length;
  const answer = await rig.ask("payroll", "/x", { headers: { cookie: payroll, ...BROWSER } });
  assert.equal(answer.status, 403);
  assert.match(answer.body, /<h1>You can&#39;t open Payroll yet\.<\/h1>/);
  assert.match(answer.body, /managed by the company/);
  assert.match(answer.body, /dec_[0-9a-z]{26}/);
  assert.match(answer.body, /href="\/x">Try again/);
  assert.ok(answer.body.includes(`href="${rig.instance.origins.login}/"`));
  assert.doesNotMatch(answer.body, /ALLOW IF|device\.managed|policy\.rules/);
  assert.match(String(answer.headers["content-security-policy"]), /default-src 'none'/);
  assert.doesNotMatch(String(answer.headers["content-security-policy"]), /unsafe/);
  assert.equal(answer.headers["cache-control"], "no-store");
  assert.equal(answer.headers["x-content-type-options"], "nosniff");
  assert.equal(upstream.seen.length, from);

  const problem = await rig.ask("payroll", "/x", { headers: { cookie: payroll, ...JSON_CLIENT } });
  assert.equal(problem.status, 403);
  assert.equal(problem.headers["content-type"], "application/problem+json");
  const body = JSON.parse(problem.body) as {
    type: string;
    decision: string;
    code: string;
    conditions: object[];
  };
  assert.deepEqual([body.type, body.code], ["urn:postern:problem:denied", "denied"]);
  assert.deepEqual(body.conditions, [
    { fact: "device.managed", plain: "Your device is managed by the company", actual: "not known" },
  ]);
  assert.ok(rig.spool.of("decision").some((record) => JSON.stringify(record).includes(body.decision)));
});

test("an application that says so shows the text of its rules to people who are denied", async () => {
  const open = await rig.enter("open");
  const answer = await rig.ask("open", "/", { headers: { cookie: open, ...BROWSER } });
  assert.equal(answer.status, 403);
  assert.match(answer.body, /device\.managed/);
  assert.match(answer.body, /policy\.rules:\d+/);
});

test("signed-out visitors get the same, byte for byte, whether an application is there or not", async () => {
  for (const accept of ["text/html", "application/json", "*/*"]) {
    for (const path of ["/", "/docs/x?y=1", "/@secret"]) {
      const shapes = [];
      for (const host of ["wiki", "nowhere", "payroll", "console", "owner"]) {
        const answer = await rig.ask(host, path, { headers: { accept } });
        // what is random by request, and the date
        const plain = (text: string): string =>
          text
            .replaceAll(host, "HOST")
            .replace(/(state|nonce|code_challenge)=[\w-]{43}/g, "$1=RANDOM")
            .replace(
              /__Host-postern\.[0-9a-f]{24}=[\w-]+/,
              (sealed) => `COOKIE ${sealed.length - host.length}`,
            )
            .replace(/\w{3}, \d\d .* GMT/, "DATE");
        shapes.push([answer.status, answer.rawHeaders.map(plain), plain(answer.body)]);
      }
      // the sealed cookie holds the host's name, so that its length in base64 goes with it
      const normal = shapes.map((shape) => JSON.stringify(shape).replace(/COOKIE \d+/, "COOKIE"));
      for (const shape of normal) assert.equal(shape, normal[0]);
    }
  }
});

test("a redirect is for navigations only; all else is told by a problem", async () => {
  const statusOf = async (headers: { [name: string]: string }, method = "GET"): Promise<number> =>
    (await rig.ask("wiki", "/", { headers, method })).status;
  assert.equal(await statusOf(BROWSER), 302);
  assert.equal(await statusOf(BROWSER, "HEAD"), 302);
  assert.equal(await statusOf({ ...BROWSER, "sec-fetch-mode": "navigate" }), 302);
  assert.equal(await statusOf({ ...BROWSER, "sec-fetch-mode": "cors" }), 401);
  assert.equal(await statusOf(BROWSER, "POST"), 401);
  assert.equal(await statusOf(JSON_CLIENT), 401);
  assert.equal(await statusOf({ accept: "text/html;q=0.1, application/json" }), 401);
  assert.equal(await statusOf({}), 401);
});

test("a cookie is good for its host alone, once, and as it was made", async () => {
  const statusOf = async (host: string, sent: string): Promise<number> =>
    (await rig.ask(host, "/", { headers: { cookie: sent, ...JSON_CLIENT } })).status;
  upstream.handle = (_request, response) => void response.end("ok");
  assert.equal(await statusOf("wiki", cookie), 200);
  assert.equal(await statusOf("wiki", `${cookie}; ${cookie}`), 401);
  assert.equal(await statusOf("wiki", `__Host-postern=${"A".repeat(43)}; ${cookie}`), 401);
  assert.equal(await statusOf("wiki", `${cookie}x`), 401);
  assert.equal(await statusOf("wiki", cookie.slice(0, -1)), 401);
  assert.equal(await statusOf("wiki", `__Host-postern=${"A".repeat(43)}`), 401);
  assert.equal(await statusOf("wiki", `__host-postern=${cookie.split("=")[1]}`), 401);
  const from = rig.spool.of("login").length;
  assert.equal(await statusOf("payroll", cookie), 401);
  assert.equal(await statusOf("nowhere", cookie), 401);
  await until("the log of it", () => rig.spool.of("login").length === from + 2);
});

test("a person who is disabled, and a session that has ended or run out, are signed out", async () => {
  const bob = rig.view.user("usr_bob");
  const session = rig.view.session("ses_bob");
  assert.ok(bob && session);
  const bobs = await rig.enter("wiki", "ses_bob");
  const status = async (): Promise<number> => {
    await rig.settled();
    return (await rig.ask("wiki", "/", { headers: { cookie: bobs } })).status;
  };
  assert.equal(await status(), 200);
  rig.control.state.put({ kind: "user", key: bob.id, value: { ...bob, disabled: true } });
  assert.equal(await status(), 401);
  rig.control.state.put({ kind: "user", key: bob.id, value: bob });
  assert.equal(await status(), 200);
  rig.control.state.put({
    kind: "session",
    key: session.id,
    value: { ...session, idleExpiresAt: rig.clock.now() },
  });
  assert.equal(await status(), 401);
  rig.control.state.put({
    kind: "session",
    key: session.id,
    value: { ...session, absoluteExpiresAt: rig.clock.now() },
  });
  assert.equal(await status(), 401);
  rig.control.state.put({ kind: "session", key: session.id, value: session });
  assert.equal(await status(), 200);
  rig.control.state.put({ kind: "session", key: session.id, value: null });
  assert.equal(await status(), 401);
  rig.control.state.put({ kind: "session", key: session.id, value: session });
});

test("somebody who is signed in learns that no application is there", async () => {
  const nowhere = await rig.enter("nowhere");
  const answer = await rig.ask("nowhere", "/", { headers: { cookie: nowhere, ...BROWSER } });
  assert.equal(answer.status, 404);
  assert.match(answer.body, /There is no application here/);
  assert.ok(answer.body.includes(`href="${rig.instance.origins.login}/"`));
});

test("encoding does not lead past the application that a path belongs to", async () => {
  assert.equal((await rig.ask("wiki", "/@secret", { headers: { cookie } })).status, 403);
  const from = upstream.seen.length;
  assert.equal((await rig.ask("wiki", "/%40secret", { headers: { cookie } })).status, 400);
  assert.equal((await rig.ask("wiki", "/%2e/@secret", { headers: { cookie } })).status, 400);
  assert.equal(upstream.seen.length, from);
});

test("a rule about the path holds for the path as the application reads it", async () => {
  await rig.activate(files({ "deny.rules": 'DENY IF request.path == "/keys/a:b"\n' }));
  assert.equal((await rig.ask("wiki", "/keys/a:b", { headers: { cookie } })).status, 403);
  assert.equal((await rig.ask("wiki", "/keys/a%3ab", { headers: { cookie } })).status, 403);
  assert.equal((await rig.ask("wiki", "/keys/a%20b", { headers: { cookie } })).status, 200);
  await rig.activate(files());
});

test("hosts that are not of this instance are misdirected", async () => {
  const port = rig.gateway.port;
  for (const host of [
    "evil.example",
    `postern.localhost:${port}`,
    `a.wiki.postern.localhost:${port}`,
    `wiki.postern.localhost.evil.example:${port}`,
    `wikipostern.localhost:${port}`,
    `wiki-.postern.localhost:${port}`,
    "wiki.postern.localhost",
    `wiki.postern.localhost:${port + 1}`,
    `127.0.0.1:${port}`,
    `[::1]:${port}`,
    `localhost:${port}`,
  ]) {
    const answer = await rig.ask("wiki", "/", { headers: { host, cookie, ...JSON_CLIENT } });
    assert.equal(answer.status, 421, host);
  }
  const upper = await rig.ask("wiki", "/", { headers: { host: `WIKI.Postern.LOCALHOST:${port}`, cookie } });
  assert.equal(upper.status, 200);
});

test("over the wire: duplicate Host, absolute and odd targets, smuggled bodies", async () => {
  const host = `Host: wiki.postern.localhost:${rig.gateway.port}\r\nCookie: ${cookie}\r\nConnection: close\r\n`;
  const from = upstream.seen.length;
  const statuses: { [what: string]: string } = {};
  for (const [what, text] of Object.entries({
    duplicate: `GET / HTTP/1.1\r\n${host}Host: payroll.postern.localhost\r\n\r\n`,
    missing: "GET / HTTP/1.1\r\nConnection: close\r\n\r\n",
    missing10: "GET / HTTP/1.0\r\n\r\n",
    absolute: `GET http://wiki.postern.localhost/ HTTP/1.1\r\n${host}\r\n`,
    star: `OPTIONS * HTTP/1.1\r\n${host}\r\n`,
    trace: `TRACE / HTTP/1.1\r\n${host}\r\n`,
    connect: `CONNECT wiki.postern.localhost:80 HTTP/1.1\r\n${host}\r\n`,
    both: `POST / HTTP/1.1\r\n${host}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    twice: `POST / HTTP/1.1\r\n${host}Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello`,
    coding: `POST / HTTP/1.1\r\n${host}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
    spaced: `POST / HTTP/1.1\r\n${host}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n`,
    folded: `GET / HTTP/1.1\r\n${host}X: a\r\n b\r\n\r\n`,
    bare: `GET / HTTP/1.1\n${host.replaceAll("\r", "")}X: y\rPostern-Assertion: z\n\n`,
    latin1: `GET /caf\u00e9 HTTP/1.1\r\n${host}\r\n`,
    nul: `GET /a\0b HTTP/1.1\r\n${host}\r\n`,
    large: `GET / HTTP/1.1\r\n${host}X: ${"a".repeat(20_000)}\r\n\r\n`,
    long: `GET /${"a".repeat(9_000)} HTTP/1.1\r\n${host}\r\n`,
  })) {
    statuses[what] = (await rig.raw(text)).split(" ", 2)[1] ?? "";
  }
  const { coding, trace, connect, large, long, ...others } = statuses;
  for (const [what, status] of Object.entries(others)) assert.equal(status, "400", what);
  assert.deepEqual([coding, trace, connect, large, long], ["501", "405", "405", "431", "414"]);
  assert.equal(upstream.seen.length, from);
});

test("reserved paths never reach anybody", async () => {
  const from = upstream.seen.length;
  const control = rig.control.seen.length;
  for (const host of ["wiki", "login", "console", "nowhere"]) {
    for (const path of ["/.postern", "/.postern/", "/.postern/x", "/.POSTERN/x", "/.postern/jwks.json/"]) {
      assert.equal((await rig.ask(host, path, { headers: { cookie } })).status, 404, `${host} ${path}`);
    }
    const keys = await rig.ask(host, "/.postern/jwks.json");
    assert.equal(keys.status, 200);
    assert.equal(keys.headers["cache-control"], "public, max-age=300");
  }
  assert.equal((await rig.ask("login", "/.postern/callback?code=x&state=y")).status, 404);
  assert.equal((await rig.ask("wiki", "/.postern/jwks.json", { method: "POST" })).status, 404);
  assert.equal(upstream.seen.length, from);
  assert.equal(rig.control.seen.length, control);
});

test("the login host is passed on undecided, without what the client says of its way", async () => {
  const decisions = rig.spool.of("decision").length;
  const answer = await rig.ask("login", "/interaction/abc?x=1", {
    headers: {
      cookie: "__Host-postern-login=mine",
      "x-forwarded-for": "6.6.6.6",
      "X-Forwarded-Host": "evil.example",
      forwarded: "for=6.6.6.6",
      "postern-assertion": "forged",
    },
  });
  assert.equal(answer.status, 200);
  assert.ok(answer.headers["set-cookie"]?.[0]?.startsWith("__Host-postern-login"));
  const seen = rig.control.seen.at(-1);
  assert.equal(seen?.url, "/interaction/abc?x=1");
  assert.equal(seen.headers.cookie, "__Host-postern-login=mine");
  assert.equal(seen.headers["x-forwarded-for"], "127.0.0.1");
  assert.equal(seen.headers["x-forwarded-host"], `login.postern.localhost:${rig.gateway.port}`);
  assert.equal(seen.headers.host, `login.postern.localhost:${rig.gateway.port}`);
  assert.equal(seen.headers["forwarded"], undefined);
  assert.equal(seen.headers["postern-assertion"], undefined);
  assert.equal(rig.spool.of("decision").length, decisions);
  const large = { method: "POST", headers: { "content-length": "300000" }, body: "x".repeat(300_000) };
  assert.equal((await rig.ask("login", "/enrol/open", large)).status, 413);
});

test("the console is decided like an application, and control gets an assertion for it", async () => {
  const adas = await rig.enter("console");
  const answer = await rig.ask("console", "/api/v1/me", { headers: { cookie: adas } });
  assert.equal(answer.status, 200);
  const seen = rig.control.seen.at(-1);
  assert.equal(decodeJwt(String(seen?.headers["postern-assertion"])).aud, "postern-console");
  assert.equal(seen?.headers.cookie, undefined);
  assert.equal(answer.headers["set-cookie"], undefined, "a cookie of ours at the console");
  const bobs = await rig.enter("console", "ses_bob");
  const denied = await rig.ask("console", "/", { headers: { cookie: bobs, ...BROWSER } });
  assert.equal(denied.status, 403);
  assert.match(denied.body, /You can&#39;t open the console yet\./);
});

test("when the record cannot be written, nothing is let through, and it says so", async () => {
  const from = upstream.seen.length;
  const payroll = await rig.enter("payroll");
  rig.spool.healthy = false;
  const answer = await rig.ask("wiki", "/", { headers: { cookie, ...JSON_CLIENT } });
  const denied = await rig.ask("payroll", "/", { headers: { cookie: payroll, ...JSON_CLIENT } });
  rig.spool.healthy = true;
  assert.equal(answer.status, 503);
  assert.equal((JSON.parse(answer.body) as { code: string }).code, "log.unwritable");
  assert.ok(answer.headers["retry-after"]);
  assert.equal(denied.status, 503);
  assert.equal(upstream.seen.length, from);
  assert.equal((await rig.ask("wiki", "/", { headers: { cookie } })).status, 200);
});

test("a view that is too old denies by classification, and recovers", async () => {
  const payroll = await rig.enter("payroll");
  const statuses = async (): Promise<number[]> => {
    const answers = [];
    for (const [host, with_] of [
      ["wiki", cookie],
      ["payroll", payroll],
    ] as const)
      answers.push((await rig.ask(host, "/", { headers: { cookie: with_, ...JSON_CLIENT } })).status);
    return answers;
  };
  rig.control.beat();
  await until("a heartbeat", () => rig.view.ageSeconds() < 1);
  assert.deepEqual(await statuses(), [200, 403]);
  rig.clock.advance(11_000);
  const records = rig.spool.of("decision").length;
  assert.deepEqual(await statuses(), [200, 503]);
  assert.match(JSON.stringify(rig.spool.of("decision").slice(records)), /postern\/view-stale/);
  rig.clock.advance(300_000);
  assert.deepEqual(await statuses(), [503, 503]);
  rig.control.beat();
  await until("a heartbeat", () => rig.view.ageSeconds() < 1);
  // its clock is ahead by more than thirty seconds now
  assert.deepEqual(await statuses(), [503, 503]);
  await rig.clocksAgree();
  assert.deepEqual(await statuses(), [200, 403]);
});

test("an application that does not answer is a 502 that says nothing of the inside", async () => {
  const dead = await rig.enter("dead");
  const answer = await rig.ask("dead", "/", { headers: { cookie: dead, ...BROWSER } });
  assert.equal(answer.status, 502);
  assert.match(answer.body, /Dead does not answer/);
  assert.doesNotMatch(answer.body, /127\.0\.0\.1|ECONN/);
});

test("a port that is taken is said", async () => {
  const link = linkClient({
    dialer: unixDialer(join(rig.run, "link.sock")),
    boot: "b",
    role: "gateway",
    name: "local",
  });
  await assert.rejects(
    startGateway({
      view: rig.view,
      spool: rig.spool,
      link,
      name: "local",
      boot: "b",
      version: "0",
      listen: "127.0.0.1",
      port: rig.gateway.port,
      run: rig.run,
      control: unixDialer(join(rig.run, "control.sock")),
      clock: rig.clock,
      schedule: systemSchedule,
      ids: systemIds,
      notify: () => undefined,
    }),
    (error: unknown) => error instanceof Error && "code" in error && error.code === "port.busy",
  );
  link.close();
});

test("how long a session was idle is known from the first request on, as control has heard it elsewhere", async () => {
  const bob = rig.view.user("usr_bob");
  assert.ok(bob);
  const heard = rig.clock.now() - 4 * 60_000;
  const value = { ...sessionOf(bob), id: "ses_elsewhere", lastSeenAt: heard };
  rig.control.state.put({ kind: "session", key: "ses_elsewhere", value });
  await rig.settled();
  const fresh = await rig.enter("wiki", "ses_elsewhere");
  await rig.ask("wiki", "/", { headers: { cookie: fresh } });
  const decision = rig.spool.of("decision").at(-1) as { input: { session: { idle_minutes?: number } } };
  const idle = decision.input.session.idle_minutes ?? -1;
  assert.ok(idle >= 4 && idle < 5, `${idle} minutes`);
});

for (const [way, ms] of [
  ["forward", 60_000],
  ["back", -60_000],
] as const) {
  test(`a clock that is set ${way} by 60 s denies once a heartbeat shows it, says why, and serves again when it is right`, async () => {
    const ask = async (): Promise<{ status: number; body: string }> =>
      await rig.ask("wiki", "/", { headers: { cookie, ...JSON_CLIENT } });
    rig.control.beat();
    await until("clocks that agree", () => Math.abs(rig.view.skewSeconds()) < 1);
    assert.equal((await ask()).status, 200);
    rig.clock.step(ms);
    assert.ok(rig.view.ageSeconds() < 10, "freshness does not go by the wall clock");
    rig.control.beat();
    await until("the skew to show", () => Math.abs(rig.view.skewSeconds()) > 50);
    const denied = await ask();
    assert.equal(denied.status, 503);
    assert.equal((JSON.parse(denied.body) as { code: string }).code, "view.stale");
    const record = JSON.stringify(rig.spool.of("decision").at(-1));
    assert.match(record, /clocks of the gateway and of control are 60 seconds apart, and 30 are allowed/);
    rig.clock.step(-ms);
    rig.control.beat();
    await until("clocks that agree", () => Math.abs(rig.view.skewSeconds()) < 1);
    assert.equal((await ask()).status, 200);
  });
}
