import { checkMemberName, readControlSigner } from "#authority";
import { administrationEvent } from "#events";
import { newSecret, PosternError, sha256Hex } from "#kernel";
import type { MemberRole } from "#link";
import type { WriteTransaction } from "#store";
import { TOKEN_LIFE } from "./limits.ts";
import type { Parts } from "./parts.ts";
import type { Actor, NewToken, TokenItem } from "./types.ts";

/** So that a token never begins like a flag, and whoever finds one knows what it is. */
const PREFIX = "pjt_";

/** Whom a token lets in. */
export interface Invited {
  readonly role: MemberRole;
  readonly name: string;
}

/** @throws PosternError `input.invalid`, `conflict` */
export async function createToken(parts: Parts, invited: Invited, by: Actor): Promise<NewToken> {
  const { store, ids, clock, log, origin } = parts;
  const { role, name } = invited;
  checkMemberName(name, role);
  const token = PREFIX + newSecret(ids);
  const { value } = await store.write(async (tx) => {
    const now = clock.now();
    const expiresAt = now + TOKEN_LIFE;
    await refuseLocal(tx, invited);
    const replaces = await isLive(tx, invited, now);
    await endTokens(tx, invited);
    const signer = await readControlSigner(tx.db);
    await tx.db
      .insertInto("join_token")
      .values({
        token_hash: sha256Hex(token),
        role,
        name,
        authority: signer.id,
        created_at: now,
        created_by: by.actor.name,
        expires_at: expiresAt,
      })
      .execute();
    await log.append(
      tx,
      administrationEvent(origin, {
        time: now,
        act: "member.token",
        outcome: "success",
        target: { type: role, id: `${role}:${name}`, name },
        ...by,
        details: { expiresAt, replaces },
      }),
    );
    return { token, expiresAt, pin: signer.pin, replaces };
  });
  return value;
}

/** A process of the same name on a control's own machine would share keys and records with whoever joins. */
async function refuseLocal(tx: WriteTransaction, { role, name }: Invited): Promise<void> {
  const local = await tx.db
    .selectFrom("component")
    .select("node")
    .where("role", "=", role)
    .where("name", "=", name)
    .where("local", "=", 1)
    .where("connected_since", "is not", null)
    .executeTakeFirst();
  if (local === undefined) return;
  throw new PosternError("conflict", `the ${role} that runs beside control has the name ${name}`, {
    ...(local.node === null ? {} : { where: `control node ${local.node}` }),
    remedy: "choose another name",
  });
}

async function isLive(tx: WriteTransaction, { role, name }: Invited, now: number): Promise<boolean> {
  const row = await tx.db
    .selectFrom("member")
    .innerJoin("member_certificate as held", (on) =>
      on.onRef("held.role", "=", "member.role").onRef("held.name", "=", "member.name"),
    )
    .select("held.serial")
    .where("member.role", "=", role)
    .where("member.name", "=", name)
    .where("member.state", "=", "joined")
    .where("held.revoked", "=", 0)
    .where("held.not_after", ">", now)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/** Ends the tokens of a name that nobody used. */
export async function endTokens(tx: WriteTransaction, { role, name }: Invited): Promise<void> {
  await tx.db
    .deleteFrom("join_token")
    .where("role", "=", role)
    .where("name", "=", name)
    .where("used_at", "is", null)
    .execute();
}

/** Ends the token of a name before anybody used it. @throws PosternError `not_found` */
export async function withdrawToken(parts: Parts, invited: Invited, by: Actor): Promise<void> {
  const { store, clock, log, origin } = parts;
  const { role, name } = invited;
  await store.write(async (tx) => {
    const now = clock.now();
    const open = await tx.db
      .selectFrom("join_token")
      .select("expires_at")
      .where("role", "=", role)
      .where("name", "=", name)
      .where("used_at", "is", null)
      .where("expires_at", ">", now)
      .executeTakeFirst();
    if (open === undefined)
      throw new PosternError("not_found", `there is no token for ${role} ${name} that could still be used`);
    await endTokens(tx, invited);
    await log.append(
      tx,
      administrationEvent(origin, {
        time: now,
        act: "member.withdraw-token",
        outcome: "success",
        target: { type: role, id: `${role}:${name}`, name },
        ...by,
      }),
    );
  });
}

/** Whom a token lets in now. @throws PosternError `token.unknown`, `token.used`, `token.expired` */
export async function readToken(
  db: WriteTransaction["db"] | Parts["store"]["db"],
  token: string,
  now: number,
): Promise<Invited> {
  const row = await db
    .selectFrom("join_token")
    .select(["role", "name", "expires_at", "used_at"])
    .where("token_hash", "=", sha256Hex(token))
    .executeTakeFirst();
  if (row === undefined) {
    throw new PosternError("token.unknown", "control knows no such token", {
      remedy: "copy it whole; if it was replaced by a newer one, use that",
    });
  }
  const { role, name } = row;
  const remedy = `make a new one: postern ${role} token ${name}`;
  if (row.used_at !== null) {
    const at = new Date(row.used_at).toISOString();
    throw new PosternError("token.used", `this token was used at ${at}, and is good for once`, { remedy });
  }
  if (row.expires_at <= now) {
    const at = new Date(row.expires_at).toISOString();
    throw new PosternError("token.expired", `this token ended at ${at}`, { remedy });
  }
  return { role, name };
}

/** Uses a token up. @throws PosternError as `readToken` does */
export async function redeemToken(tx: WriteTransaction, token: string, now: number): Promise<Invited> {
  const invited = await readToken(tx.db, token, now);
  const { numUpdatedRows } = await tx.db
    .updateTable("join_token")
    .set({ used_at: now })
    .where("token_hash", "=", sha256Hex(token))
    .where("used_at", "is", null)
    .executeTakeFirst();
  if (numUpdatedRows !== 1n) throw new PosternError("token.used", "this token was used just now");
  return invited;
}

/** Tokens that have not been cleared away, newest first. */
export async function listTokens({ store }: Parts): Promise<readonly TokenItem[]> {
  const rows = await store.db.selectFrom("join_token").selectAll().orderBy("created_at", "desc").execute();
  return rows.map((row) => ({
    role: row.role,
    name: row.name,
    createdAt: row.created_at,
    createdBy: row.created_by,
    expiresAt: row.expires_at,
    ...(row.used_at === null ? {} : { usedAt: row.used_at }),
  }));
}
