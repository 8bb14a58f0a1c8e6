import type { Selectable } from "kysely";
import { z } from "zod";
import { PosternError } from "#kernel";
import type { UserState } from "#link";
import type { Schema, Store, WriteTransaction } from "#store";

/** The role that administers; `postern/builtin.rules` gives it its rights. */
export const ADMINISTRATOR = "administrator";
export const MEMBER = "member";

export type UserRow = Selectable<Schema["user"]>;

const NAME = /^[a-z0-9._-]{1,64}$/;
/** Anything a person is called, but nothing that turns or hides text (Unicode categories C and Z except the space). */
const DISPLAY_NAME = /^[^\p{C}\p{Zl}\p{Zp}]{1,100}$/u;
const LABEL = /^[\p{L}\p{N}][\p{L}\p{N} ._:/-]{0,63}$/u;

/** @throws PosternError `input.invalid`, saying what a login name is made of. */
export function checkName(name: string): string {
  if (NAME.test(name)) return name;
  throw new PosternError(
    "input.invalid",
    "a login name has 1 to 64 characters: a to z, 0 to 9, dot, underscore and hyphen",
  );
}

/** @throws PosternError `input.invalid`. */
export function checkDisplayName(displayName: string): string {
  const trimmed = displayName.trim();
  if (DISPLAY_NAME.test(trimmed)) return trimmed;
  throw new PosternError("input.invalid", "a display name has 1 to 100 characters, all of them visible");
}

/** @throws PosternError `input.invalid`, naming `what` it is: a role or a group. */
export function checkLabel(label: string, what: string): string {
  if (LABEL.test(label)) return label;
  throw new PosternError(
    "input.invalid",
    `a ${what} has 1 to 64 letters, digits, spaces and . _ : / - and begins with a letter or a digit`,
  );
}

const GROUPS = z.array(z.string());

/** The state of a person as enforcement points hold it. */
function userState(row: UserRow): UserState {
  return {
    id: row.id,
    name: row.name,
    displayName: row.display_name,
    role: row.role,
    groups: GROUPS.parse(JSON.parse(row.groups)),
    disabled: row.disabled !== 0,
  };
}

/** Writes a person, new or changed, and records the change. */
export async function putUser(tx: WriteTransaction, row: UserRow): Promise<void> {
  const { id, created_at: _, ...changed } = row;
  await tx.db
    .insertInto("user")
    .values(row)
    .onConflict((conflict) => conflict.column("id").doUpdateSet(changed))
    .execute();
  tx.record({ kind: "user", key: id, value: userState(row) });
}

/** Whether somebody with a passkey administers; until then the instance is not set up. */
export async function administratorExists(db: Store["db"]): Promise<boolean> {
  return (await administrators(db)).length > 0;
}

/** Whether somebody who administers can sign in. */
export async function administratorCanSignIn(db: Store["db"]): Promise<boolean> {
  return (await administrators(db)).some(({ disabled }) => disabled === 0);
}

async function administrators(db: Store["db"]): Promise<{ readonly disabled: number }[]> {
  return await db
    .selectFrom("user")
    .select("disabled")
    .where("role", "=", ADMINISTRATOR)
    .where((e) =>
      e.exists(
        e.selectFrom("credential").select("credential.id").whereRef("credential.user_id", "=", "user.id"),
      ),
    )
    .execute();
}
