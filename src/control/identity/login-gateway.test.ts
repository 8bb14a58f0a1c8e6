import assert from "node:assert/strict";
import { calculateJwkThumbprint, exportJWK, generateKeyPair } from "jose";
import * as openid from "openid-client";
import { sha256Hex } from "#kernel";
import type { SoftwareAuthenticator } from "../../../test/harness/software-authenticator.ts";
import type { Browser, Rig } from "./login-rig.test.ts";

/** A gateway that lets people into applications: the client of the login host. */
export interface Gateway {
  readonly id: string;
  readonly config: openid.Configuration;
  /** Codes and tokens that it was given. */
  readonly bearers: string[];
  begin(host?: string, more?: Record<string, string>): Promise<Login>;
  finish(login: Login, callback: string): Promise<string>;
  /** The whole login: from the application's host to the ID token. */
  login(
    browser: Browser,
    authenticator: SoftwareAuthenticator,
    host?: string,
  ): Promise<{ idToken: string; login: Login }>;
  /** Lets a new cookie in; answers its hash. */
  enter(idToken: string, login: Login, host?: string): Promise<string>;
}
export interface Login {
  readonly url: URL;
  readonly verifier: string;
  readonly state: string;
  readonly nonce: string;
}

/** @param id the client that it is; its own unless another is named */
export async function makeGateway(rig: Rig, name: string, id = `gateway:${name}`): Promise<Gateway> {
  const { privateKey, publicKey } = await generateKeyPair("ES256");
  const jwk = await exportJWK(publicKey);
  const kid = await calculateJwkThumbprint(jwk);
  await rig.identity.announceKey({ gateway: name, jwk: { ...jwk, kid, alg: "ES256" } });
  const config = await openid.discovery(
    new URL(rig.instance.origins.login),
    id,
    { id_token_signed_response_alg: "ES256" },
    openid.PrivateKeyJwt({ key: privateKey, kid }),
    {
      execute: [openid.allowInsecureRequests],
      [openid.customFetch]: async (url, options) => {
        const headers = Object.fromEntries(new Headers(options.headers as HeadersInit));
        const body = options.body instanceof URLSearchParams ? options.body.toString() : undefined;
        const answer = await rig.send(options.method ?? "GET", url, headers, body);
        return new Response(answer.text, {
          status: answer.status,
          headers: answer.headers as Record<string, string>,
        });
      },
    },
  );
  const bearers: string[] = [];
  const gateway: Gateway = {
    id,
    config,
    bearers,
    async begin(host = "wiki.postern.localhost:7400", more = {}) {
      const verifier = openid.randomPKCECodeVerifier();
      const state = openid.randomState();
      const nonce = openid.randomNonce();
      const url = openid.buildAuthorizationUrl(config, {
        redirect_uri: `http://${host}/.postern/callback`,
        scope: "openid",
        code_challenge: await openid.calculatePKCECodeChallenge(verifier),
        code_challenge_method: "S256",
        state,
        nonce,
        ...more,
      });
      return { url, verifier, state, nonce };
    },
    async finish(login, callback) {
      bearers.push(new URL(callback).searchParams.get("code") ?? "");
      const tokens = await openid.authorizationCodeGrant(config, new URL(callback), {
        pkceCodeVerifier: login.verifier,
        expectedState: login.state,
        expectedNonce: login.nonce,
        idTokenExpected: true,
      });
      assert.ok(tokens.id_token !== undefined);
      bearers.push(tokens.id_token, tokens.access_token);
      return tokens.id_token;
    },
    async login(browser, authenticator, host) {
      const login = await gateway.begin(host);
      const interaction = (await browser.open(login.url.href)).location();
      const verified = await browser.showPasskey(interaction, authenticator);
      assert.equal(verified.status, 200, verified.text);
      const callback = (await browser.open(String(verified.json().next))).location();
      return { idToken: await gateway.finish(login, callback), login };
    },
    async enter(idToken, login, host = "wiki.postern.localhost") {
      const cookieHash = sha256Hex(openid.randomState());
      await rig.identity.acceptEntry({ idToken, nonce: login.nonce, host, cookieHash });
      return cookieHash;
    },
  };
  return gateway;
}
