import { createPublicKey } from "node:crypto";
import type { ClientMetadata } from "oidc-provider";
import { z } from "zod";
import { canonicalJson, PosternError, toBase64Url } from "#kernel";
import type { InstanceState, KeyAnnouncement, LoginClient } from "#link";
import type { Store } from "#store";
import type { Parts } from "./parts.ts";

/** Every gateway is a client of the login host; its id is this and its name. */
const PREFIX = "gateway:";
/** All gateways together are one too, so that a login may begin at one of them and end at another. */
const ALL_GATEWAYS = "gateways";
/** On every host that a gateway serves. */
const CALLBACK = "/.postern/callback";
/** The key of this start and of the one before: a gateway that starts again may have logins under way. */
const KEYS_KEPT = 2;

const GATEWAY = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const COORDINATE = z.string().regex(/^[A-Za-z0-9_-]{43}$/);

interface GatewayJwk {
  readonly kty: "EC";
  readonly crv: "P-256";
  readonly x: string;
  readonly y: string;
  readonly kid: string;
  readonly alg: "ES256";
  readonly use?: "sig" | undefined;
}

/** Strict, so that a private key (`d`) announced by mistake is refused and not kept. */
const JWK: z.ZodType<GatewayJwk> = z.strictObject({
  kty: z.literal("EC"),
  crv: z.literal("P-256"),
  x: COORDINATE,
  y: COORDINATE,
  kid: z.string().regex(/^[A-Za-z0-9_.-]{1,128}$/),
  alg: z.literal("ES256"),
  use: z.literal("sig").optional(),
});

const ANNOUNCEMENT: z.ZodType<{ readonly gateway: string; readonly jwk: GatewayJwk }> = z.strictObject({
  gateway: z.string().regex(GATEWAY),
  jwk: JWK,
});

/**
 * Takes a gateway's public key: from now on what it signs with it is believed, and its last but one key is not.
 * @throws PosternError `input.invalid` for anything but a public ES256 key; `conflict` for the key id of another.
 */
export async function announceKey(parts: Parts, announcement: KeyAnnouncement): Promise<void> {
  const parsed = ANNOUNCEMENT.safeParse(announcement);
  if (!parsed.success)
    throw new PosternError("input.invalid", "not a gateway's public ES256 key", { cause: parsed.error });
  const { gateway, jwk } = parsed.data;
  try {
    createPublicKey({ key: { ...jwk }, format: "jwk" });
  } catch (cause) {
    throw new PosternError("input.invalid", "the key is not a point of the curve", { cause });
  }
  const text = canonicalJson({
    kty: jwk.kty,
    crv: jwk.crv,
    x: jwk.x,
    y: jwk.y,
    kid: jwk.kid,
    alg: jwk.alg,
    use: "sig",
  });
  await parts.store.write(async ({ db }) => {
    const now = parts.clock.now();
    const known = await db
      .selectFrom("gateway_key")
      .selectAll()
      .where("kid", "=", jwk.kid)
      .executeTakeFirst();
    if (known !== undefined && (known.gateway !== gateway || known.jwk !== text))
      throw new PosternError("conflict", "another key has this key id");
    const others = await db
      .selectFrom("gateway_key")
      .select(["kid", "announced_at"])
      .where("gateway", "=", gateway)
      .where("kid", "!=", jwk.kid)
      .orderBy("announced_at", "desc")
      .execute();
    // after the others, whatever the clock of the node that took them says
    const announced = Math.max(now, (others[0]?.announced_at ?? 0) + 1);
    await db
      .insertInto("gateway_key")
      .values({ kid: jwk.kid, gateway, jwk: text, announced_at: announced })
      .onConflict((conflict) => conflict.column("kid").doUpdateSet({ announced_at: announced }))
      .execute();
    const old = others.slice(KEYS_KEPT - 1).map(({ kid }) => kid);
    if (old.length > 0) await db.deleteFrom("gateway_key").where("kid", "in", old).execute();
  });
}

/** The client that all gateways are together, and the key that seals their logins under way. */
export async function loginClient(parts: Parts): Promise<LoginClient> {
  const key = await parts.secrets.named("identity/login-seal", () => parts.ids.random(32));
  return { clientId: ALL_GATEWAYS, sealKey: toBase64Url(key) };
}

/** The client of that id, while one of its gateways has announced a key; undefined for every other id. */
export async function findGatewayClient(
  store: Store,
  instance: InstanceState,
  id: string,
): Promise<ClientMetadata | undefined> {
  if (id !== ALL_GATEWAYS && !id.startsWith(PREFIX)) return undefined;
  const keys = store.db.selectFrom("gateway_key").select("jwk").orderBy("kid");
  const rows = await (id === ALL_GATEWAYS
    ? keys
    : keys.where("gateway", "=", id.slice(PREFIX.length))
  ).execute();
  if (rows.length === 0) return undefined;
  return {
    client_id: id,
    token_endpoint_auth_method: "private_key_jwt",
    token_endpoint_auth_signing_alg: "ES256",
    id_token_signed_response_alg: "ES256",
    jwks: { keys: rows.map(({ jwk }) => ({ ...JWK.parse(JSON.parse(jwk)) })) },
    response_types: ["code"],
    response_modes: ["query"],
    grant_types: ["authorization_code"],
    scope: "openid",
    require_auth_time: true,
    // the list must not be empty; which are allowed is for `isGatewayCallback` to say
    redirect_uris: [`${instance.origins.console}${CALLBACK}`],
  };
}

const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/**
 * Whether a code may be sent to this address: the callback of a host that gateways serve, written exactly as
 * browsers write it (RFC 9700 §2.1 asks for equality; here it is with a pattern, since every host directly under
 * the domain answers alike, an application or not). By port it is any port of `localhost`.
 */
export function isGatewayCallback(instance: InstanceState, address: string): boolean {
  const url = URL.parse(address);
  if (url === null || url.origin === instance.origins.login) return false;
  // whatever else is in the text (user, query, fragment, case, default port, odd spellings) makes it differ
  if (address !== `${url.origin}${CALLBACK}` || url.protocol !== `${instance.scheme}:`) return false;
  if (instance.hostStyle === "port") return url.hostname === "localhost";
  const port = new URL(instance.origins.login).port;
  const [label = "", ...rest] = url.hostname.split(".");
  return url.port === port && LABEL.test(label) && rest.join(".") === instance.domain;
}
