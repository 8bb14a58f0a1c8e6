import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { sha256Hex } from "#kernel";
import { onEveryDatabase } from "../../../test/harness/databases.ts";
import { softwareAuthenticator } from "../../../test/harness/software-authenticator.ts";
import { type Rig, setUp, startRig } from "./login-rig.test.ts";

onEveryDatabase((database) => {
  let rig: Rig;
  beforeEach(async () => {
    rig = await startRig(database);
  });
  afterEach(async () => await rig.close());

  test("a person signs in with a passkey and the gateway lets them in", async () => {
    const { authenticator } = await setUp(rig);
    const gateway = await rig.gateway("main");
    const browser = rig.browser();
    const { idToken, login } = await gateway.login(browser, authenticator);
    const cookieHash = await gateway.enter(idToken, login);

    const { entities } = await rig.store.snapshot();
    const entry = entities.find(({ kind, key }) => kind === "entry" && key === cookieHash);
    const session = entities.find(({ kind }) => kind === "session");
    assert.ok(entry?.kind === "entry" && entry.value !== null);
    assert.ok(session?.kind === "session" && session.value !== null);
    assert.equal(entry.value.session, session.key);
    assert.equal(entry.value.host, "wiki.postern.localhost");
    assert.deepEqual(session.value.amr, ["hwk", "user", "mfa"]);
    assert.equal(session.value.mfaVerifiedAt, session.value.authenticatedAt);

    const me = await browser.send("GET", "/me");
    assert.equal(me.status, 200);
    assert.equal(me.json().name, "ada");
    assert.equal(me.json().consoleUrl, "http://console.postern.localhost:7400/");
    assert.deepEqual(
      (await rig.events()).map(({ act, outcome }) => `${act} ${outcome}`),
      ["open-link success", "enrol-passkey success", "sign-in success"],
    );
  });

  test("who has signed in once enters the next application without a ceremony, in the same session", async () => {
    const { authenticator } = await setUp(rig);
    const gateway = await rig.gateway("main");
    const browser = rig.browser();
    await gateway.login(browser, authenticator);
    const second = await gateway.begin("payroll.postern.localhost:7400");
    const callback = (await browser.open(second.url.href)).location();
    assert.match(callback, /^http:\/\/payroll\.postern\.localhost:7400\/\.postern\/callback\?code=/);
    await gateway.enter(await gateway.finish(second, callback), second, "payroll.postern.localhost");
    assert.equal((await rig.store.db.selectFrom("session").selectAll().execute()).length, 1);
  });

  test("the session is given a new bearer id when somebody signs in, and the one before opens nothing", async () => {
    const { authenticator } = await setUp(rig);
    const gateway = await rig.gateway("main");
    const browser = rig.browser();
    await gateway.login(browser, authenticator);
    const before = browser.cookie("__Host-postern-login");
    assert.ok(before !== undefined);
    const stale = rig.browser();
    stale.copyFrom(browser);
    assert.equal((await stale.send("GET", "/me")).status, 200);

    rig.clock.advance(60_000);
    const again = await gateway.begin("wiki.postern.localhost:7400", { prompt: "login" });
    const interaction = (await browser.open(again.url.href)).location();
    const verified = await browser.showPasskey(interaction, authenticator);
    await gateway.finish(again, (await browser.open(String(verified.json().next))).location());

    assert.notEqual(browser.cookie("__Host-postern-login"), before);
    assert.equal((await browser.send("GET", "/me")).status, 200);
    assert.equal((await stale.send("GET", "/me")).status, 401);
    const rows = await rig.store.db.selectFrom("session").selectAll().execute();
    assert.equal(rows.length, 1);
    assert.equal((rows[0]?.authenticated_at ?? 0) > (rows[0]?.created_at ?? 0), true);
  });

  test("a session id that an attacker plants before the login is not the one that signs in", async () => {
    const { authenticator } = await setUp(rig);
    const gateway = await rig.gateway("main");
    const attacker = rig.browser();
    await attacker.open((await gateway.begin()).url.href);
    attacker.setCookie("__Host-postern-login", "/", "planted-by-somebody-else");
    const victim = rig.browser();
    victim.copyFrom(attacker);
    await gateway.login(victim, authenticator);
    assert.equal((await attacker.send("GET", "/me")).status, 401);
  });

  test("another person at the same browser ends the former one's session", async () => {
    const { authenticator } = await setUp(rig);
    const eve = softwareAuthenticator(rig.instance.origins.login);
    const invitation = await rig.identity.invite({ name: "eve" });
    assert.equal((await rig.browser().enrol(invitation.url, eve)).json().next, "/");
    const gateway = await rig.gateway("main");
    const browser = rig.browser();
    const first = await gateway.login(browser, authenticator);
    const cookieHash = await gateway.enter(first.idToken, first.login);

    const again = await gateway.begin("wiki.postern.localhost:7400", { prompt: "login" });
    const interaction = (await browser.open(again.url.href)).location();
    const verified = await browser.showPasskey(interaction, eve);
    assert.equal(verified.status, 200, verified.text);
    await gateway.finish(again, (await browser.open(String(verified.json().next))).location());
    assert.equal((await browser.send("GET", "/me")).json().name, "eve");
    const { entities } = await rig.store.snapshot();
    assert.equal(entities.filter(({ kind }) => kind === "session").length, 1);
    assert.equal(
      entities.some(({ key }) => key === cookieHash),
      false,
    );
  });

  const REFUSED: [name: string, lies: object, reason: string][] = [
    ["of another origin", { origin: "http://login.evil.localhost:7400" }, "passkey.invalid"],
    ["of another port", { origin: "http://login.postern.localhost:7401" }, "passkey.invalid"],
    ["of https instead of http", { origin: "https://login.postern.localhost:7400" }, "passkey.invalid"],
    ["for another relying party", { rpId: "postern.localhost" }, "passkey.invalid"],
    ["without user verification", { userVerified: false }, "passkey.invalid"],
    [
      "for another challenge",
      { challenge: "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" },
      "passkey.invalid",
    ],
    ["of another person", { userHandle: "ZXZl" }, "user.mismatch"],
    ["of another ceremony", { type: "webauthn.create" }, "passkey.invalid"],
    ["with a forged signature", { signature: new Uint8Array(70) }, "passkey.invalid"],
    [
      "with a forged signature and an old counter",
      { signature: new Uint8Array(70), counter: 1 },
      "passkey.invalid",
    ],
    ["with the counter of a clone", { counter: 1 }, "passkey.cloned"],
  ];
  for (const [name, lies, reason] of REFUSED) {
    test(`an assertion ${name} is refused like any other, and logged`, async () => {
      const { authenticator } = await setUp(rig);
      const gateway = await rig.gateway("main");
      const browser = rig.browser();
      const interaction = (await browser.open((await gateway.begin()).url.href)).location();
      const answer = await browser.showPasskey(interaction, authenticator, lies);
      assert.equal(answer.status, 403);
      assert.deepEqual(answer.json(), {
        type: "about:blank",
        title: "this passkey was not accepted",
        status: 403,
        code: "passkey.refused",
      });
      const last = (await rig.events()).at(-1);
      assert.deepEqual([last?.act, last?.outcome, last?.reason], ["sign-in", "failure", reason]);
      assert.equal((await rig.store.db.selectFrom("session").selectAll().execute()).length, 0);
      // the honest try after it goes well, with a challenge of its own
      assert.equal((await browser.showPasskey(interaction, authenticator)).status, 200);
    });
  }

  test("an unknown passkey, and a malformed one, are refused alike", async () => {
    await setUp(rig);
    const gateway = await rig.gateway("main");
    const browser = rig.browser();
    const interaction = (await browser.open((await gateway.begin()).url.href)).location();
    const stranger = await browser.showPasskey(
      interaction,
      softwareAuthenticator(rig.instance.origins.login),
    );
    await browser.post(`${new URL(interaction).pathname}/options`, {});
    const malformed = await browser.post(`${new URL(interaction).pathname}/verify`, { response: { id: 7 } });
    assert.deepEqual([stranger.status, stranger.text], [malformed.status, malformed.text]);
    assert.deepEqual(
      (await rig.events()).slice(-2).map(({ reason }) => reason),
      ["passkey.unknown", "passkey.malformed"],
    );
  });

  test("an assertion is good once: neither again, nor for a later challenge, nor after five minutes", async () => {
    const { authenticator } = await setUp(rig);
    const gateway = await rig.gateway("main");
    const browser = rig.browser();
    const path = new URL((await browser.open((await gateway.begin()).url.href)).location()).pathname;
    const options = (await browser.post(`${path}/options`, {})).json() as never;
    const response = authenticator.get(options);
    assert.equal((await browser.post(`${path}/verify`, { response })).status, 200);
    assert.equal((await browser.post(`${path}/verify`, { response })).status, 403);
    await browser.post(`${path}/options`, {});
    assert.equal((await browser.post(`${path}/verify`, { response })).status, 403);

    const late = authenticator.get((await browser.post(`${path}/options`, {})).json() as never);
    rig.clock.advance(5 * 60_000);
    assert.equal((await browser.post(`${path}/verify`, { response: late })).status, 403);
    assert.equal((await rig.events()).at(-1)?.reason, "challenge.expired");
  });

  test("a passkey without a counter signs in again and again", async () => {
    const synced = softwareAuthenticator(rig.instance.origins.login, false);
    const enrolled = await rig.browser().enrol((await rig.identity.setupLink()).url, synced);
    assert.equal(enrolled.status, 200);
    const gateway = await rig.gateway("main");
    await gateway.login(rig.browser(), synced);
    await gateway.login(rig.browser(), synced);
  });

  test("an interaction belongs to the browser that began it", async () => {
    const { authenticator } = await setUp(rig);
    const gateway = await rig.gateway("main");
    const interaction = (await rig.browser().open((await gateway.begin()).url.href)).location();
    const other = rig.browser();
    assert.equal((await other.showPasskey(interaction, authenticator)).status, 404);
    const own = (await other.open((await gateway.begin()).url.href)).location();
    const mixed = `${new URL(own).pathname}/options`.replace(
      /^\/interaction\/[^/]+/,
      new URL(interaction).pathname,
    );
    assert.equal((await other.post(mixed, {})).status, 404);
  });

  test("a disabled person cannot sign in, and is signed out everywhere", async () => {
    await setUp(rig);
    const eve = softwareAuthenticator(rig.instance.origins.login);
    const invitation = await rig.identity.invite({ name: "eve" });
    await rig.browser().enrol(invitation.url, eve);
    const gateway = await rig.gateway("main");
    const browser = rig.browser();
    const { idToken, login } = await gateway.login(browser, eve);
    const cookieHash = await gateway.enter(idToken, login);
    await rig.identity.setDisabled(invitation.userId, true);

    assert.equal((await browser.send("GET", "/me")).status, 401);
    const { entities } = await rig.store.snapshot();
    assert.equal(
      entities.some(({ kind, key }) => kind === "session" || key === cookieHash),
      false,
    );
    const user = entities.find(({ key }) => key === invitation.userId);
    assert.equal(user?.kind === "user" && user.value?.disabled, true);
    const interaction = (await browser.open((await gateway.begin()).url.href)).location();
    assert.equal((await browser.showPasskey(interaction, eve)).status, 403);
    assert.equal((await rig.events()).at(-1)?.reason, "user.disabled");

    await rig.identity.setDisabled(invitation.userId, false);
    assert.equal((await browser.showPasskey(interaction, eve)).status, 200);
    const [ada] = await rig.store.db.selectFrom("user").select("id").where("name", "=", "ada").execute();
    await assert.rejects(rig.identity.setDisabled(ada?.id ?? "", true), { code: "conflict" });
    await assert.rejects(rig.identity.setDisabled("usr_none", true), { code: "not_found" });
  });

  test("a visitor who does not sign in leaves no session, and what they began goes with time", async () => {
    await setUp(rig);
    const gateway = await rig.gateway("main");
    const browser = rig.browser();
    for (let i = 0; i < 3; i++)
      assert.equal((await browser.open((await gateway.begin()).url.href)).status, 303);
    const count = async (): Promise<number> =>
      (await rig.store.db.selectFrom("oidc").select("id").where("model", "=", "Interaction").execute())
        .length;
    assert.equal((await rig.store.db.selectFrom("session").select("id").execute()).length, 0);
    assert.equal(await count(), 3);
    // a node whose clock is behind may still ask for it
    rig.clock.advance(15 * 60_000);
    await rig.tick();
    assert.equal(await count(), 3);
    rig.clock.advance(90_000);
    await rig.tick();
    assert.equal(await count(), 0);
  });

  test("nothing that lets anybody in rests in the database", async () => {
    const setup = await rig.identity.setupLink();
    const authenticator = softwareAuthenticator(rig.instance.origins.login);
    const enrolling = rig.browser();
    await enrolling.enrol(setup.url, authenticator);
    const invitation = await rig.identity.invite({ name: "eve" });
    const gateway = await rig.gateway("main");
    const browser = rig.browser();
    const { idToken, login } = await gateway.login(browser, authenticator);
    await gateway.enter(idToken, login);
    const open = await gateway.begin("wiki.postern.localhost:7400", { prompt: "login" });
    await browser.open(open.url.href);

    const dump = await rig.dump();
    const bearers = [
      ...browser.bearers,
      ...enrolling.bearers,
      ...gateway.bearers,
      ...[setup.url, invitation.url].map((url) => new URL(url).hash.slice(1)),
    ];
    assert.equal(bearers.length > 9, true);
    for (const bearer of bearers)
      assert.equal(dump.includes(bearer), false, `${bearer} rests in the database`);
    const session = browser.cookie("__Host-postern-login");
    assert.equal(dump.includes(sha256Hex(session ?? "")), true);
  });

  test("tries that fail are limited by address, and those that go well are not counted", async () => {
    const { authenticator } = await setUp(rig);
    const gateway = await rig.gateway("main");
    const browser = rig.browser();
    const path = new URL((await browser.open((await gateway.begin()).url.href)).location()).pathname;
    for (let i = 0; i < 30 * rig.nodes.length; i++)
      assert.equal((await browser.post(`${path}/verify`, { response: {} })).status, 403);
    const limited = await browser.post(`${path}/verify`, { response: {} });
    assert.equal(limited.status, 429);
    assert.equal(limited.headers["retry-after"], "2");
    browser.address = "192.0.2.2";
    assert.equal((await browser.showPasskey(`http://login${path}`, authenticator)).status, 200);
    browser.address = "192.0.2.1";
    rig.clock.advance(60_000);
    assert.equal((await browser.post(`${path}/verify`, { response: {} })).status, 403);
  });
});
