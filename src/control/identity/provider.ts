import type { EventEmitter } from "node:events";
import type { IncomingMessage } from "node:http";
import { exportJWK, generateKeyPair, importJWK, type JWK } from "jose";
import {
  type Adapter,
  type FindAccount,
  interactionPolicy,
  type KoaContextWithOIDC,
  Provider,
} from "oidc-provider";
import { z } from "zod";
import { newSecret, PosternError, sha256Hex } from "#kernel";
import { isGatewayCallback } from "./gateway-clients.ts";
import * as limits from "./limits.ts";
import { oidcAdapter } from "./oidc-adapter.ts";
import type { Parts } from "./parts.ts";
import { isOutage, renderProblem } from "./problems.ts";

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

  const outages = new WeakMap<IncomingMessage, PosternError>();
  const provider = new Provider(instance.origins.login, {
    adapter: noting(oidcAdapter(parts), outages),
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
    findAccount: accountFinder(parts, outages),
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
  provider.use(answerOutages(outages));
  const failed = (error: Error): void => {
    // of the state's being away the store speaks, once for all that fail of it
    if (!isOutage(error))
      parts.notify({ event: "warning", message: `the login host failed to answer: ${error.message}` });
  };
  provider.on("server_error", (_ctx, error) => failed(error));
  // what Koa would print
  const application: EventEmitter = provider;
  application.on("error", failed);
  return provider;
}

/** Errors of the state's being away, by the request that met them. */
type Outages = WeakMap<IncomingMessage, PosternError>;

/** Remembers what it throws of the state's being away: oidc-provider makes another error of it, or goes on without. */
async function noted<T>(outages: Outages, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const request = Provider.ctx?.req;
    if (request !== undefined && error instanceof PosternError && isOutage(error))
      outages.set(request, error);
    throw error;
  }
}

function noting(adapterOf: (model: string) => Adapter, outages: Outages): (model: string) => Adapter {
  return (model) => {
    const adapter = adapterOf(model);
    return {
      upsert: async (...given) => await noted(outages, async () => await adapter.upsert(...given)),
      find: async (id) => await noted(outages, async () => await adapter.find(id)),
      findByUserCode: async (code) => await noted(outages, async () => await adapter.findByUserCode(code)),
      findByUid: async (uid) => await noted(outages, async () => await adapter.findByUid(uid)),
      consume: async (id) => await noted(outages, async () => await adapter.consume(id)),
      destroy: async (id) => await noted(outages, async () => await adapter.destroy(id)),
      revokeByGrantId: async (id) => await noted(outages, async () => await adapter.revokeByGrantId(id)),
    };
  };
}

/**
 * Puts one answer in the place of whatever oidc-provider made of an outage: it may come back, and no cookie names a session
 * that may not have been kept.
 */
function answerOutages(
  outages: Outages,
): (ctx: KoaContextWithOIDC, next: () => Promise<void>) => Promise<void> {
  return async (ctx, next) => {
    await next();
    const outage = outages.get(ctx.req);
    if (outage === undefined) return;
    for (const name of ["set-cookie", "location", "www-authenticate"]) ctx.remove(name);
    const { status, headers, body } = renderProblem(ctx.req, outage);
    ctx.status = status;
    ctx.set(headers);
    ctx.body = body;
  };
}

/** The session that a code was issued in goes into the ID token as `sid`, by its public id. */
function accountFinder(parts: Parts, outages: Outages): FindAccount {
  return async (_ctx, sub, token) => {
    const enabled = parts.store.db
      .selectFrom("user")
      .select("id")
      .where("id", "=", sub)
      .where("disabled", "=", 0);
    const user = await noted(outages, async () => await enabled.executeTakeFirst());
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
