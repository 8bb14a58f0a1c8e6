/** Logins, links and sessions of several control nodes on one database: any node goes on with what another began. */
import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import * as openid from "openid-client";
import pg from "pg";
import type { ActivityReport, SessionState } from "#link";
import { onPostgres } from "../../../test/harness/databases.ts";
import {
  type SoftwareAuthenticator,
  softwareAuthenticator,
} from "../../../test/harness/software-authenticator.ts";
import { until } from "../../../test/harness/until.ts";
import type { Gateway, Login } from "./login-gateway.test.ts";
import { type Answer, type Browser, type Node, type Rig, setUp, startRig } from "./login-rig.test.ts";

const HOUR = 3_600_000;
const tokenOf = (url: string): string => new URL(url).hash.slice(1);

onPostgres((database) => {
  let rig: Rig;
  let authenticator: SoftwareAuthenticator;
  let gateway: Gateway;
  let browser: Browser;
  beforeEach(async () => {
    rig = await startRig(database, { nodes: 3 });
    ({ authenticator } = await setUp(rig));
    gateway = await rig.gateway("main");
    browser = rig.browser();
  });
  afterEach(async () => await rig.close());

  function node(at: number): Node {
    const found = rig.nodes[at % rig.nodes.length];
    assert.ok(found !== undefined);
    return found;
  }

  /** The same at every node at once. */
  async function everywhere<T>(work: (node: Node, at: number) => Promise<T>): Promise<T[]> {
    return await Promise.all(rig.nodes.map(work));
  }

  function outcomes(settled: readonly PromiseSettledResult<unknown>[]): string[] {
    return settled.map((each) => each.status).sort();
  }
  const ONE_OF_THREE = ["fulfilled", "rejected", "rejected"];

  async function adminId(): Promise<string> {
    const row = await rig.store.db
      .selectFrom("user")
      .select("id")
      .where("name", "=", "ada")
      .executeTakeFirstOrThrow();
    return row.id;
  }

  /** Sessions as an enforcement point holds them that has applied every change from the first on. */
  async function sessionsHeld(): Promise<Map<string, SessionState>> {
    const { epoch } = await rig.store.head();
    const changes = (await rig.store.changesAfter({ epoch, number: 0 }, 10_000)) ?? [];
    const held = new Map<string, SessionState>();
    for (const { entities } of changes) {
      for (const change of entities) {
        if (change.kind !== "session") continue;
        if (change.value === null) held.delete(change.key);
        else held.set(change.key, change.value);
      }
    }
    return held;
  }

  /** Up to the callback, as the browser has it. */
  async function callback(): Promise<{ login: Login; url: string }> {
    browser = rig.browser();
    const login = await gateway.begin();
    const interaction = (await browser.open(login.url.href)).location();
    const verified = await browser.showPasskey(interaction, authenticator);
    return { login, url: (await browser.open(String(verified.json().next))).location() };
  }

  test("keys and cookie secrets are one, whichever node made them, also when all start at once", async () => {
    const keys = await everywhere(async (each) => (await each.send("GET", "/jwks")).text);
    assert.equal(new Set(keys).size, 1);
    const clients = await everywhere(async ({ identity }) => await identity.loginClient());
    assert.equal(new Set(clients.map(({ sealKey }) => sealKey)).size, 1);
    await gateway.login(browser, authenticator);
    const cookie = cookiesOf(browser);
    for (const each of rig.nodes) assert.equal((await each.send("GET", "/me", { cookie })).status, 200);
  });

  test("a login goes on at any node, in any order, and all of them know its end", async () => {
    for (let turn = 0; turn < 3; turn++) {
      browser = rig.browser();
      // each login begins at another node than the one before, and each of its requests is at the next
      await rig.send("GET", "/jwks");
      const { idToken, login } = await gateway.login(browser, authenticator);
      const cookieHash = await gateway.enter(idToken, login);
      const cookie = cookiesOf(browser);
      for (const each of rig.nodes) {
        const { entities } = await each.store.snapshot();
        assert.ok(entities.some(({ key }) => key === cookieHash));
        assert.equal((await each.send("GET", "/me", { cookie })).status, 200);
      }
      assert.equal((await browser.post("/sign-out", {})).status, 200);
      for (const each of rig.nodes) {
        const { entities } = await each.store.snapshot();
        assert.ok(!entities.some(({ kind }) => kind === "session" || kind === "entry"));
        assert.equal((await each.send("GET", "/me", { cookie })).status, 401);
      }
    }
  });

  test("of browsers that open one link at several nodes at once, one has it", async () => {
    const { url } = await rig.identity.invite({ name: "eve" });
    const browsers = rig.nodes.map(() => rig.browser());
    const opened = await Promise.all(
      browsers.map(async (each) => await each.post("/enrol/open", { token: tokenOf(url) })),
    );
    assert.deepEqual(statuses(opened), [200, 409, 409]);
    const options = await Promise.all(
      browsers.map(async (each) => await each.post("/enrol/options", { name: "eve", displayName: "Eve" })),
    );
    assert.deepEqual(statuses(options), [200, 404, 404]);
  });

  test("of setup links made at several nodes at once, one is good; and it makes one administrator, at one of them", async () => {
    const fresh = await startRig(database, { nodes: 3 });
    try {
      const links = await Promise.all(fresh.nodes.map(async ({ identity }) => await identity.setupLink()));
      const browsers = links.map(() => fresh.browser());
      const opened = await Promise.all(
        links.map(async ({ url }, i) => await browsers[i]?.post("/enrol/open", { token: tokenOf(url) })),
      );
      assert.deepEqual(statuses(opened), [200, 410, 410]);
      const bound = browsers[opened.findIndex((answer) => answer?.status === 200)];
      assert.ok(bound !== undefined);
      const own = softwareAuthenticator(fresh.instance.origins.login);
      const options = await bound.post("/enrol/options", { name: "ada", displayName: "Ada" });
      const response = own.create(options.json() as never);
      const verified = await Promise.all(
        fresh.nodes.map(async () => await bound.post("/enrol/verify", { response })),
      );
      assert.equal(verified.filter(({ status }) => status === 200).length, 1);
      assert.equal((await fresh.store.db.selectFrom("user").select("id").execute()).length, 1);
      assert.equal((await fresh.store.db.selectFrom("credential").select("id").execute()).length, 1);
    } finally {
      await fresh.close();
    }
  });

  test("one passkey shown at several nodes at once counts once, and what comes of it begins one session", async () => {
    const login = await gateway.begin();
    const interaction = new URL((await browser.open(login.url.href)).location()).pathname;
    const options = await browser.post(`${interaction}/options`, {});
    const response = authenticator.get(options.json() as never);
    const shown = await everywhere(async () => await browser.post(`${interaction}/verify`, { response }));
    assert.deepEqual(statuses(shown), [200, 403, 403]);
    const next = shown.find(({ status }) => status === 200)?.json().next;
    const resumed = await everywhere(async () => await browser.open(String(next)));
    assert.deepEqual(statuses(resumed), [303, 400, 400]);
    assert.equal((await rig.store.db.selectFrom("session").select("id").execute()).length, 1);
    assert.equal(
      (await rig.events()).filter(({ act }) => act === "sign-in").length,
      3,
      "one done, two refused",
    );
  });

  test("a code is exchanged at one node, and an ID token lets one cookie in at one", async () => {
    const { login, url } = await callback();
    const exchanges = await Promise.allSettled(rig.nodes.map(async () => await gateway.finish(login, url)));
    assert.deepEqual(outcomes(exchanges), ONE_OF_THREE);
    const idToken = exchanges.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []))[0] ?? "";
    const entries = await Promise.allSettled(rig.nodes.map(async () => await gateway.enter(idToken, login)));
    assert.deepEqual(outcomes(entries), ONE_OF_THREE);
    const rows = await rig.store.db.selectFrom("entry").select("cookie_hash").execute();
    assert.equal(rows.length, 1);
  });

  test("a gateway's assertion of who it is is good once, at one node, and long after it has ended", async () => {
    // two logins in one session, so that only the assertion stands between them
    const first = await callback();
    const second = await gateway.begin();
    const address = (await browser.open(second.url.href)).location();
    let body = "";
    const original = gateway.config[openid.customFetch];
    gateway.config[openid.customFetch] = async (_url, options) => {
      body = options.body instanceof URLSearchParams ? options.body.toString() : "";
      return await Promise.resolve(new Response(null, { status: 500 }));
    };
    await assert.rejects(gateway.finish(first.login, first.url));
    if (original !== undefined) gateway.config[openid.customFetch] = original;
    const sent = new URLSearchParams(body);
    const other = new URLSearchParams(sent);
    other.set("code", new URL(address).searchParams.get("code") ?? "");
    other.set("code_verifier", second.verifier);
    const exchange = async (each: Node, parameters: URLSearchParams): Promise<Answer> =>
      await each.send(
        "POST",
        "/token",
        { "content-type": "application/x-www-form-urlencoded" },
        parameters.toString(),
      );
    const answers = await Promise.all([exchange(node(0), sent), exchange(node(1), other)]);
    assert.deepEqual(statuses(answers), [200, 401]);

    // a node whose clock is ahead sweeps what has just ended
    const row = await rig.store.db
      .selectFrom("oidc")
      .select("expires_at")
      .where("model", "=", "ReplayDetection")
      .executeTakeFirstOrThrow();
    rig.clock.step((row.expires_at ?? 0) - rig.clock.now() + 30_000);
    await rig.tick();
    assert.equal((await exchange(node(2), other)).status, 401);
  });

  test("administrators who disable each other at two nodes at once leave one who can sign in", async () => {
    const second = await rig.identity.invite({ name: "eve", role: "administrator" });
    const key = softwareAuthenticator(rig.instance.origins.login);
    assert.equal((await rig.browser().enrol(second.url, key)).status, 200);
    const first = await adminId();
    const done = await Promise.allSettled([
      node(0).identity.setDisabled(first, true),
      node(1).identity.setDisabled(second.userId, true),
    ]);
    assert.deepEqual(outcomes(done), ["fulfilled", "rejected"]);
    const left = await rig.store.db.selectFrom("user").select("name").where("disabled", "=", 0).execute();
    assert.equal(left.length, 1);
  });

  test("the last administrator cannot be disabled, at whichever node", async () => {
    const id = await adminId();
    const done = await Promise.allSettled(
      rig.nodes.map(async ({ identity }) => await identity.setDisabled(id, true)),
    );
    assert.deepEqual(outcomes(done), ["rejected", "rejected", "rejected"]);
  });

  test("one name is invited once, though asked for at every node at once", async () => {
    const links = await everywhere(async ({ identity }) => await identity.invite({ name: "eve" }));
    assert.equal(new Set(links.map(({ userId }) => userId)).size, 1);
    const opened = await Promise.all(
      links.map(async ({ url }) => await rig.browser().post("/enrol/open", { token: tokenOf(url) })),
    );
    assert.deepEqual(statuses(opened), [200, 410, 410]);
  });

  test("reports of use never bring a session back that another node has ended", async () => {
    for (let i = 0; i < 8; i++) {
      browser = rig.browser();
      await gateway.login(browser, authenticator);
      const [session] = [...(await sessionsHeld()).keys()];
      assert.ok(session !== undefined);
      rig.clock.advance(60_000);
      const report = { sessions: { [session]: rig.clock.now() } };
      await Promise.all([
        ...rig.nodes.map(async ({ identity }) => await identity.activity(report)),
        node(i).identity.endSession(session, "revoked"),
        ...rig.nodes.map(async ({ identity }) => await identity.activity(report)),
      ]);
      assert.equal((await sessionsHeld()).size, 0);
      assert.ok(!(await rig.store.snapshot()).entities.some(({ kind }) => kind === "session"));
    }
  });

  test("sessions that are used, and all ended at once at the same time, do not wait for each other in a ring", async () => {
    const place = await database.fresh();
    assert.ok("url" in place);
    // longer than a write waits: a ring would not be undone in time, and fail
    await query(
      place.url,
      `alter database ${new URL(place.url).pathname.slice(1)} set deadlock_timeout = '60s'`,
    );
    const slow = await startRig(
      { ...database, fresh: async () => await Promise.resolve(place) },
      { nodes: 3 },
    );
    try {
      await setUp(slow);
      const other = await slow.gateway("main");
      const { url, userId } = await slow.identity.invite({ name: "eve" });
      const key = softwareAuthenticator(slow.instance.origins.login);
      await slow.browser().enrol(url, key);
      for (let i = 0; i < 6; i++) await other.login(slow.browser(), key);
      const sessions = await slow.store.db.selectFrom("session").select("id").execute();
      assert.equal(sessions.length, 6);
      slow.clock.advance(60_000);
      const reportOf = (rows: readonly { id: string }[]): ActivityReport => ({
        sessions: Object.fromEntries(rows.map(({ id }) => [id, slow.clock.now()])),
      });
      const [a, b, c] = slow.nodes;
      assert.ok(a !== undefined && b !== undefined && c !== undefined);
      await Promise.all([
        a.identity.activity(reportOf(sessions)),
        b.identity.activity(reportOf(sessions.toReversed())),
        c.identity.setDisabled(userId, true),
        b.identity.activity(reportOf(sessions)),
        a.identity.activity(reportOf(sessions.toReversed())),
      ]);
      const { entities } = await slow.store.snapshot();
      assert.ok(!entities.some(({ kind }) => kind === "session"));
    } finally {
      await slow.close();
    }
  });

  test("use at several gateways is the latest use, told about once a minute", async () => {
    await gateway.login(browser, authenticator);
    const [first] = [...(await sessionsHeld())];
    assert.ok(first !== undefined);
    const [session, begun] = first;
    assert.equal(begun.lastSeenAt, rig.clock.now());
    rig.clock.advance(10 * 60_000);
    const now = rig.clock.now();
    const before = (await rig.store.head()).number;
    const times = [now - 3_000, now, now - 20_000, now - 1_000];
    await Promise.all(
      times.map(async (at, i) => await node(i).identity.activity({ sessions: { [session]: at } })),
    );
    const held = (await sessionsHeld()).get(session);
    assert.ok(held?.lastSeenAt !== undefined && held.lastSeenAt >= now - 20_000 && held.lastSeenAt <= now);
    assert.equal(held.idleExpiresAt, held.lastSeenAt + 8 * HOUR);
    assert.ok((await rig.store.head()).number - before <= times.length);
    await node(0).identity.activity({ sessions: { [session]: now - 60_000 } });
    assert.deepEqual((await sessionsHeld()).get(session), held, "an earlier use changes nothing");
    const settled = (await rig.store.head()).number;
    rig.clock.advance(29_000);
    await node(1).identity.activity({ sessions: { [session]: held.lastSeenAt + 29_000 } });
    assert.equal((await rig.store.head()).number, settled, "nor does one so soon after");
  });

  test("applications that are entered at several nodes at once are all left when the session ends", async () => {
    await gateway.login(browser, authenticator);
    const second = await rig.gateway("second");
    const third = await rig.gateway("third");
    const begun = await Promise.all(
      [gateway, second, third].map(async (each) => ({ each, login: await each.begin() })),
    );
    const answers = await Promise.all(
      begun.map(async ({ each, login }) => ({ each, login, answer: await browser.open(login.url.href) })),
    );
    for (const { each, login, answer } of answers) await each.finish(login, answer.location());
    const [session = ""] = [...(await sessionsHeld()).keys()];
    await node(2).identity.endSession(session, "revoked");
    const left = await rig.store.db.selectFrom("oidc").select("model").where("model", "=", "Grant").execute();
    assert.deepEqual(left, []);
  });

  test("one node sweeps; when it ends, another goes on, and what ends is logged once", async () => {
    await gateway.login(browser, authenticator);
    await until("one leads", () => rig.nodes.some(({ ticks }) => ticks.size > 0));
    assert.equal(rig.nodes.filter(({ ticks }) => ticks.size > 0).length, 1);
    rig.clock.advance(8 * HOUR);
    await rig.tick();
    const ended = async (): Promise<number> =>
      (await rig.events()).filter(({ act }) => act === "session-ended").length;
    assert.equal(await ended(), 1);

    await gateway.login(browser, authenticator);
    const leader = rig.nodes.find(({ ticks }) => ticks.size > 0);
    assert.ok(leader !== undefined);
    const late = [...leader.ticks];
    await leader.identity.close();
    await until("another leads", () => rig.nodes.some((each) => each !== leader && each.ticks.size > 0));
    rig.clock.advance(8 * HOUR);
    // the former one does not know yet
    for (const task of late) task();
    await until("it has found out", () =>
      leader.notices.some(({ message }) => /another control node leads/.test(message ?? "")),
    );
    assert.equal(await ended(), 1);
    await rig.tick();
    assert.equal(await ended(), 2);
  });

  test("of a gateway's keys the last two are kept, whatever the clocks of the nodes that took them say", async () => {
    rig.clock.step(20_000);
    const first = await rig.gateway("turning");
    rig.clock.step(-20_000);
    const second = await rig.gateway("turning");
    const third = await rig.gateway("turning");
    const known = async (each: Gateway): Promise<boolean> => {
      const { login, url } = await callback();
      const grant = { pkceCodeVerifier: login.verifier, expectedState: login.state };
      // the code is another client's: what counts is whether the key is believed
      const error = await openid.authorizationCodeGrant(each.config, new URL(url), grant).then(
        () => assert.fail("a code of another client"),
        (reason: unknown) => (reason instanceof openid.ResponseBodyError ? reason.error : String(reason)),
      );
      return error === "invalid_grant";
    };
    assert.deepEqual([await known(first), await known(second), await known(third)], [false, true, true]);
  });
});

/** In ascending order. */
function statuses(answers: readonly (Pick<Answer, "status"> | undefined)[]): number[] {
  return answers.map((answer) => answer?.status ?? 0).sort((a, b) => a - b);
}

async function query(url: string, text: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(text);
  await client.end();
}

/** What a browser would send to the login host. */
function cookiesOf(browser: Browser): string {
  const names = ["__Host-postern-login", "__Host-postern-login.sig"];
  return names.map((name) => `${name}=${browser.cookie(name) ?? ""}`).join("; ");
}
