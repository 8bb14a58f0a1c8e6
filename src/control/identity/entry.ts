import { type JWTPayload, jwtVerify } from "jose";
import { z } from "zod";
import { PosternError, sha256Hex } from "#kernel";
import type { EntryAccepted, EntryRequest, InstanceState } from "#link";
import type { WriteTransaction } from "#store";
import { findGatewayClient } from "./gateway-clients.ts";
import { CLOCK_TOLERANCE, ENTRY_FRESHNESS, ID_TOKEN } from "./limits.ts";
import type { Parts } from "./parts.ts";
import { type SigningKey, verificationKey } from "./provider.ts";
import { recordFailure } from "./record-login.ts";
import { findLive } from "./sessions.ts";

const REQUEST: z.ZodType<EntryRequest> = z.strictObject({
  idToken: z.string().max(8192),
  nonce: z.string().min(1).max(512),
  host: z
    .string()
    .max(260)
    .regex(/^[!-~]+$/),
  cookieHash: z.string().regex(/^[0-9a-f]{64}$/),
});

const CLAIMS = z.object({
  sub: z.string(),
  aud: z.string(),
  sid: z.string(),
  nonce: z.string(),
  iat: z.number(),
});

/**
 * Lets the cookie that a gateway is about to set into one host: the ID token must be ours, for that gateway,
 * fresh, with its nonce, used for the first time (or for the same cookie, by a gateway that missed the answer), and of a
 * session that is alive.
 * @returns the change that carries the entry.
 * @throws PosternError `input.invalid` or `unauthenticated`; which check failed is in the log alone.
 */
export async function acceptEntry(parts: Parts, key: SigningKey, request: unknown): Promise<EntryAccepted> {
  const parsed = REQUEST.safeParse(request);
  if (!parsed.success)
    throw new PosternError("input.invalid", "not a request for an entry", { cause: parsed.error });
  const { idToken, nonce, host, cookieHash } = parsed.data;
  try {
    if (!(await knownHost(parts, host))) throw new Refused("host.unknown");
    const claims = await verifyIdToken(parts, key, idToken);
    if (claims.nonce !== nonce) throw new Refused("token.nonce");
    const written = await parts.store.write(async (tx) => {
      const now = parts.clock.now();
      const first = await spend(parts, tx, idToken);
      if (!first && !(await isIn(tx, cookieHash, claims.sid, host))) throw new Refused("token.used");
      const session = await findLive(tx.db, { id: claims.sid }, now);
      if (session === undefined || session.user_id !== claims.sub) throw new Refused("session.ended");
      if (!first) return;
      const added = await tx.db
        .insertInto("entry")
        .values({ cookie_hash: cookieHash, session_id: session.id, host, created_at: now })
        .onConflict((conflict) => conflict.doNothing())
        .executeTakeFirst();
      if (added.numInsertedOrUpdatedRows === 0n) throw new Refused("cookie.known");
      tx.record({ kind: "entry", key: cookieHash, value: { session: session.id, host } });
    });
    return { number: written.number };
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    await recordFailure(parts, { act: "sign-in", reason: error.message, source: {} });
    throw new PosternError("unauthenticated", "this login does not open that host", { cause: error });
  }
}

/** Its message is the reason that the log keeps. */
class Refused extends Error {}

async function verifyIdToken(
  parts: Parts,
  key: SigningKey,
  idToken: string,
): Promise<z.infer<typeof CLAIMS>> {
  const now = parts.clock.now();
  let payload: JWTPayload;
  try {
    ({ payload } = await jwtVerify(idToken, await verificationKey(key), {
      algorithms: ["ES256"],
      issuer: parts.instance.origins.login,
      currentDate: new Date(now),
      clockTolerance: CLOCK_TOLERANCE / 1000,
      maxTokenAge: ENTRY_FRESHNESS / 1000,
      requiredClaims: ["sub", "aud", "sid", "nonce", "iat", "exp"],
    }));
  } catch (cause) {
    throw new Refused("token.invalid", { cause });
  }
  const claims = CLAIMS.safeParse(payload);
  if (!claims.success) throw new Refused("token.invalid", { cause: claims.error });
  const client = await findGatewayClient(parts.store, parts.instance, claims.data.aud);
  if (client === undefined) throw new Refused("token.audience");
  return claims.data;
}

async function isIn(
  tx: WriteTransaction,
  cookieHash: string,
  session: string,
  host: string,
): Promise<boolean> {
  const row = await tx.db
    .selectFrom("entry")
    .select(["session_id", "host"])
    .where("cookie_hash", "=", cookieHash)
    .executeTakeFirst();
  return row?.session_id === session && row.host === host;
}

/** Remembers a token until it would be too old anyway; false when it is remembered already. */
async function spend(parts: Parts, tx: WriteTransaction, idToken: string): Promise<boolean> {
  const done = await tx.db
    .insertInto("oidc")
    .values({
      model: "SpentIdToken",
      id: sha256Hex(idToken),
      payload: "{}",
      grant_id: null,
      uid: null,
      consumed_at: null,
      expires_at: parts.clock.now() + ID_TOKEN + CLOCK_TOLERANCE,
    })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return done.numInsertedOrUpdatedRows === 1n;
}

const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/** A host directly under the domain, with or without the port; by port, an application's name or its address. */
async function knownHost(parts: Parts, host: string): Promise<boolean> {
  const { instance, store } = parts;
  const login = new URL(instance.origins.login);
  if (host === login.host || host === login.hostname) return false;
  if (instance.hostStyle === "subdomain") return underDomain(instance, host);
  if (host === "console" || host === new URL(instance.origins.console).host) return true;
  const port = /^localhost:(\d{1,5})$/.exec(host)?.[1];
  const query = store.db.selectFrom("application_port").select("name");
  const row = await (port === undefined
    ? query.where("name", "=", host)
    : query.where("port", "=", Number(port))
  ).executeTakeFirst();
  return row !== undefined;
}

function underDomain(instance: InstanceState, host: string): boolean {
  const [hostname = "", port, ...more] = host.split(":");
  if (more.length > 0 || (port !== undefined && port !== String(instance.port))) return false;
  const [label = "", ...rest] = hostname.split(".");
  return LABEL.test(label) && rest.join(".") === instance.domain;
}
