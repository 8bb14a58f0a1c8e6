/** The login host while its database is away: it says so, leaves nothing half done, and goes on by itself. */
import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { onPostgres } from "../../../test/harness/databases.ts";
import type { SoftwareAuthenticator } from "../../../test/harness/software-authenticator.ts";
import { until } from "../../../test/harness/until.ts";
import type { Gateway } from "./login-gateway.test.ts";
import { type Answer, type Browser, type Rig, setUp, startRig } from "./login-rig.test.ts";

onPostgres((database) => {
  let rig: Rig;
  let authenticator: SoftwareAuthenticator;
  let gateway: Gateway;
  let browser: Browser;
  beforeEach(async () => {
    rig = await startRig(database);
    ({ authenticator } = await setUp(rig));
    gateway = await rig.gateway("main");
    browser = rig.browser();
  });
  afterEach(async () => await rig.close());

  async function away<T>(work: () => Promise<T>): Promise<T> {
    const server = await database.server();
    await server.stop();
    try {
      return await work();
    } finally {
      await server.start();
    }
  }

  /** It is an answer that may be asked for again, and that tells a stranger nothing of the database. */
  function checkOutage(answer: Answer): void {
    assert.equal(answer.status, 503, answer.text);
    assert.equal(answer.headers["retry-after"], "5");
    assert.equal(answer.headers["cache-control"], "no-store");
    assert.equal(answer.headers["set-cookie"], undefined);
    assert.equal(answer.headers.location, undefined);
    assert.doesNotMatch(answer.text, /database|postgres|ECONN|127\.0\.0\.1|invalid_/i);
    assert.match(answer.text, /not possible at the moment/i);
  }

  const known = async (): Promise<{ sessions: number; codes: number }> => ({
    sessions: (await rig.store.db.selectFrom("session").select("id").execute()).length,
    codes: (
      await rig.store.db.selectFrom("oidc").select("id").where("model", "=", "AuthorizationCode").execute()
    ).length,
  });

  test("every step of a login says that it is not possible now, and the same login goes on afterwards", async () => {
    const login = await gateway.begin();
    await away(async () => {
      const page = await browser.open(login.url.href);
      checkOutage(page);
      assert.match(String(page.headers["content-type"]), /^text\/html/);
      assert.match(page.text, /href="\/auth\?[^"]*client_id=gateway%3Amain/, "the page leads back to itself");
    });
    const opened = await until("it opens", async () => {
      const answer = await browser.open(login.url.href);
      return answer.status === 303 ? answer : undefined;
    });
    const interaction = opened.location();
    const path = new URL(interaction).pathname;
    const options = await browser.post(`${path}/options`, {});
    const response = authenticator.get(options.json() as never);
    await away(async () => {
      const refused = await browser.post(`${path}/verify`, { response });
      checkOutage(refused);
      assert.equal(refused.json().code, "state.unreachable");
      checkOutage(await browser.post(`${path}/options`, {}));
    });
    const next = await until("the passkey is taken", async () => {
      const answer = await browser.post(`${path}/verify`, { response });
      return answer.status === 200 ? String(answer.json().next) : undefined;
    });
    await away(async () => checkOutage(await browser.open(next)));
    const callback = await until("it resumes", async () => {
      const answer = await browser.open(next);
      return answer.status === 303 ? answer.location() : undefined;
    });
    await away(async () => {
      await assert.rejects(gateway.finish(login, callback));
      assert.equal((await browser.send("GET", "/me")).status, 503);
    });
    const idToken = await until("the code is exchanged", async () =>
      gateway.finish(login, callback).catch(() => undefined),
    );
    await away(async () => {
      await assert.rejects(gateway.enter(idToken, login), { code: "state.unreachable" });
    });
    await until("the cookie is let in", async () => gateway.enter(idToken, login).catch(() => undefined));
    assert.deepEqual(await known(), { sessions: 1, codes: 1 });
    const acts = (await rig.events()).filter(({ act }) => act === "sign-in");
    assert.deepEqual(
      acts.map(({ outcome }) => outcome),
      ["success"],
      "no try was refused for the database's sake",
    );
  });

  test("who is signed in stays so, with the cookie that they had", async () => {
    await gateway.login(browser, authenticator);
    const cookie = browser.cookie("__Host-postern-login");
    await away(async () => {
      checkOutage(await browser.open((await gateway.begin()).url.href));
      checkOutage(await browser.send("GET", "/me"));
      checkOutage(await browser.post("/sign-out", {}));
    });
    assert.equal(browser.cookie("__Host-postern-login"), cookie);
    await until("it answers", async () => (await browser.send("GET", "/me")).status === 200);
    assert.equal(
      rig.notices.filter(({ message }) => /failed to answer/.test(message ?? "")).length,
      0,
      "it is not said for each request",
    );
  });

  test("links and reports of use are refused and taken later; nothing waits in line meanwhile", async () => {
    const invitation = await rig.identity.invite({ name: "eve" });
    await gateway.login(browser, authenticator);
    const { entities } = await rig.store.snapshot();
    const session = entities.find(({ kind }) => kind === "session")?.key ?? "";
    rig.clock.advance(60_000);
    const report = { sessions: { [session]: rig.clock.now() } };
    const token = new URL(invitation.url).hash.slice(1);
    const other = rig.browser();
    await away(async () => {
      checkOutage(await other.post("/enrol/open", { token }));
      const began = performance.now();
      const refused = await Promise.allSettled(
        Array.from({ length: 20 }, async () => await rig.identity.activity(report)),
      );
      assert.ok(refused.every(({ status }) => status === "rejected"));
      assert.ok(performance.now() - began < 8_000);
    });
    await until("the link opens", async () => {
      const answer = await other.post("/enrol/open", { token });
      assert.ok(answer.status === 200 || answer.status === 503, answer.text);
      return answer.status === 200;
    });
    await until("use is noted", async () => {
      await rig.identity.activity(report).catch(() => undefined);
      const state = (await rig.store.snapshot()).entities.find(({ key }) => key === session);
      return state?.kind === "session" && state.value?.lastSeenAt === rig.clock.now();
    });
  });
});
