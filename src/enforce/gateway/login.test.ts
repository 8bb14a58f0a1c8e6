import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import {
  type Answer,
  Jar,
  manifest,
  type Rig,
  RULES,
  startRig,
  startUpstream,
  type TestUpstream,
} from "./rig.test.ts";

let rig: Rig;
let upstream: TestUpstream;

before(async () => {
  [rig, upstream] = await Promise.all([startRig(), startUpstream()]);
  await rig.activate({
    "wiki.yaml": manifest("wiki", upstream.url, "  classification: internal\n"),
    "policy.rules": RULES,
  });
});
afterEach(() => {
  rig.control.claims = {};
});
after(async () => {
  await rig?.close();
  await upstream?.close();
});

const BROWSER = { accept: "text/html" };

async function begin(jar: Jar, host = "wiki", path = "/deep/page?x=1"): Promise<URL> {
  const answer = await rig.ask(host, path, { headers: { ...BROWSER, cookie: jar.toString() } });
  assert.equal(answer.status, 302, answer.body);
  jar.take(answer);
  return new URL(String(answer.headers.location));
}

async function back(jar: Jar, callback: string | URL, host = "wiki", accept = "text/html"): Promise<Answer> {
  const { pathname, search } = new URL(callback);
  const answer = await rig.ask(host, pathname + search, { headers: { accept, cookie: jar.toString() } });
  jar.take(answer);
  return answer;
}

test("a login goes from the application's page to the login host and back to the same page", async () => {
  const jar = new Jar();
  const authorization = await begin(jar);
  assert.equal(authorization.origin, rig.instance.origins.login);
  const parameters = authorization.searchParams;
  assert.equal(parameters.get("client_id"), "gateways");
  assert.equal(parameters.get("code_challenge_method"), "S256");
  assert.equal(parameters.get("scope"), "openid");
  assert.equal(
    parameters.get("redirect_uri"),
    `http://wiki.postern.localhost:${rig.gateway.port}/.postern/callback`,
  );
  const answer = await back(jar, rig.control.approve(authorization));
  assert.equal(answer.status, 302, answer.body);
  assert.equal(answer.headers.location, `http://wiki.postern.localhost:${rig.gateway.port}/deep/page?x=1`);
  const set = answer.headers["set-cookie"]?.find((line) => line.startsWith("__Host-postern="));
  assert.match(String(set), /^__Host-postern=[\w-]{43}; Path=\/; HttpOnly; Secure; SameSite=Lax$/);
  assert.deepEqual(jar.names, ["__Host-postern", "__Host-postern.after"], "the transaction's cookie stays");
  const entry = rig.control.entries.at(-1);
  assert.equal(entry?.host, "wiki.postern.localhost");
  assert.doesNotMatch(
    JSON.stringify(entry),
    new RegExp(/__Host-postern=([^;]+)/.exec(String(jar))?.[1] ?? "nothing"),
    "control saw the cookie",
  );
  const opened = await rig.ask("wiki", "/deep/page?x=1", { headers: { cookie: jar.toString() } });
  assert.equal(opened.status, 200);
  assert.equal(rig.control.keys.length, 1);
});

test("logins in several tabs do not disturb each other, and the oldest go when they are many", async () => {
  const jar = new Jar();
  const first = await begin(jar, "wiki", "/first");
  const second = await begin(jar, "wiki", "/second");
  assert.match(String((await back(jar, rig.control.approve(second))).headers.location), /\/second$/);
  assert.match(String((await back(jar, rig.control.approve(first))).headers.location), /\/first$/);

  const many = new Jar();
  const oldest = await begin(many, "wiki", "/oldest");
  let newest = oldest;
  for (let i = 0; i < 7; i++) {
    rig.clock.advance(1_000);
    newest = await begin(many, "wiki", `/${i}`);
  }
  assert.equal(many.names.length, 5);
  assert.equal((await back(many, rig.control.approve(oldest))).status, 400);
  assert.equal((await back(many, rig.control.approve(newest))).status, 302);
});

