/** After a login: whichever gateway the browser comes to waits for word of it, says so when it is late, and opens to nobody before. */
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { MOST_ENTRY_TRIES } from "./limits.ts";
import {
  type AnotherGateway,
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
let other: AnotherGateway;

before(async () => {
  [rig, upstream] = await Promise.all([startRig(), startUpstream()]);
  await rig.activate({
    "wiki.yaml": manifest("wiki", upstream.url, "  classification: internal\n"),
    "policy.rules": RULES,
  });
});
beforeEach(async () => {
  other = await rig.anotherGateway("other");
});
afterEach(async () => {
  await other.close();
});
after(async () => {
  await rig?.close();
  await upstream?.close();
});

const BROWSER = { accept: "text/html" };

async function ask(
  jar: Jar,
  path: string,
  options: { other?: boolean; accept?: string } = {},
): Promise<Answer> {
  const answer = await rig.ask("wiki", path, {
    headers: { accept: options.accept ?? "text/html", cookie: jar.toString() },
    ...(options.other === true ? { via: other.gateway.port } : {}),
  });
  jar.take(answer);
  return answer;
}

/** Begins a login at the one gateway and finishes it there or at the other; the view of the other may be held back. */
async function signIn(jar: Jar, at: { begun?: "other"; finished?: "other" } = {}): Promise<Answer> {
  const begun = await ask(jar, "/deep?x=1", { other: at.begun === "other" });
  assert.equal(begun.status, 302, begun.body);
  const { pathname, search } = new URL(rig.control.approve(new URL(String(begun.headers.location))));
  const answer = await ask(jar, pathname + search, { other: at.finished === "other" });
  assert.equal(answer.status, 302, answer.body);
  return answer;
}

test("a login that one gateway began is finished by another", async () => {
  for (const at of [
    { begun: "other" },
    { finished: "other" },
    { begun: "other", finished: "other" },
  ] as const) {
    const jar = new Jar();
    assert.match(String((await signIn(jar, at)).headers.location), /\/deep\?x=1$/);
    assert.equal((await ask(jar, "/deep?x=1")).status, 200);
    assert.equal((await ask(jar, "/deep?x=1", { other: true })).status, 200);
  }
});

test("what another instance, or nobody, sealed is not finished", async () => {
  const stranger = await startRig();
  try {
    const jar = new Jar();
    const begun = await stranger.ask("wiki", "/", { headers: BROWSER });
    jar.take(begun);
    const authorization = new URL(String(begun.headers.location));
    authorization.searchParams.set(
      "redirect_uri",
      `http://wiki.postern.localhost:${rig.gateway.port}/.postern/callback`,
    );
    const { pathname, search } = new URL(rig.control.approve(authorization));
    assert.equal((await ask(jar, pathname + search)).status, 400);
  } finally {
    await stranger.close();
  }
});

test("a gateway that is a moment behind lets the person wait, and then in", async () => {
  const jar = new Jar();
  other.hold();
  await signIn(jar);
  const reached = upstream.seen.length;
  const waiting = ask(jar, "/deep?x=1", { other: true });
  const early = await Promise.race([
    waiting,
    new Promise<"waits">((resolve) => setTimeout(resolve, 300, "waits")),
  ]);
  assert.equal(early, "waits");
  assert.equal(upstream.seen.length, reached, "nothing is let in early");
  other.release();
  const answer = await waiting;
  assert.equal(answer.status, 200, answer.body);
  assert.doesNotMatch(
    String(upstream.seen.at(-1)?.headers.cookie),
    /postern/,
    "the number stays with the gateway",
  );
});

test("one that is further behind says so, on a page that comes again by itself after growing pauses", async () => {
  const jar = new Jar();
  other.hold();
  await signIn(jar);
  const pauses: number[] = [];
  for (let i = 0; i < 3; i++) {
    const from = performance.now();
    const answer = await ask(jar, "/deep?x=1", { other: true });
    assert.ok(performance.now() - from > 1_500, "it waited first");
    assert.equal(answer.status, 503);
    assert.match(answer.body, /Signing you in takes a moment longer/);
    assert.match(answer.body, /href="\/deep\?x=1"/, "there is a way without waiting");
    assert.doesNotMatch(answer.body, /<script/);
    assert.equal(answer.headers["retry-after"], answer.headers["refresh"], "the same address again");
    pauses.push(Number(answer.headers["refresh"]));
    assert.ok(jar.names.includes("__Host-postern"), "the way in is kept");
  }
  assert.deepEqual(pauses, [1, 2, 4]);
  other.release();
  assert.equal((await ask(jar, "/deep?x=1", { other: true })).status, 200);
});

test("programs are told by a problem, and nothing reloads what was posted", async () => {
  const jar = new Jar();
  other.hold();
  await signIn(jar);
  const cookie = jar.toString();
  const [json, posted] = await Promise.all([
    rig.ask("wiki", "/", { headers: { accept: "application/json", cookie }, via: other.gateway.port }),
    rig.ask("wiki", "/", {
      method: "POST",
      headers: { ...BROWSER, cookie },
      body: "x=1",
      via: other.gateway.port,
    }),
  ]);
  assert.equal(json.status, 503);
  assert.equal(json.headers["content-type"], "application/problem+json");
  assert.equal((JSON.parse(json.body) as { type: string }).type, "urn:postern:problem:entry-pending");
  assert.equal(json.headers["retry-after"], "1");
  assert.equal(json.headers["refresh"], undefined);
  assert.equal(posted.status, 503);
  assert.equal(posted.headers["refresh"], undefined);
});

test("it does not go on for ever: after enough tries a new login is begun", async () => {
  const jar = new Jar();
  other.hold();
  await signIn(jar);
  const number = /__Host-postern\.after=(\d+)/.exec(String(jar))?.[1];
  jar.set("__Host-postern.after", `${number}.${MOST_ENTRY_TRIES}.1`);
  assert.equal((await ask(jar, "/", { other: true })).status, 302);
});

test("a host whose entries this gateway is not to know does not send anybody round and round", async () => {
  rig.control.hidesEntries = true;
  try {
    const jar = new Jar();
    let logins = 0;
    let answer = await ask(jar, "/deep?x=1");
    for (; answer.status === 302; answer = await ask(jar, "/deep?x=1")) {
      logins += 1;
      assert.ok(logins < 10, "it goes round and round");
      const { pathname, search } = new URL(rig.control.approve(new URL(String(answer.headers.location))));
      assert.equal((await ask(jar, pathname + search)).status, 302);
    }
    assert.equal(logins, 4);
    assert.equal(answer.status, 400);
    assert.match(
      answer.body,
      /several times in a row[\s\S]*href="\/deep\?x=1"[\s\S]*Start again|Start again/,
    );
    rig.control.hidesEntries = false;
    await signIn(jar);
    assert.equal((await ask(jar, "/deep?x=1")).status, 200, "whoever starts again is let in");
  } finally {
    rig.control.hidesEntries = false;
  }
});

for (const [what, cookies, wait] of [
  ["a number and no way in", { "__Host-postern.after": "999999.0.1" }, false],
  ["a number that is none", { "__Host-postern": "A".repeat(43), "__Host-postern.after": "x.0.1" }, false],
  ["a number that was reached", { "__Host-postern": "A".repeat(43), "__Host-postern.after": "1.0.1" }, false],
  [
    "a number of its own making",
    { "__Host-postern": "A".repeat(43), "__Host-postern.after": "999999.0.1" },
    true,
  ],
] as const)
  test(`a browser with ${what} is let in by nobody, and ${wait ? "waits" : "does not wait"}`, async () => {
    const jar = new Jar();
    for (const [name, value] of Object.entries(cookies)) jar.set(name, value);
    const from = performance.now();
    const answer = await ask(jar, "/");
    assert.equal(answer.status, wait ? 503 : 302);
    assert.equal(performance.now() - from > 1_500, wait);
  });

test("whoever is let in already waits for nothing", async () => {
  const jar = new Jar();
  await signIn(jar);
  jar.set("__Host-postern.after", "999999.0.1");
  const from = performance.now();
  assert.equal((await ask(jar, "/")).status, 200);
  assert.ok(performance.now() - from < 1_000);
});
