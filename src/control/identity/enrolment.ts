import type { PublicKeyCredentialCreationOptionsJSON } from "@simplewebauthn/server";
import type { Selectable } from "kysely";
import { z } from "zod";
import type { RequestSource } from "#events";
import { newId, newSecret, PosternError, sha256Hex } from "#kernel";
import type { Schema, Store, WriteTransaction } from "#store";
import { CHALLENGE } from "./limits.ts";
import type { Parts } from "./parts.ts";
import { checkRegistration, creationOptions, newChallenge, PasskeyRefusal } from "./passkeys.ts";
import {
  ADMINISTRATOR,
  administratorExists,
  checkDisplayName,
  checkName,
  putUser,
  type UserRow,
} from "./people.ts";
import { isOutage } from "./problems.ts";
import { recordFailure, recordLogin } from "./record-login.ts";
import type { EnrolmentOpened, EnrolmentOptions, Verified } from "./types.ts";

type EnrolmentRow = Selectable<Schema["enrolment"]>;

/** The ceremony under way, kept in the enrolment's row: who it is for was settled when it began. */
interface Ceremony {
  readonly challenge: string;
  readonly expiresAt: number;
  readonly user: { readonly id: string; readonly name: string; readonly displayName: string };
}

const CEREMONY: z.ZodType<Ceremony> = z.object({
  challenge: z.string(),
  expiresAt: z.number(),
  user: z.object({ id: z.string(), name: z.string(), displayName: z.string() }),
});

/** What the first browser to open a link is given, to be known again by. */
export interface Opened {
  readonly opened: EnrolmentOpened;
  /** The secret for its cookie; absent when it has one already. */
  readonly browser?: string;
}

/**
 * Opens a link. The first browser that does is bound to it; the same browser may do so again until it is used.
 * @throws PosternError `link.unknown`, `link.used`, `link.expired` or `link.other_browser`.
 */
export async function openEnrolment(
  parts: Parts,
  token: string,
  browser: string | undefined,
  source: RequestSource,
): Promise<Opened> {
  const tokenHash = sha256Hex(token);
  try {
    const { value } = await parts.store.write(async (tx) => {
      const row = await tx.db
        .selectFrom("enrolment")
        .selectAll()
        .where("token_hash", "=", tokenHash)
        .executeTakeFirst();
      const link = checkUsable(row, parts.clock.now());
      const user = await userOf(tx.db, link);
      const opened: EnrolmentOpened = {
        kind: link.kind,
        ...(user === undefined ? {} : { name: user.name, displayName: user.display_name }),
        expiresAt: link.expires_at,
      };
      if (link.browser_hash !== null) {
        if (browser !== undefined && sha256Hex(browser) === link.browser_hash) return { opened };
        throw new PosternError("link.other_browser", "this link was opened in another browser", {
          remedy: "go on there, or ask for a new link",
        });
      }
      const secret = newSecret(parts.ids);
      await tx.db
        .updateTable("enrolment")
        .set({ browser_hash: sha256Hex(secret) })
        .where("token_hash", "=", tokenHash)
        .execute();
      await recordLogin(parts, tx, { act: "open-link", outcome: "success", ...known(user), source });
      return { opened, browser: secret };
    });
    return value;
  } catch (error) {
    if (error instanceof PosternError && !isOutage(error))
      await recordFailure(parts, { act: "open-link", reason: error.code, source });
    throw error;
  }
}

/**
 * Begins the making of a passkey in the browser that is bound to a link. The first administrator chooses a
 * name; who was invited has one.
 * @throws PosternError `link.*`, or `input.invalid` and `conflict` for a name that cannot be.
 */
export async function enrolmentOptions(
  parts: Parts,
  browser: string | undefined,
  chosen: EnrolmentOptions,
): Promise<PublicKeyCredentialCreationOptionsJSON> {
  const { value: ceremony } = await parts.store.write(async ({ db }) => {
    const link = await linkOf(db, browser, parts.clock.now());
    const invited = await userOf(db, link);
    const user =
      invited === undefined
        ? {
            id: newId("usr", parts.clock.now(), parts.ids),
            name: await freeName(db, chosen.name),
            displayName: checkDisplayName(chosen.displayName),
          }
        : { id: invited.id, name: invited.name, displayName: invited.display_name };
    const begun: Ceremony = {
      challenge: newChallenge(parts),
      expiresAt: parts.clock.now() + CHALLENGE,
      user,
    };
    await db
      .updateTable("enrolment")
      .set({ challenge: JSON.stringify(begun) })
      .where("token_hash", "=", link.token_hash)
      .execute();
    return begun;
  });
  const existing = await parts.store.db
    .selectFrom("credential")
    .select("id")
    .where("user_id", "=", ceremony.user.id)
    .execute();
  return await creationOptions(
    parts,
    ceremony.challenge,
    ceremony.user,
    existing.map(({ id }) => id),
  );
}

/**
 * Ends the making of a passkey: it is checked against the one challenge, which is spent whatever comes of it,
 * and kept; the link is used up. A setup link makes the first administrator.
 * @throws PosternError `link.*`, `passkey.refused` or `conflict`.
 */
