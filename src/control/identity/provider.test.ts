import assert from "node:assert/strict";
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { after, before, beforeEach, test } from "node:test";
import { generateKeyPair } from "jose";
import * as openid from "openid-client";
import { onEveryDatabase } from "../../../test/harness/databases.ts";
import type { SoftwareAuthenticator } from "../../../test/harness/software-authenticator.ts";
import { CALLBACK_TRICKS } from "./callback-tricks.test.ts";
import type { Gateway, Login } from "./login-gateway.test.ts";
import { type Browser, type Rig, SUBDOMAINS, setUp, startRig } from "./login-rig.test.ts";

onEveryDatabase((database) => {
  let rig: Rig;
  let gateway: Gateway;
  let authenticator: SoftwareAuthenticator;
  let browser: Browser;
  before(async () => {
    rig = await startRig(database);
    ({ authenticator } = await setUp(rig));
    gateway = await rig.gateway("main");
  });
  after(async () => await rig.close());
  beforeEach(() => {
    browser = rig.browser();
  });

  /** A callback with a code, from a browser that has just signed in. */
  async function callback(): Promise<{ login: Login; url: string }> {
    browser = rig.browser();
    const login = await gateway.begin();
    const interaction = (await browser.open(login.url.href)).location();
    const verified = await browser.showPasskey(interaction, authenticator);
    return { login, url: (await browser.open(String(verified.json().next))).location() };
  }

  test("the ID token names the person, the public session, the time and the means", async () => {
    const { login, url } = await callback();
    const tokens = await openid.authorizationCodeGrant(gateway.config, new URL(url), {
      pkceCodeVerifier: login.verifier,
      expectedState: login.state,
      expectedNonce: login.nonce,
    });
    const claims = tokens.claims();
    assert.equal(claims?.iss, "http://login.postern.localhost:7400");
    assert.equal(claims?.aud, "gateway:main");
    const sessions = await rig.store.db.selectFrom("session").select("id").execute();
    assert.equal(
      sessions.some(({ id }) => id === claims?.sid),
      true,
    );
    assert.deepEqual(claims?.amr, ["hwk", "user", "mfa"]);
    assert.equal(typeof claims?.auth_time, "number");
    assert.equal(tokens.refresh_token, undefined);
  });

  test("discovery tells of nothing that is not served", async () => {
    const document = (await rig.send("GET", "/.well-known/openid-configuration")).json();
    assert.deepEqual(document.response_types_supported, ["code"]);
    assert.deepEqual(document.grant_types_supported, ["authorization_code"]);
    assert.deepEqual(document.token_endpoint_auth_methods_supported, ["private_key_jwt"]);
    assert.deepEqual(document.id_token_signing_alg_values_supported, ["ES256"]);
    assert.deepEqual(document.code_challenge_methods_supported, ["S256"]);
    assert.deepEqual(document.scopes_supported, ["openid"]);
    for (const endpoint of [
      "userinfo",
      "registration",
      "revocation",
      "introspection",
      "end_session",
      "device_authorization",
      "pushed_authorization_request",
    ])
      assert.equal(document[`${endpoint}_endpoint`], undefined, endpoint);
    for (const path of [
      "/me2",
      "/reg",
      "/session/end",
      "/session/end/confirm",
      "/request",
      "/token/introspection",
      "/AUTH",
      "/auth/",
      "/jwks/",
    ])
      assert.equal(
        (await rig.send("POST", path, { origin: SUBDOMAINS.origins.login })).status >= 400,
        true,
        path,
      );
    const { keys } = (await rig.send("GET", "/jwks")).json() as { keys: Record<string, unknown>[] };
    assert.equal(keys.length, 1);
    assert.equal(keys[0]?.d, undefined);
  });

  test("no code goes to an address that only looks like a callback", async () => {
    for (const [index, address] of CALLBACK_TRICKS.entries()) {
      const { url } = await gateway.begin();
      url.searchParams.set("redirect_uri", address);
      const answer = await browser.send("GET", url.href, { "x-forwarded-for": `198.51.100.${index}` });
      assert.equal(answer.status, 400, address);
      assert.equal(answer.headers.location, undefined, address);
      assert.equal(answer.headers["content-type"], "application/problem+json");
    }
  });

  test("a request without PKCE, with a plain challenge or of another flow gets no code", async () => {
    for (const change of [
      { code_challenge: "", code_challenge_method: "" },
      { code_challenge_method: "plain" },
      { response_type: "id_token" },
      { response_type: "code id_token" },
      { response_mode: "fragment" },
      { response_mode: "form_post" },
      { scope: "profile" },
      { prompt: "consent" },
    ]) {
      const { url } = await gateway.begin();
      for (const [name, value] of Object.entries(change)) {
        if (value === "") url.searchParams.delete(name);
        else url.searchParams.set(name, value);
      }
      const answer = await browser.open(url.href);
      if (answer.headers.location === undefined) assert.equal(answer.status, 400);
      else
        assert.match(
          answer.location(),
          /^http:\/\/wiki\.postern\.localhost:7400\/\.postern\/callback[?#]error=/,
        );
    }
  });

  test("a client that has announced no key is not known", async () => {
    for (const id of ["gateway:other", "gateway:", "main", "gateway:main ", "GATEWAY:main"]) {
      const { url } = await gateway.begin();
      url.searchParams.set("client_id", id);
      const answer = await browser.open(url.href);
      assert.equal(answer.status, 400, id);
      assert.equal(answer.headers.location, undefined);
    }
  });

  test("a code is exchanged once, by its client, with its verifier and its address", async () => {
    const exchange = async (
      config: openid.Configuration,
      { login, url }: { login: Login; url: string },
      change: { verifier?: string; address?: string } = {},
    ): Promise<unknown> => {
      const target = new URL(url);
      if (change.address !== undefined) target.host = change.address;
      return await openid.authorizationCodeGrant(config, target, {
        pkceCodeVerifier: change.verifier ?? login.verifier,
        expectedState: login.state,
        expectedNonce: login.nonce,
      });
    };
    const refused = { error: "invalid_grant" };
    await assert.rejects(
      exchange(gateway.config, await callback(), { verifier: openid.randomPKCECodeVerifier() }),
      refused,
    );
    await assert.rejects(
      exchange(gateway.config, await callback(), { address: "payroll.postern.localhost:7400" }),
      refused,
    );
    const other = await rig.gateway("second");
    await assert.rejects(exchange(other.config, await callback()), refused);

    const thief = await rig.gateway("third");
    const { privateKey } = await generateKeyPair("ES256");
    const forged = new openid.Configuration(
      gateway.config.serverMetadata(),
      "gateway:main",
      { id_token_signed_response_alg: "ES256" },
      openid.PrivateKeyJwt(privateKey),
    );
    const toSocket = thief.config[openid.customFetch];
    assert.ok(toSocket !== undefined);
    forged[openid.customFetch] = toSocket;
    openid.allowInsecureRequests(forged);
    await assert.rejects(exchange(forged, await callback()), { error: "invalid_client" });

    const good = await callback();
    const both = await Promise.allSettled([exchange(gateway.config, good), exchange(gateway.config, good)]);
    assert.deepEqual(both.map(({ status }) => status).sort(), ["fulfilled", "rejected"]);
    await assert.rejects(exchange(gateway.config, good), refused);
  });

  test("a code is worth nothing once its session has ended", async () => {
    const { login, url } = await callback();
    for (const { id } of await rig.store.db.selectFrom("session").select("id").execute())
      await rig.identity.endSession(id, "revoked");
    await assert.rejects(gateway.finish(login, url), { error: "invalid_grant" });
  });

  test("a gateway's last key but one is believed, the one before is not", async () => {
    const first = await rig.gateway("turning");
    rig.clock.advance(1);
    const second = await rig.gateway("turning");
    const { login, url } = await callback();
    const grant = { pkceCodeVerifier: login.verifier, expectedState: login.state };
    // the client is another than the code's: what counts is whether it is known at all
    await assert.rejects(openid.authorizationCodeGrant(first.config, new URL(url), grant), {
      error: "invalid_grant",
    });
    rig.clock.advance(1);
    await rig.gateway("turning");
    await assert.rejects(openid.authorizationCodeGrant(first.config, new URL(url), grant), {
      error: "invalid_client",
    });
    await assert.rejects(openid.authorizationCodeGrant(second.config, new URL(url), grant), {
      error: "invalid_grant",
    });
  });

  test("what browsers see is headed safely, and wrong requests change nothing", async () => {
    const pages = [
      "/",
      "/setup",
      "/invite",
      "/interaction/whatever",
      "/assets/x.js",
      "/me",
      "/auth",
      "/nowhere",
    ];
    for (const path of pages) {
      const { headers } = await browser.open(path);
      assert.match(
        String(headers["content-security-policy"]),
        /default-src 'none'.*frame-ancestors 'none'/,
        path,
      );
      assert.equal(headers["x-content-type-options"], "nosniff");
    }
    assert.equal((await browser.open("/me")).status, 401);
    assert.equal((await browser.open("/nowhere")).status, 404);
    const origin = SUBDOMAINS.origins.login;
    const json = { "content-type": "application/json" };
    const cases: [number, Record<string, string>, string][] = [
      [403, json, "{}"],
      [403, { ...json, origin: "http://wiki.postern.localhost:7400" }, "{}"],
      [403, { ...json, origin: "null" }, "{}"],
      [403, { ...json, origin, "sec-fetch-site": "same-site" }, "{}"],
      [400, { origin, "content-type": "text/plain" }, "{}"],
      [400, { origin, "content-type": "application/x-www-form-urlencoded" }, "a=b"],
      [400, { ...json, origin }, "{"],
      [422, { ...json, origin }, "[]"],
      [422, { ...json, origin }, '{"token":7}'],
      [413, { ...json, origin }, `{"token":"${"a".repeat(70_000)}"}`],
    ];
    for (const [status, headers, body] of cases) {
      const answer = await rig.send("POST", "/enrol/open", headers, body);
      assert.equal(answer.status, status, body.slice(0, 40));
      assert.equal(answer.headers["content-type"], "application/problem+json");
      assert.equal(answer.headers["cache-control"], "no-store");
    }
    assert.equal((await rig.send("GET", "/enrol/open")).status, 404);
    assert.equal((await rig.send("DELETE", "/")).status, 404);
  });

  test("a request that cannot go on says so on a page, with a next step and without detail", async () => {
    const { url } = await gateway.begin();
    url.searchParams.set("redirect_uri", "http://evil.example/.postern/callback");
    const answer = await browser.open(url.href);
    assert.equal(answer.status, 400);
    assert.match(String(answer.headers["content-type"]), /^text\/html/);
    assert.match(answer.text, /This sign-in cannot go on/);
    assert.match(answer.text, /href="\/"/);
    assert.doesNotMatch(answer.text, /evil|redirect_uri|node_modules|Error/);
  });

  test("a body that is too large is answered before it ends", async () => {
    const sent = request({
      socketPath: rig.socketPath,
      method: "POST",
      path: "/enrol/open",
      headers: {
        host: "login.postern.localhost:7400",
        origin: SUBDOMAINS.origins.login,
        "content-type": "application/json",
        "content-length": 100_000_000,
      },
    });
    sent.write("a".repeat(70_000));
    const [response] = (await once(sent, "response")) as [IncomingMessage];
    assert.equal(response.statusCode, 413);
    assert.equal(response.headers.connection, "close");
    sent.destroy();
  });

  test("headers of the client do not move the login host", async () => {
    const { url } = await gateway.begin();
    const answer = await browser.send("GET", url.href, {
      "x-forwarded-host": "evil.example",
      "x-forwarded-proto": "https",
      host: "evil.example",
    });
    assert.match(
      answer.location(),
      /^http:\/\/(evil\.example|login\.postern\.localhost:7400)\/interaction\//,
    );
    const interaction = new URL(answer.location()).pathname;
    const options = await browser.post(`${interaction}/options`, {});
    const response = authenticator.get(options.json() as never);
    const verified = await browser.post(`${interaction}/verify`, { response });
    assert.match(String(verified.json().next), /^http:\/\/login\.postern\.localhost:7400\/auth\//);
  });

  test("many logins begun from one address are refused for a while", async () => {
    const busy = rig.browser();
    busy.address = "2001:db8::1";
    let last = await busy.open((await gateway.begin()).url.href);
    for (let i = 0; i < 120 * rig.nodes.length; i++) {
      busy.address = `2001:db8::${i.toString(16)}`;
      last = await busy.open((await gateway.begin()).url.href);
    }
    assert.equal(last.status, 429);
    assert.notEqual(last.headers["retry-after"], undefined);
    busy.address = "2001:db8:0:1::1";
    assert.equal((await busy.open((await gateway.begin()).url.href)).status, 303);
  });

  test("no failure of the provider was left unsaid, and none happened", () => {
    assert.deepEqual(rig.notices, []);
  });
});
