import type { Selectable } from "kysely";
import { z } from "zod";
import type { RequestSource } from "#events";
import { PosternError } from "#kernel";
import type { SessionState } from "#link";
import type { Leadership, Schema, Store, WriteTransaction } from "#store";
import { SESSION_ABSOLUTE, SESSION_IDLE, SESSION_STEP } from "./limits.ts";
import type { Parts } from "./parts.ts";
import { recordLogin } from "./record-login.ts";
import { inOrder, portions } from "./session-order.ts";

export type SessionRow = Selectable<Schema["session"]>;

/** What of oidc-provider's session rests beside the columns: nothing that a browser could present. */
export interface SessionPayload {
  readonly loginTs: number;
  readonly amr: readonly string[];
  readonly authorizations: { readonly [client: string]: { readonly grantId?: string | undefined } };
}

const AMR = z.array(z.string());
const PAYLOAD: z.ZodType<SessionPayload> = z.object({
  loginTs: z.number(),
  amr: AMR,
  authorizations: z.record(z.string(), z.object({ grantId: z.string().optional() })),
});

export function sessionPayload(row: SessionRow): SessionPayload {
  return PAYLOAD.parse(JSON.parse(row.payload));
}

/** The state of a session as enforcement points hold it. */
export function sessionState(row: SessionRow & { user_id: string; authenticated_at: number }): SessionState {
  return {
    id: row.id,
    user: row.user_id,
    createdAt: row.created_at,
    authenticatedAt: row.authenticated_at,
    amr: AMR.parse(JSON.parse(row.amr)),
    ...(row.mfa_verified_at === null ? {} : { mfaVerifiedAt: row.mfa_verified_at }),
    lastSeenAt: row.last_seen_at,
    idleExpiresAt: row.idle_expires_at,
    absoluteExpiresAt: row.absolute_expires_at,
  };
}

/** The limits that a session has passed, if any. */
function endedBy(row: SessionRow, now: number): "idle" | "absolute" | undefined {
  if (now >= row.absolute_expires_at) return "absolute";
  return now >= row.idle_expires_at ? "idle" : undefined;
}

/** A session that is within its limits, of a person who is not disabled. */
export async function findLive(
  db: Store["db"],
  by: { readonly bearerHash: string } | { readonly id: string },
  now: number,
): Promise<(SessionRow & { user_id: string }) | undefined> {
  const query = db
    .selectFrom("session")
    .innerJoin("user", "user.id", "session.user_id")
    .selectAll("session")
    .where("user.disabled", "=", 0);
  const row = await ("id" in by
    ? query.where("session.id", "=", by.id)
    : query.where("session.bearer_hash", "=", by.bearerHash)
  ).executeTakeFirst();
  if (row === undefined || row.user_id === null || endedBy(row, now) !== undefined) return undefined;
  return { ...row, user_id: row.user_id };
}

/**
 * A session's row, which nobody else changes until this write ends. Activity is written beside plain writes, so that being
 * alone among those is not enough for whoever goes by when a session was used.
 */
async function holdSession(db: Store["db"], id: string): Promise<SessionRow | undefined> {
  // an update that changes nothing takes the row's lock on both databases
  return await db
    .updateTable("session")
    .set((e) => ({ last_seen_at: e.ref("last_seen_at") }))
    .where("id", "=", id)
    .returningAll()
    .executeTakeFirst();
}

/** A person's proof, as it comes out of a ceremony: when, and by which means (RFC 8176). */
export interface Proof {
  readonly user: string;
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
  readonly amr: readonly string[];
}

export interface SessionSave {
  readonly id: string;
  readonly bearerHash: string;
  readonly user: string;
  readonly payload: SessionPayload;
  /** Present in the one request that ends a ceremony: only then may a session begin. */
  readonly proof?: Proof;
  readonly source: RequestSource;
}

/**
 * Begins a session, or goes on with one under the bearer id that its browser holds from now on; the one that it held is
 * worth nothing from then on, by the same write.
 * @throws PosternError `unauthenticated` when the session has ended meanwhile or its person may not sign in.
 */
export async function saveSession(parts: Parts, save: SessionSave): Promise<void> {
  const { clock, store } = parts;
  await store.write(async (tx) => {
    const now = clock.now();
    const user = await tx.db.selectFrom("user").selectAll().where("id", "=", save.user).executeTakeFirst();
    if (user === undefined || user.disabled !== 0)
      throw new PosternError("unauthenticated", "this person may not sign in");
    const before = await holdSession(tx.db, save.id);
    if (before !== undefined && before.user_id !== save.user)
      throw new PosternError("unauthenticated", "the session is of another person");
    // a save that was under way when the session ended must not bring it back
    if (save.proof === undefined && (before === undefined || endedBy(before, now) !== undefined))
      throw new PosternError("unauthenticated", "the session has ended");
    const proved = save.proof !== undefined && save.proof.at !== before?.authenticated_at;
    const row = nextRow(save, before, now);
    await tx.db
      .insertInto("session")
      .values(row)
      .onConflict((conflict) => conflict.column("id").doUpdateSet(row))
      .execute();
    if (proved || before === undefined || row.idle_expires_at - before.idle_expires_at >= SESSION_STEP)
      tx.record({ kind: "session", key: row.id, value: sessionState(row) });
    if (proved && save.proof !== undefined) {
      await recordLogin(parts, tx, {
        act: "sign-in",
        outcome: "success",
        user: { id: user.id, name: user.name },
        session: row.id,
        amr: save.proof.amr,
        source: save.source,
      });
    }
  });
}