export async function enrolmentVerify(
  parts: Parts,
  browser: string | undefined,
  candidate: unknown,
  source: RequestSource,
): Promise<Verified> {
  let begun: Ceremony | undefined;
  try {
    begun = await takeCeremony(parts, browser);
    const ceremony = begun;
    if (ceremony === undefined || ceremony.expiresAt <= parts.clock.now())
      throw new PasskeyRefusal("challenge.expired");
    const credential = await checkRegistration(parts, candidate, ceremony.challenge, ceremony.user);
    const { value: user } = await parts.store.write(async (tx) => {
      // all is asked again: another may have been first since the ceremony began
      const current = await linkOf(tx.db, browser, parts.clock.now());
      const person =
        current.kind === "setup"
          ? await makeFirstAdministrator(parts, tx, ceremony.user)
          : await invitedPerson(tx, current);
      const kept = await tx.db
        .insertInto("credential")
        .values(credential)
        .onConflict((conflict) => conflict.doNothing())
        .executeTakeFirst();
      if (kept.numInsertedOrUpdatedRows === 0n)
        throw new PosternError("conflict", "this passkey is registered already");
      await tx.db
        .updateTable("enrolment")
        .set({ used_at: parts.clock.now(), challenge: null })
        .where("token_hash", "=", current.token_hash)
        .execute();
      await recordLogin(parts, tx, { act: "enrol-passkey", outcome: "success", ...known(person), source });
      return person;
    });
    return { next: user.role === ADMINISTRATOR ? `${parts.instance.origins.console}/` : "/" };
  } catch (error) {
    if (error instanceof PosternError && !isOutage(error)) {
      const reason = error instanceof PasskeyRefusal ? error.reason : error.code;
      await recordFailure(parts, { act: "enrol-passkey", reason, ...known(begun?.user), source });
    }
    throw error;
  }
}

/** The ceremony under way, if any; it is spent by being asked for. */
async function takeCeremony(parts: Parts, browser: string | undefined): Promise<Ceremony | undefined> {
  const { value: challenge } = await parts.store.write(async ({ db }) => {
    const link = await linkOf(db, browser, parts.clock.now());
    await db
      .updateTable("enrolment")
      .set({ challenge: null })
      .where("token_hash", "=", link.token_hash)
      .execute();
    return link.challenge;
  });
  return challenge === null ? undefined : CEREMONY.parse(JSON.parse(challenge));
}

async function makeFirstAdministrator(
  parts: Parts,
  tx: WriteTransaction,
  chosen: Ceremony["user"],
): Promise<UserRow> {
  if (await administratorExists(tx.db))
    throw new PosternError("link.used", "an administrator exists already");
  const now = parts.clock.now();
  const row: UserRow = {
    id: chosen.id,
    name: await freeName(tx.db, chosen.name),
    display_name: chosen.displayName,
    role: ADMINISTRATOR,
    groups: "[]",
    disabled: 0,
    created_at: now,
    updated_at: now,
  };
  await putUser(tx, row);
  return row;
}

async function invitedPerson(tx: WriteTransaction, link: EnrolmentRow): Promise<UserRow> {
  const user = await userOf(tx.db, link);
  if (user === undefined || user.disabled !== 0)
    throw new PosternError("link.expired", "this invitation was withdrawn");
  return user;
}

async function freeName(db: Store["db"], candidate: string): Promise<string> {
  const name = checkName(candidate);
  const taken = await db.selectFrom("user").select("id").where("name", "=", name).executeTakeFirst();
  if (taken !== undefined) throw new PosternError("conflict", `the name ${name} is taken`);
  return name;
}

async function userOf(db: Store["db"], link: EnrolmentRow): Promise<UserRow | undefined> {
  if (link.user_id === null) return undefined;
  return await db.selectFrom("user").selectAll().where("id", "=", link.user_id).executeTakeFirst();
}

/** The link that a browser is bound to, while it can be used. */
async function linkOf(db: Store["db"], browser: string | undefined, now: number): Promise<EnrolmentRow> {
  const row =
    browser === undefined
      ? undefined
      : await db
          .selectFrom("enrolment")
          .selectAll()
          .where("browser_hash", "=", sha256Hex(browser))
          .executeTakeFirst();
  return checkUsable(row, now);
}

function checkUsable(row: EnrolmentRow | undefined, now: number): EnrolmentRow {
  if (row === undefined) throw new PosternError("link.unknown", "this link is not known");
  const remedy = "ask for a new link";
  if (row.used_at !== null) throw new PosternError("link.used", "this link was used already", { remedy });
  if (row.expires_at <= now) throw new PosternError("link.expired", "this link has expired", { remedy });
  return row;
}

function known(
  user: { readonly id: string; readonly name: string } | undefined,
): { readonly user: { readonly id: string; readonly name: string } } | Record<never, never> {
  return user === undefined ? {} : { user: { id: user.id, name: user.name } };
}
