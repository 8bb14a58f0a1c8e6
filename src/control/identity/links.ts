import { newId, newSecret, PosternError, sha256Hex } from "#kernel";
import type { WriteTransaction } from "#store";
import { INVITE_LINK, SETUP_LINK } from "./limits.ts";
import type { Parts } from "./parts.ts";
import {
  administratorExists,
  checkDisplayName,
  checkLabel,
  checkName,
  MEMBER,
  putUser,
  type UserRow,
} from "./people.ts";

/** A link to hand to one person; whoever opens it first has it. */
export interface EnrolmentLink {
  readonly url: string;
  readonly expiresAt: number;
}

/**
 * A link that makes the first administrator; the one before ends.
 * @throws PosternError `conflict` when there is an administrator.
 */
export async function setupLink(parts: Parts): Promise<EnrolmentLink> {
  const { value } = await parts.store.write(async (tx) => {
    if (await administratorExists(tx.db)) {
      throw new PosternError("conflict", "an administrator exists already", {
        remedy: "ask an administrator for an invitation: postern user invite NAME",
      });
    }
    return await newLink(parts, tx, "setup", null);
  });
  return value;
}

/** Who is invited. */
export interface Invitation {
  readonly name: string;
  readonly displayName?: string | undefined;
  readonly role?: string | undefined;
  readonly groups?: readonly string[] | undefined;
}

export interface InvitationLink extends EnrolmentLink {
  readonly userId: string;
}

/**
 * Makes a person and a link for their first passkey. Again for somebody who has none yet, it ends the former
 * link and takes the new particulars.
 * @throws PosternError `input.invalid`; `conflict` when the person has a passkey or is disabled.
 */
export async function invite(parts: Parts, invitation: Invitation): Promise<InvitationLink> {
  const name = checkName(invitation.name);
  const displayName = checkDisplayName(invitation.displayName ?? name);
  const role = checkLabel(invitation.role ?? MEMBER, "role");
  const groups = [...new Set(invitation.groups ?? [])].map((group) => checkLabel(group, "group"));
  const { value } = await parts.store.write(async (tx) => {
    const before = await tx.db.selectFrom("user").selectAll().where("name", "=", name).executeTakeFirst();
    if (before !== undefined) await checkNotEnrolled(tx, before);
    const now = parts.clock.now();
    const row: UserRow = {
      id: before?.id ?? newId("usr", now, parts.ids),
      name,
      display_name: displayName,
      role,
      groups: JSON.stringify(groups),
      disabled: 0,
      created_at: before?.created_at ?? now,
      updated_at: now,
    };
    await putUser(tx, row);
    return { userId: row.id, ...(await newLink(parts, tx, "invite", row.id)) };
  });
  return value;
}

async function checkNotEnrolled(tx: WriteTransaction, user: UserRow): Promise<void> {
  if (user.disabled !== 0) throw new PosternError("conflict", `${user.name} is disabled`);
  const passkey = await tx.db
    .selectFrom("credential")
    .select("id")
    .where("user_id", "=", user.id)
    .limit(1)
    .executeTakeFirst();
  if (passkey !== undefined) throw new PosternError("conflict", `${user.name} has a passkey already`);
}

/** Ends the links that a person, or the first administrator, could still use. */
export async function endLinks(parts: Parts, tx: WriteTransaction, user: string | null): Promise<void> {
  const now = parts.clock.now();
  const query = tx.db.updateTable("enrolment").set({ expires_at: now, challenge: null });
  await (user === null ? query.where("kind", "=", "setup") : query.where("user_id", "=", user))
    .where("used_at", "is", null)
    .where("expires_at", ">", now)
    .execute();
}

async function newLink(
  parts: Parts,
  tx: WriteTransaction,
  kind: "setup" | "invite",
  user: string | null,
): Promise<EnrolmentLink> {
  await endLinks(parts, tx, user);
  const token = newSecret(parts.ids);
  const now = parts.clock.now();
  const expiresAt = now + (kind === "setup" ? SETUP_LINK : INVITE_LINK);
  await tx.db
    .insertInto("enrolment")
    .values({
      token_hash: sha256Hex(token),
      kind,
      user_id: user,
      created_at: now,
      expires_at: expiresAt,
      browser_hash: null,
      challenge: null,
      used_at: null,
    })
    .execute();
  // in the fragment, which browsers send to nobody: not to a server's log, nor onwards as a referrer
  return { url: `${parts.instance.origins.login}/${kind}#${token}`, expiresAt };
}