const REFUSED: readonly (readonly [string, (callback: URL, jar: Jar) => Promise<Answer>])[] = [
  ["without the cookie of its beginning", async (callback) => await back(new Jar(), callback)],
  [
    "with another state",
    async (callback, jar) => {
      callback.searchParams.set("state", "A".repeat(43));
      return await back(jar, callback);
    },
  ],
  [
    "with two states",
    async (callback, jar) => {
      callback.searchParams.append("state", "A".repeat(43));
      return await back(jar, callback);
    },
  ],
  [
    "with the code of another",
    async (callback, jar) => {
      callback.searchParams.set("code", "stolen");
      return await back(jar, callback);
    },
  ],
  [
    "with two codes",
    async (callback, jar) => {
      callback.searchParams.append("code", "stolen");
      return await back(jar, callback);
    },
  ],
  [
    "from another issuer",
    async (callback, jar) => {
      callback.searchParams.set("iss", "http://evil.example");
      return await back(jar, callback);
    },
  ],
  [
    "that was refused",
    async (callback, jar) => {
      callback.searchParams.delete("code");
      callback.searchParams.set("error", "access_denied");
      return await back(jar, callback);
    },
  ],
  ["at another host", async (callback, jar) => await back(jar, callback, "payroll")],
  [
    "after its time",
    async (callback, jar) => {
      rig.clock.advance(600_000);
      const answer = await back(jar, callback);
      await rig.clocksAgree();
      return answer;
    },
  ],
  [
    "with an altered cookie",
    async (callback, jar) => {
      const altered = String(jar).replace(/=(.)/, (_, first: string) => `=${first === "A" ? "B" : "A"}`);
      const answer = await rig.ask("wiki", callback.pathname + callback.search, {
        headers: { ...BROWSER, cookie: altered },
      });
      return answer;
    },
  ],
  [
    "with an ID token for another nonce",
    async (callback, jar) => {
      rig.control.claims = { nonce: "another" };
      return await back(jar, callback);
    },
  ],
  [
    "with an ID token for another client",
    async (callback, jar) => {
      rig.control.claims = { aud: "gateway:other" };
      return await back(jar, callback);
    },
  ],
];

for (const [what, attempt] of REFUSED) {
  test(`a callback ${what} lets nobody in, and offers to start again`, async () => {
    const jar = new Jar();
    const callback = new URL(rig.control.approve(await begin(jar)));
    const answer = await attempt(callback, jar);
    assert.equal(answer.status, 400, answer.body);
    assert.match(answer.body, /Sign-in did not finish/);
    assert.match(answer.body, /Start again/);
    assert.ok(!String(answer.headers["set-cookie"]).includes("__Host-postern="));
  });
}

test("a callback works once", async () => {
  const jar = new Jar();
  const callback = rig.control.approve(await begin(jar));
  const before = jar.toString();
  assert.equal((await back(jar, callback)).status, 302);
  assert.equal((await back(jar, callback)).status, 400);
  const replayed = new URL(callback);
  const again = await rig.ask("wiki", replayed.pathname + replayed.search, {
    headers: { accept: "application/json", cookie: before },
  });
  assert.equal(again.status, 400);
  assert.equal((JSON.parse(again.body) as { code: string }).code, "unauthenticated");
});

test("after a login nobody is sent off the host", async () => {
  for (const path of ["/x?next=http://evil.example", "/:80@evil.example/", "/@evil.example"]) {
    const jar = new Jar();
    const answer = await back(jar, rig.control.approve(await begin(jar, "wiki", path)));
    assert.equal(answer.headers.location, `http://wiki.postern.localhost:${rig.gateway.port}${path}`);
  }
  const jar = new Jar();
  const answer = await back(jar, rig.control.approve(await begin(jar, "wiki", `/${"a".repeat(4_000)}`)));
  assert.equal(new URL(String(answer.headers.location)).pathname, "/");
});

test("without control nobody can sign in, and that is said alike at every host", async () => {
  const closing = await startRig();
  try {
    closing.control.http.close();
    closing.control.http.closeAllConnections();
    for (const host of ["wiki", "nowhere"]) {
      const answer = await closing.ask(host, "/", { headers: BROWSER });
      assert.equal(answer.status, 503);
      assert.match(answer.body, /Nobody can be signed in/);
    }
    assert.equal((await closing.ask("login", "/", { headers: BROWSER })).status, 503);
  } finally {
    await closing.close();
  }
});