function nextRow(
  save: SessionSave,
  before: SessionRow | undefined,
  now: number,
): SessionRow & { user_id: string; authenticated_at: number } {
  const { proof } = save;
  const authenticatedAt = proof?.at ?? before?.authenticated_at;
  const amr = proof === undefined ? before?.amr : JSON.stringify(proof.amr);
  if (authenticatedAt === undefined || authenticatedAt === null || amr === undefined)
    throw new PosternError("unauthenticated", "nobody has signed in");
  const absolute = authenticatedAt + SESSION_ABSOLUTE;
  // another request of this browser may have been let into another application meanwhile, by another node
  const authorizations = {
    ...(before === undefined ? {} : sessionPayload(before).authorizations),
    ...save.payload.authorizations,
  };
  const seen = Math.max(now, before?.last_seen_at ?? 0);
  return {
    id: save.id,
    bearer_hash: save.bearerHash,
    payload: JSON.stringify({ ...save.payload, authorizations }),
    user_id: save.user,
    created_at: before?.created_at ?? now,
    authenticated_at: authenticatedAt,
    amr,
    mfa_verified_at: proof?.amr.includes("mfa") === true ? proof.at : (before?.mfa_verified_at ?? null),
    last_seen_at: seen,
    idle_expires_at: Math.min(seen + SESSION_IDLE, absolute),
    absolute_expires_at: absolute,
    source_ip: save.source.ip ?? before?.source_ip ?? null,
    user_agent: save.source.userAgent ?? before?.user_agent ?? null,
  };
}

/** Why a session ended; `sign-out` is the person's own act. */
export type SessionEnd = "sign-out" | "idle" | "absolute" | (string & {});

/** Ends a session with everything that was got through it: application cookies, codes, grants. */
export async function removeSession(
  parts: Parts,
  tx: WriteTransaction,
  row: SessionRow,
  why: SessionEnd,
  source: RequestSource,
): Promise<void> {
  const entries = await tx.db
    .selectFrom("entry")
    .select("cookie_hash")
    .where("session_id", "=", row.id)
    .execute();
  for (const entry of entries) tx.record({ kind: "entry", key: entry.cookie_hash, value: null });
  tx.record({ kind: "session", key: row.id, value: null });
  const grants = Object.values(sessionPayload(row).authorizations).flatMap(({ grantId }) => grantId ?? []);
  if (grants.length > 0) await tx.db.deleteFrom("oidc").where("grant_id", "in", grants).execute();
  await tx.db.deleteFrom("entry").where("session_id", "=", row.id).execute();
  await tx.db.deleteFrom("session").where("id", "=", row.id).execute();
  const user = await tx.db
    .selectFrom("user")
    .select(["id", "name"])
    .where("id", "=", row.user_id ?? "")
    .executeTakeFirst();
  await recordLogin(parts, tx, {
    act: why === "sign-out" ? "sign-out" : "session-ended",
    outcome: "success",
    ...(why === "sign-out" ? {} : { reason: why }),
    ...(user === undefined ? {} : { user }),
    session: row.id,
    source,
  });
}

/** Ends every session of a person. */
export async function removeSessionsOf(
  parts: Parts,
  tx: WriteTransaction,
  user: string,
  why: SessionEnd,
): Promise<void> {
  const rows = await tx.db.selectFrom("session").selectAll().where("user_id", "=", user).execute();
  for (const row of inOrder(rows, ({ id }) => id)) await removeSession(parts, tx, row, why, {});
}

/** Ends the sessions that have passed a limit. For the one node that may. */
export async function sweepSessions(parts: Parts, { confirm }: Pick<Leadership, "confirm">): Promise<void> {
  const now = parts.clock.now();
  const over = await parts.store.db
    .selectFrom("session")
    .select("id")
    .where((e) => e.or([e("idle_expires_at", "<=", now), e("absolute_expires_at", "<=", now)]))
    .execute();
  for (const portion of portions(inOrder(over, ({ id }) => id))) {
    await parts.store.write(async (tx) => {
      await confirm(tx);
      for (const { id } of portion) {
        const row = await holdSession(tx.db, id);
        const why = row === undefined ? undefined : endedBy(row, now);
        if (row !== undefined && why !== undefined) await removeSession(parts, tx, row, why, {});
      }
    });
  }
}
