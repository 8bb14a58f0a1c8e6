import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { onEveryDatabase } from "../../../test/harness/databases.ts";
import { softwareAuthenticator } from "../../../test/harness/software-authenticator.ts";
import { type Browser, PORTS, type Rig, setUp, startRig } from "./login-rig.test.ts";

const MINUTE = 60_000;

onEveryDatabase((database) => {
  let rig: Rig;
  beforeEach(async () => {
    rig = await startRig(database);
  });
  afterEach(async () => await rig.close());

  const tokenOf = (url: string): string => new URL(url).hash.slice(1);

  async function open(browser: Browser, url: string): Promise<[number, unknown]> {
    const answer = await browser.post("/enrol/open", { token: tokenOf(url) });
    return [answer.status, answer.json().code];
  }

  test("the setup link makes the first administrator, who goes on to the console", async () => {
    assert.equal(await rig.identity.needsSetup(), true);
    const link = await rig.identity.setupLink();
    assert.match(link.url, /^http:\/\/login\.postern\.localhost:7400\/setup#[A-Za-z0-9_-]{43}$/);
    assert.equal(link.expiresAt, rig.clock.now() + 15 * MINUTE);
    const answer = await rig.browser().enrol(link.url, softwareAuthenticator(rig.instance.origins.login));
    assert.deepEqual(answer.json(), { next: "http://console.postern.localhost:7400/" });
    assert.equal(await rig.identity.needsSetup(), false);
    const { entities } = await rig.store.snapshot();
    const user = entities.find(({ kind }) => kind === "user");
    assert.ok(user?.kind === "user" && user.value !== null);
    const { id, ...rest } = user.value;
    assert.match(id, /^usr_/);
    assert.deepEqual(rest, {
      name: "ada",
      displayName: "Ada Lovelace",
      role: "administrator",
      groups: [],
      disabled: false,
    });
    await assert.rejects(rig.identity.setupLink(), { code: "conflict" });
  });

  test("a link opens again in the browser that was first, and in no other", async () => {
    const { url } = await rig.identity.setupLink();
    const first = rig.browser();
    const second = rig.browser();
    assert.deepEqual(await open(first, url), [200, undefined]);
    assert.deepEqual(await open(first, url), [200, undefined]);
    assert.deepEqual(await open(second, url), [409, "link.other_browser"]);
    const options = await second.post("/enrol/options", { name: "eve", displayName: "Eve" });
    assert.deepEqual([options.status, options.json().code], [404, "link.unknown"]);
    assert.equal((await first.enrol(url, softwareAuthenticator(rig.instance.origins.login))).status, 200);
  });

  test("a link is used once", async () => {
    const { url } = await rig.identity.setupLink();
    const browser = rig.browser();
    await browser.enrol(url, softwareAuthenticator(rig.instance.origins.login));
    assert.deepEqual(await open(browser, url), [410, "link.used"]);
    assert.deepEqual(await open(rig.browser(), url), [410, "link.used"]);
    const again = await browser.post("/enrol/options", { name: "eve", displayName: "Eve" });
    assert.deepEqual([again.status, again.json().code], [410, "link.used"]);
  });

  test("a setup link ends after fifteen minutes, an invitation after seventy-two hours", async () => {
    const setup = await rig.identity.setupLink();
    const browser = rig.browser();
    await open(browser, setup.url);
    rig.clock.advance(15 * MINUTE);
    assert.deepEqual(await open(browser, setup.url), [410, "link.expired"]);
    const late = await browser.post("/enrol/options", { name: "ada", displayName: "Ada" });
    assert.deepEqual([late.status, late.json().code], [410, "link.expired"]);
    const invitation = await rig.identity.invite({ name: "eve" });
    rig.clock.advance(72 * 60 * MINUTE - 1);
    assert.deepEqual(await open(rig.browser(), invitation.url), [200, undefined]);
    rig.clock.advance(1);
    assert.deepEqual(await open(rig.browser(), invitation.url), [410, "link.expired"]);
    rig.clock.advance(8 * 24 * 60 * MINUTE);
    await rig.tick();
    assert.deepEqual(await open(rig.browser(), invitation.url), [404, "link.unknown"]);
  });

  test("a link that expires between the ceremony's beginning and its end makes nobody", async () => {
    const { url } = await rig.identity.setupLink();
    const browser = rig.browser();
    const authenticator = softwareAuthenticator(rig.instance.origins.login);
    rig.clock.advance(14 * MINUTE);
    await open(browser, url);
    const options = await browser.post("/enrol/options", { name: "ada", displayName: "Ada" });
    rig.clock.advance(MINUTE);
    const answer = await browser.post("/enrol/verify", {
      response: authenticator.create(options.json() as never),
    });
    assert.deepEqual([answer.status, answer.json().code], [410, "link.expired"]);
    assert.equal(await rig.identity.needsSetup(), true);
  });

  test("a fresh setup link ends the former, and an unknown token says nothing", async () => {
    const former = await rig.identity.setupLink();
    await rig.identity.setupLink();
    assert.deepEqual(await open(rig.browser(), former.url), [410, "link.expired"]);
    assert.deepEqual(await open(rig.browser(), `http://x/#${"A".repeat(43)}`), [404, "link.unknown"]);
    assert.equal((await rig.browser().post("/enrol/open", { token: "" })).status, 422);
    assert.equal((await rig.browser().post("/enrol/open", { token: "a".repeat(43), more: 1 })).status, 422);
  });

  test("of two who set up at once, one becomes administrator", async () => {
    const link = await rig.identity.setupLink();
    const browser = rig.browser();
    const one = softwareAuthenticator(rig.instance.origins.login);
    await open(browser, link.url);
    const options = (
      await browser.post("/enrol/options", { name: "ada", displayName: "Ada" })
    ).json() as never;
    const answers = await Promise.all(
      [one, softwareAuthenticator(rig.instance.origins.login)].map(
        async (authenticator) =>
          await browser.post("/enrol/verify", { response: authenticator.create(options) }),
      ),
    );
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200, 403]));
    assert.equal((await rig.store.db.selectFrom("user").selectAll().execute()).length, 1);
    assert.equal((await rig.store.db.selectFrom("credential").selectAll().execute()).length, 1);
  });

  test("a setup ceremony begun before somebody else became administrator ends in nothing", async () => {
    const link = await rig.identity.setupLink();
    const slow = rig.browser();
    await open(slow, link.url);
    const authenticator = softwareAuthenticator(rig.instance.origins.login);
    const options = (await slow.post("/enrol/options", { name: "eve", displayName: "Eve" })).json() as never;
    const invitation = await rig.identity.invite({ name: "ada", role: "administrator" });
    await rig.browser().enrol(invitation.url, softwareAuthenticator(rig.instance.origins.login));
    const answer = await slow.post("/enrol/verify", { response: authenticator.create(options) });
    assert.deepEqual([answer.status, answer.json().code], [410, "link.used"]);
    assert.deepEqual(
      (await rig.store.db.selectFrom("user").select("name").execute()).map(({ name }) => name),
      ["ada"],
    );
  });

  for (const [name, lies] of [
    ["made at another origin", { origin: "http://login.evil.localhost:7400" }],
    ["made for another relying party", { rpId: "postern.localhost" }],
    ["without user verification", { userVerified: false }],
    ["for another challenge", { challenge: "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" }],
    ["of another ceremony", { type: "webauthn.get" }],
  ] as const) {
    test(`a passkey ${name} is refused and the link stays good`, async () => {
      const { url } = await rig.identity.setupLink();
      const browser = rig.browser();
      const authenticator = softwareAuthenticator(rig.instance.origins.login);
      const refused = await browser.enrol(url, authenticator, undefined, lies);
      assert.deepEqual([refused.status, refused.json().code], [403, "passkey.refused"]);
      const last = (await rig.events()).at(-1);
      assert.deepEqual(
        [last?.act, last?.outcome, last?.reason],
        ["enrol-passkey", "failure", "passkey.invalid"],
      );
      assert.equal(await rig.identity.needsSetup(), true);
      assert.equal((await browser.enrol(url, authenticator)).status, 200);
    });
  }

  test("a challenge of enrolment is good once and for five minutes", async () => {
    const { url } = await rig.identity.setupLink();
    const browser = rig.browser();
    const authenticator = softwareAuthenticator(rig.instance.origins.login);
    await open(browser, url);
    const options = (
      await browser.post("/enrol/options", { name: "ada", displayName: "Ada" })
    ).json() as never;
    assert.equal((await browser.post("/enrol/verify", { response: {} })).status, 403);
    const response = authenticator.create(options);
    assert.equal((await browser.post("/enrol/verify", { response })).status, 403);
    const late = (await browser.post("/enrol/options", { name: "ada", displayName: "Ada" })).json() as never;
    rig.clock.advance(5 * MINUTE);
    assert.equal((await browser.post("/enrol/verify", { response: authenticator.create(late) })).status, 403);
    assert.equal((await rig.events()).at(-1)?.reason, "challenge.expired");
  });

  test("options ask for a discoverable passkey with user verification at the login host alone", async () => {
    const { url } = await rig.identity.setupLink();
    const browser = rig.browser();
    await open(browser, url);
    const options = (await browser.post("/enrol/options", { name: "ada", displayName: "Ada" })).json();
    assert.deepEqual(options.rp, { name: "Postern", id: "login.postern.localhost" });
    assert.equal(options.attestation, "none");
    const selection = options.authenticatorSelection as Record<string, unknown>;
    assert.equal(selection.residentKey, "required");
    assert.equal(selection.userVerification, "required");
  });

  test("names that cannot be are refused with what they may be", async () => {
    const { url } = await rig.identity.setupLink();
    const browser = rig.browser();
    await open(browser, url);
    for (const name of ["", "Ada", "a b", "a".repeat(65), "ada@example", "ädä", "ada\u0000"]) {
      const answer = await browser.post("/enrol/options", { name, displayName: "Ada" });
      assert.deepEqual([answer.status, answer.json().code], [422, "input.invalid"], name);
      assert.match(String(answer.json().title), /a to z/);
    }
    for (const displayName of ["", "  ", "a\u202eb", "x".repeat(101), "a\nb"])
      assert.equal(
        (await browser.post("/enrol/options", { name: "ada", displayName })).status,
        422,
        displayName,
      );
    await rig.identity.invite({ name: "taken" });
    const taken = await browser.post("/enrol/options", { name: "taken", displayName: "Ada" });
    assert.deepEqual([taken.status, taken.json().code], [409, "conflict"]);
  });

  test("an invited person has the name they were given, and goes home", async () => {
    await setUp(rig);
    const invitation = await rig.identity.invite({
      name: "eve",
      displayName: "Eve",
      role: "engineer",
      groups: ["sre", "on-call", "sre"],
    });
    const browser = rig.browser();
    const opened = await browser.post("/enrol/open", { token: tokenOf(invitation.url) });
    assert.deepEqual(opened.json(), {
      kind: "invite",
      name: "eve",
      displayName: "Eve",
      expiresAt: invitation.expiresAt,
    });
    const answer = await browser.enrol(invitation.url, softwareAuthenticator(rig.instance.origins.login), {
      name: "ada",
      displayName: "Somebody Else",
    });
    assert.deepEqual(answer.json(), { next: "/" });
    const user = (await rig.store.snapshot()).entities.find(({ key }) => key === invitation.userId);
    assert.deepEqual(user?.value, {
      id: invitation.userId,
      name: "eve",
      displayName: "Eve",
      role: "engineer",
      groups: ["sre", "on-call"],
      disabled: false,
    });
  });

  test("who has no passkey yet may be invited again, which ends the former link; who has one may not", async () => {
    const first = await rig.identity.invite({ name: "eve" });
    const second = await rig.identity.invite({ name: "eve", role: "engineer" });
    assert.equal(second.userId, first.userId);
    assert.deepEqual(await open(rig.browser(), first.url), [410, "link.expired"]);
    await rig.browser().enrol(second.url, softwareAuthenticator(rig.instance.origins.login));
    await assert.rejects(rig.identity.invite({ name: "eve" }), { code: "conflict" });
    await assert.rejects(rig.identity.invite({ name: "Eve!" }), { code: "input.invalid" });
    await assert.rejects(rig.identity.invite({ name: "bob", role: "" }), { code: "input.invalid" });
    await assert.rejects(rig.identity.invite({ name: "bob", groups: ["a\nb"] }), { code: "input.invalid" });
  });

  test("a passkey that is registered already is not registered for another", async () => {
    const { authenticator } = await setUp(rig);
    const invitation = await rig.identity.invite({ name: "eve" });
    const answer = await rig.browser().enrol(invitation.url, authenticator);
    assert.deepEqual([answer.status, answer.json().code], [409, "conflict"]);
  });

  test("an invitation to a person who was disabled since is withdrawn", async () => {
    await setUp(rig);
    const invitation = await rig.identity.invite({ name: "eve" });
    await rig.identity.setDisabled(invitation.userId, true);
    assert.deepEqual(await open(rig.browser(), invitation.url), [410, "link.expired"]);
    await assert.rejects(rig.identity.invite({ name: "eve" }), { code: "conflict" });
  });

  test("by port, the relying party is localhost and the origin is the login host's to the port", async () => {
    const ports = await startRig(database, { instance: PORTS });
    try {
      const { url } = await ports.identity.setupLink();
      assert.match(url, /^http:\/\/localhost:7400\/setup#/);
      const browser = ports.browser();
      const authenticator = softwareAuthenticator("http://localhost:7400");
      const refused = await browser.enrol(url, authenticator, undefined, { origin: "http://localhost:7402" });
      assert.equal(refused.status, 403);
      assert.equal((await browser.enrol(url, authenticator)).status, 200);
      const gateway = await ports.gateway("main");
      const { idToken, login } = await gateway.login(browser, authenticator, "localhost:7402");
      await assert.rejects(gateway.enter(idToken, login, "localhost:7402"), { code: "unauthenticated" });
      await ports.store.write(async ({ db }) => {
        await db.insertInto("application_port").values({ name: "wiki", port: 7402 }).execute();
      });
      const next = await gateway.login(ports.browser(), authenticator, "localhost:7402");
      await gateway.enter(next.idToken, next.login, "localhost:7402");
    } finally {
      await ports.close();
    }
  });
});
