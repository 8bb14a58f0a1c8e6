import type { EventEmitter } from "node:events";
import { exportJWK, generateKeyPair, importJWK, type JWK } from "jose";
import { type FindAccount, interactionPolicy, type KoaContextWithOIDC, Provider } from "oidc-provider";
import { z } from "zod";
import { newSecret, PosternError, sha256Hex } from "#kernel";
import { isGatewayCallback } from "./gateway-clients.ts";
import * as limits from "./limits.ts";
import { oidcAdapter } from "./oidc-adapter.ts";
import type { Parts } from "./parts.ts";
import { renderProblem } from "./problems.ts";

export const SESSION_COOKIE = "__Host-postern-login";

/** The paths of oidc-provider that are served; what else it has is not reached. */
export const PROVIDER_ROUTES: {
  readonly authorization: string;
  readonly token: string;
  readonly jwks: string;
} = {
  authorization: "/auth",
  token: "/token",
  jwks: "/jwks",
};

/** An ES256 key pair of ours as private JWK. */
export interface SigningKey {
  readonly kty: "EC";
  readonly crv: "P-256";
  readonly x: string;
  readonly y: string;
  readonly d: string;
  readonly kid: string;
  readonly alg: "ES256";
  readonly use: "sig";
}

const SIGNING_KEY: z.ZodType<SigningKey> = z.strictObject({
  kty: z.literal("EC"),
  crv: z.literal("P-256"),
  x: z.string(),
  y: z.string(),
  d: z.string(),
  kid: z.string(),
  alg: z.literal("ES256"),
  use: z.literal("sig"),
});

/** The key that signs ID tokens, made once. */
export async function signingKey(parts: Parts): Promise<SigningKey> {
  const bytes = await parts.secrets.named("identity/id-token-key", async () => {
    const { privateKey } = await generateKeyPair("ES256", { extractable: true });
    const jwk: JWK = await exportJWK(privateKey);
    const kid = sha256Hex(`${jwk.x}.${jwk.y}`).slice(0, 32);
    return new TextEncoder().encode(JSON.stringify({ ...jwk, kid, alg: "ES256", use: "sig" }));
  });
  return SIGNING_KEY.parse(JSON.parse(new TextDecoder().decode(bytes)));
}

/** The public half of a signing key, to verify with. */
export async function verificationKey(key: SigningKey): Promise<Awaited<ReturnType<typeof importJWK>>> {
  const { d: _, ...publicHalf } = key;
  return await importJWK(publicHalf, "ES256");
}

/** oidc-provider has found a request wrong, and cannot or must not send the browser back with that. */
function renderError(ctx: KoaContextWithOIDC): void {
  const error =
    ctx.status >= 500
      ? new PosternError("internal", "something went wrong here")
      : new PosternError("input.malformed", "this sign-in cannot go on", {
          remedy: "open the application again",
        });
  const { status, headers, body } = renderProblem(ctx.req, error);
  ctx.status = status;
  ctx.set(headers);
  ctx.body = body;
}

/**
 * The OpenID provider: authorization code flow with PKCE for gateways, and nothing else that OpenID Connect or
 * OAuth could do.
 */
