import assert from "node:assert/strict";
import { test } from "node:test";
import { onEveryDatabase } from "../../../test/harness/databases.ts";
import { CALLBACK_TRICKS } from "./callback-tricks.test.ts";
import { isGatewayCallback } from "./gateway-clients.ts";
import { makeGateway } from "./login-gateway.test.ts";
import { PORTS, SUBDOMAINS, setUp, startRig } from "./login-rig.test.ts";

test("a callback is that of a host under the domain, written as browsers write it", () => {
  assert.equal(isGatewayCallback(SUBDOMAINS, "http://wiki.postern.localhost:7400/.postern/callback"), true);
  assert.equal(
    isGatewayCallback(SUBDOMAINS, "http://console.postern.localhost:7400/.postern/callback"),
    true,
  );
  for (const address of CALLBACK_TRICKS) assert.equal(isGatewayCallback(SUBDOMAINS, address), false, address);
});

test("by port a code goes to localhost with any port but the login host's", () => {
  assert.equal(isGatewayCallback(PORTS, "http://localhost:7402/.postern/callback"), true);
  for (const address of [
    "http://localhost:7400/.postern/callback",
    "http://wiki.localhost:7402/.postern/callback",
    "http://127.0.0.1:7402/.postern/callback",
    "https://localhost:7402/.postern/callback",
    "http://localhost:7402/.postern/callback?",
    "http://localhost:99999/.postern/callback",
  ])
    assert.equal(isGatewayCallback(PORTS, address), false, address);
});

test("on a default port the address has none", () => {
  const tls = {
    ...SUBDOMAINS,
    scheme: "https",
    port: 443,
    domain: "example.org",
    origins: { login: "https://login.example.org", console: "https://console.example.org" },
  } as const;
  assert.equal(isGatewayCallback(tls, "https://wiki.example.org/.postern/callback"), true);
  assert.equal(isGatewayCallback(tls, "https://wiki.example.org:443/.postern/callback"), false);
  assert.equal(isGatewayCallback(tls, "http://wiki.example.org/.postern/callback"), false);
});

onEveryDatabase((database) => {
  test("only a public ES256 key can be announced", async () => {
    const rig = await startRig(database);
    const jwk = {
      kty: "EC",
      crv: "P-256",
      x: "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
      y: "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
      kid: "example",
      alg: "ES256",
    };
    for (const [gatewayName, wrong] of [
      ["main", { ...jwk, d: "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI" }],
      ["main", { ...jwk, alg: "HS256" }],
      ["main", { ...jwk, crv: "P-384" }],
      ["main", { ...jwk, y: jwk.x }],
      ["main", { kty: "oct", k: "AAAA", kid: "k", alg: "HS256" }],
      ["main", { ...jwk, kid: "" }],
      ["Main", jwk],
      ["a:b", jwk],
      ["", jwk],
    ] as const)
      await assert.rejects(rig.identity.announceKey({ gateway: gatewayName, jwk: wrong }), {
        code: "input.invalid",
      });
    await rig.identity.announceKey({ gateway: "example", jwk });
    await rig.identity.announceKey({ gateway: "example", jwk });
    await assert.rejects(rig.identity.announceKey({ gateway: "other", jwk }), { code: "conflict" });
    await rig.close();
  });

  test("a login that one gateway began as the client of all is finished by another, and by no client of its own", async () => {
    const rig = await startRig(database);
    const { clientId, sealKey } = await rig.identity.loginClient();
    assert.deepEqual(await rig.identity.loginClient(), { clientId, sealKey }, "the same for every gateway");
    assert.match(sealKey, /^[\w-]{43}$/);
    const { authenticator } = await setUp(rig);
    const one = await makeGateway(rig, "one", clientId);
    const two = await makeGateway(rig, "two", clientId);
    const browser = rig.browser();
    await two.login(browser, authenticator);
    const again = await one.begin();
    const callback = (await browser.open(again.url.href)).location();
    const idToken = await two.finish(again, callback);
    assert.match(await two.enter(idToken, again), /^[0-9a-f]{64}$/);

    const third = await one.begin();
    const stolen = (await browser.open(third.url.href)).location();
    await assert.rejects((await makeGateway(rig, "own")).finish(third, stolen), { error: "invalid_grant" });
    await rig.close();
  });
});
