import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { generateKeyPair, SignJWT } from "jose";
import { sha256Hex } from "#kernel";
import type { SessionState } from "#link";
import { onEveryDatabase } from "../../../test/harness/databases.ts";
import type { SoftwareAuthenticator } from "../../../test/harness/software-authenticator.ts";
import type { Gateway, Login } from "./login-gateway.test.ts";
import { type Browser, type Rig, setUp, startRig } from "./login-rig.test.ts";

const HOUR = 3_600_000;

onEveryDatabase((database) => {
  let rig: Rig;
  let gateway: Gateway;
  let browser: Browser;
  let authenticator: SoftwareAuthenticator;
  let idToken: string;
  let login: Login;
  beforeEach(async () => {
    rig = await startRig(database);
    ({ authenticator } = await setUp(rig));
    gateway = await rig.gateway("main");
    browser = rig.browser();
    ({ idToken, login } = await gateway.login(browser, authenticator));
  });
  afterEach(async () => await rig.close());

  async function state(): Promise<SessionState | undefined> {
    const entity = (await rig.store.snapshot()).entities.find(({ kind }) => kind === "session");
    return entity?.kind === "session" && entity.value !== null ? entity.value : undefined;
  }
  async function id(): Promise<string> {
    const session = await state();
    assert.ok(session !== undefined);
    return session.id;
  }
  const signedIn = async (): Promise<boolean> => (await browser.send("GET", "/me")).status === 200;

  test("a session ends after eight hours without use, is then swept, and its entries with it", async () => {
    const cookieHash = await gateway.enter(idToken, login);
    rig.clock.advance(8 * HOUR - 1);
    assert.equal(await signedIn(), true);
    rig.clock.advance(1);
    assert.equal(await signedIn(), false);
    const begun = await gateway.begin();
    assert.match((await browser.open(begun.url.href)).location(), /\/interaction\//);
    await rig.tick();
    const { entities } = await rig.store.snapshot();
    assert.equal(
      entities.some(({ kind, key }) => kind === "session" || key === cookieHash),
      false,
    );
    const last = (await rig.events()).at(-1);
    assert.deepEqual([last?.act, last?.reason, last?.user], ["session-ended", "idle", "ada"]);
  });

  test("use extends a session, but not past twenty-four hours from the passkey", async () => {
    const session = await id();
    for (let hour = 0; hour < 21; hour += 7) {
      rig.clock.advance(7 * HOUR);
      await rig.identity.activity({ sessions: { [session]: rig.clock.now() } });
      assert.equal(await signedIn(), true);
    }
    const { idleExpiresAt = 0, absoluteExpiresAt = 0 } = (await state()) ?? {};
    assert.equal(idleExpiresAt, absoluteExpiresAt);
    rig.clock.step(absoluteExpiresAt - rig.clock.now());
    assert.equal(await signedIn(), false);
    await rig.identity.activity({ sessions: { [session]: rig.clock.now() } });
    assert.equal(await signedIn(), false);
    await rig.tick();
    assert.equal((await rig.events()).at(-1)?.reason, "absolute");
  });

  test("activity of the future counts as now, of the past changes nothing, of unknown sessions is passed over", async () => {
    const session = await id();
    const before = await state();
    await rig.identity.activity({ sessions: { [session]: 0, unknown: rig.clock.now() } });
    assert.deepEqual(await state(), before);
    rig.clock.advance(HOUR);
    await rig.identity.activity({ sessions: { [session]: rig.clock.now() + 100 * HOUR } });
    assert.equal((await state())?.idleExpiresAt, rig.clock.now() + 8 * HOUR);
    for (const wrong of [
      null,
      {},
      { sessions: { [session]: "now" } },
      { sessions: [1] },
      { sessions: { [session]: -1 } },
    ])
      await assert.rejects(rig.identity.activity(wrong as never), { code: "input.invalid" });
  });

  test("ending a session takes it and its entries from every enforcement point in one change", async () => {
    const first = await gateway.enter(idToken, login);
    const before = await rig.store.head();
    await rig.identity.endSession(await id(), "revoked");
    const changes = (await rig.store.changesAfter(before, 10)) ?? [];
    assert.equal(changes.length, 1);
    const gone = changes[0]?.entities.map(({ kind, value }) => [kind, value]);
    assert.deepEqual(gone, [
      ["entry", null],
      ["session", null],
    ]);
    assert.equal(
      changes[0]?.entities.some(({ key }) => key === first),
      true,
    );
    assert.equal(await signedIn(), false);
    const last = (await rig.events()).at(-1);
    assert.deepEqual([last?.act, last?.reason], ["session-ended", "revoked"]);
    await assert.rejects(rig.identity.endSession("none", "revoked"), { code: "not_found" });
    assert.equal(
      (await rig.store.db.selectFrom("oidc").select("id").where("model", "=", "Grant").execute()).length,
      0,
    );
  });

  test("a person signs out of everything, and an application of theirs cannot do it for them", async () => {
    const cookieHash = await gateway.enter(idToken, login);
    const forged = await browser.post("/sign-out", {}, { origin: "http://wiki.postern.localhost:7400" });
    assert.equal(forged.status, 403);
    assert.equal(await signedIn(), true);
    assert.equal((await browser.post("/sign-out", {})).status, 200);
    assert.equal(browser.cookie("__Host-postern-login"), undefined);
    assert.equal(await signedIn(), false);
    assert.equal(
      (await rig.store.snapshot()).entities.some(({ key }) => key === cookieHash),
      false,
    );
    assert.equal((await rig.events()).at(-1)?.act, "sign-out");
    assert.equal((await browser.post("/sign-out", {})).status, 200);
  });

  test("nothing that travels to enforcement points is worth anything to who reads it", async () => {
    await gateway.enter(idToken, login);
    const travels = JSON.stringify([
      await rig.store.snapshot(),
      await rig.store.changesAfter({ ...(await rig.store.head()), number: 0 }, 1_000),
    ]);
    assert.match(travels, /"kind":"session"/);
    const bearers = [browser.cookie("__Host-postern-login") ?? "", ...idToken.split(".")];
    for (const bearer of bearers) {
      assert.ok(bearer.length > 20);
      assert.ok(!travels.includes(bearer));
    }
  });

  test("an altered cookie names no session", async () => {
    const cookie = browser.cookie("__Host-postern-login") ?? "";
    browser.setCookie(
      "__Host-postern-login",
      "/",
      `${cookie.slice(0, -1)}${cookie.endsWith("A") ? "B" : "A"}`,
    );
    assert.equal(await signedIn(), false);
  });

  test("a request that was under way when its session ended does not bring it back", async () => {
    const session = await id();
    const begun = await gateway.begin();
    const [answer] = await Promise.all([
      browser.open(begun.url.href),
      rig.identity.endSession(session, "revoked"),
    ]);
    assert.equal(answer.status >= 300, true);
    assert.equal(await state(), undefined);
    assert.equal(await signedIn(), false);
  });

  test("an ID token lets one cookie in, once", async () => {
    await gateway.enter(idToken, login);
    await assert.rejects(gateway.enter(idToken, login), { code: "unauthenticated" });
    assert.equal((await rig.events()).at(-1)?.reason, "token.used");
  });

  test("a gateway that missed the answer may ask again, for the same cookie and host alone", async () => {
    const asked = {
      idToken,
      nonce: login.nonce,
      host: "x.postern.localhost",
      cookieHash: "a".repeat(64),
    };
    const { number } = await rig.identity.acceptEntry(asked);
    const { number: again } = await rig.identity.acceptEntry(asked);
    assert.ok(again >= number);
    assert.equal((await rig.store.head()).number, number, "nothing is written twice");
    for (const other of [
      { ...asked, host: "y.postern.localhost" },
      { ...asked, cookieHash: "b".repeat(64) },
    ]) {
      await assert.rejects(rig.identity.acceptEntry(other), { code: "unauthenticated" });
      assert.equal((await rig.events()).at(-1)?.reason, "token.used");
    }
    await rig.identity.endSession(await id(), "revoked");
    await assert.rejects(rig.identity.acceptEntry(asked), { code: "unauthenticated" });
  });

  test("a cookie that is in already is not let in for another", async () => {
    const cookieHash = await gateway.enter(idToken, login);
    const next = await gateway.login(rig.browser(), authenticator);
    await assert.rejects(
      rig.identity.acceptEntry({
        idToken: next.idToken,
        nonce: next.login.nonce,
        host: "x.postern.localhost",
        cookieHash,
      }),
      { code: "unauthenticated" },
    );
  });

  test("an entry is refused for another's nonce, an old token, or a session that has ended", async () => {
    const reasons: (string | undefined)[] = [];
    const refused = async (): Promise<void> => {
      await assert.rejects(gateway.enter(idToken, login), { code: "unauthenticated" });
      reasons.push((await rig.events()).at(-1)?.reason);
    };
    const own = login;
    login = { ...login, nonce: "foreign" };
    await refused();
    login = own;
    rig.clock.advance(180_000);
    await refused();
    rig.clock.step(-180_000);
    await rig.identity.endSession(await id(), "revoked");
    await refused();
    assert.deepEqual(reasons, ["token.nonce", "token.invalid", "session.ended"]);
  });

  test("an entry is refused for a host that gateways do not serve", async () => {
    for (const host of [
      "evil.example",
      "postern.localhost",
      "a.b.postern.localhost",
      "login.postern.localhost",
      "login.postern.localhost:7400",
      "wiki.postern.localhost:9",
      "WIKI.postern.localhost",
      "wiki.postern.localhost:7400:1",
    ])
      await assert.rejects(gateway.enter(idToken, login, host), { code: "unauthenticated" }, host);
    await gateway.enter(idToken, login, "wiki.postern.localhost:7400");
  });

  test("an entry is refused for a token of another key, issuer, audience or algorithm", async () => {
    const session = await id();
    const user = (await state())?.user ?? "";
    const { privateKey } = await generateKeyPair("ES256");
    const now = Math.floor(rig.clock.now() / 1000);
    const claims = { sid: session, nonce: login.nonce };
    const sign = async (audience: string): Promise<string> =>
      await new SignJWT(claims)
        .setProtectedHeader({ alg: "ES256" })
        .setIssuer(rig.instance.origins.login)
        .setAudience(audience)
        .setSubject(user)
        .setIssuedAt(now)
        .setExpirationTime(now + 60)
        .sign(privateKey);
    const [header = "", payload = "", signature = ""] = idToken.split(".");
    const none = Buffer.from(JSON.stringify({ alg: "none" })).toString("base64url");
    const moved = Buffer.from(
      JSON.stringify({ ...JSON.parse(Buffer.from(payload, "base64url").toString()), sid: "other" }),
    );
    for (const forged of [
      await sign("gateway:main"),
      `${none}.${payload}.`,
      `${header}.${moved.toString("base64url")}.${signature}`,
      `${header}.${payload}.`,
      "",
    ])
      await assert.rejects(gateway.enter(forged, login), { code: "unauthenticated" });
    await rig.store.write(async ({ db }) => {
      await db.deleteFrom("gateway_key").where("gateway", "=", "main").execute();
    });
    await assert.rejects(gateway.enter(idToken, login), { code: "unauthenticated" });
    assert.equal((await rig.events()).at(-1)?.reason, "token.audience");
    for (const wrong of [null, {}, { idToken, nonce: login.nonce, host: "x", cookieHash: "short" }])
      await assert.rejects(rig.identity.acceptEntry(wrong as never), { code: "input.invalid" });
    assert.equal((await rig.dump()).includes(sha256Hex(idToken)), false);
  });

  test("the login survives a restart of control: keys and sessions are the database's", async () => {
    const rows = await rig.store.db.selectFrom("secret").select("name").execute();
    assert.deepEqual(rows.map(({ name }) => name).sort(), [
      "identity/cookie-key",
      "identity/id-token-key",
      "master-key-check",
    ]);
  });
});