export async function makeProvider(parts: Parts): Promise<Provider> {
  const { instance, secrets, ids } = parts;
  const cookieKey = await secrets.named("identity/cookie-key", () =>
    new TextEncoder().encode(newSecret(ids)),
  );
  const seconds = (ms: number): number => Math.floor(ms / 1000);
  const off = { enabled: false } as const;
  const policy = interactionPolicy.base();
  // gateways are part of Postern; there is nothing for a person to consent to
  policy.remove("consent");

  const provider = new Provider(instance.origins.login, {
    adapter: oidcAdapter(parts),
    clients: [],
    jwks: { keys: [await signingKey(parts)] },
    routes: { ...PROVIDER_ROUTES },
    cookies: {
      names: { session: SESSION_COOKIE, interaction: "postern-interaction", resume: "postern-resume" },
      keys: [new TextDecoder().decode(cookieKey)],
      long: { httpOnly: true, sameSite: "lax", secure: true, signed: true, path: "/" },
      short: { httpOnly: true, sameSite: "lax", secure: true, signed: true },
    },
    features: {
      devInteractions: off,
      dPoP: off,
      pushedAuthorizationRequests: off,
      resourceIndicators: off,
      rpInitiatedLogout: off,
      userinfo: off,
    },
    scopes: ["openid"],
    claims: { openid: ["sub", "sid", "auth_time", "amr"] },
    responseTypes: ["code"],
    clientAuthMethods: ["private_key_jwt"],
    enabledJWA: { clientAuthSigningAlgValues: ["ES256"], idTokenSigningAlgValues: ["ES256"] },
    clientDefaults: {
      grant_types: ["authorization_code"],
      response_types: ["code"],
      id_token_signed_response_alg: "ES256",
      token_endpoint_auth_method: "private_key_jwt",
    },
    allowOmittingSingleRegisteredRedirectUri: false,
    pkce: { required: () => true },
    clockTolerance: seconds(limits.CLOCK_TOLERANCE),
    clientBasedCORS: () => false,
    expiresWithSession: async () => await Promise.resolve(true),
    ttl: {
      AccessToken: seconds(limits.AUTHORIZATION_CODE),
      AuthorizationCode: seconds(limits.AUTHORIZATION_CODE),
      Grant: seconds(limits.SESSION_ABSOLUTE),
      IdToken: seconds(limits.ID_TOKEN),
      Interaction: seconds(limits.INTERACTION),
      Session: seconds(limits.SESSION_ABSOLUTE),
    },
    interactions: { policy, url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
    findAccount: accountFinder(parts),
    loadExistingGrant,
    renderError,
  });

  provider.proxy = true;
  // browsers hold `*.localhost` for secure whatever the scheme, and take `Secure` cookies from it over http;
  // with https it is so anyway
  Object.defineProperty(provider.request, "secure", { get: () => true });
  // browsers' scheme, whatever the connection is that a gateway brings them by
  Object.defineProperty(provider.request, "protocol", { get: () => instance.scheme });
  provider.Client.prototype.redirectUriAllowed = (address) => isGatewayCallback(instance, address);
  const failed = (error: Error): void =>
    parts.notify({ event: "warning", message: `the login host failed to answer: ${error.message}` });
  provider.on("server_error", (_ctx, error) => failed(error));
  // what Koa would print
  const application: EventEmitter = provider;
  application.on("error", failed);
  return provider;
}

/** The session that a code was issued in goes into the ID token as `sid`, by its public id. */
function accountFinder(parts: Parts): FindAccount {
  return async (_ctx, sub, token) => {
    const user = await parts.store.db
      .selectFrom("user")
      .select("id")
      .where("id", "=", sub)
      .where("disabled", "=", 0)
      .executeTakeFirst();
    if (user === undefined) return undefined;
    const session = token !== undefined && "sessionUid" in token ? token.sessionUid : undefined;
    const claims = { sub, ...(session === undefined ? {} : { sid: session }) };
    return { accountId: sub, claims: () => claims };
  };
}

type GrantLoader = NonNullable<NonNullable<ConstructorParameters<typeof Provider>[1]>["loadExistingGrant"]>;

const loadExistingGrant: GrantLoader = async (ctx) => {
  const { client, session, provider, account } = ctx.oidc;
  if (client === undefined || session === undefined || account === undefined) return undefined;
  const known = session.grantIdFor(client.clientId);
  const existing = known === undefined ? undefined : await provider.Grant.find(known);
  if (existing !== undefined && existing.accountId === account.accountId) return existing;
  const grant = new provider.Grant({ accountId: account.accountId, clientId: client.clientId });
  grant.addOIDCScope("openid");
  await grant.save();
  return grant;
};
