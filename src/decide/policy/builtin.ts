import type { SourceFile } from "./types.ts";

/** The folder of a set that belongs to Postern; nobody else's file may be in it. */
export const RESERVED_FOLDER = "postern/";

/** The default of every decision stands at this line of the built-in file. */
export const DEFAULT_SOURCE = "postern/builtin.rules:1";

/**
 * The rules that are part of every policy set. Roles are asked of subject and user alike, and the owner's id too, so that neither a
 * service nor a group can pass for one of them: identity gives out no id but `usr_…`, and the id `owner` only to
 * whoever speaks through the owner's socket.
 */
export const BUILTIN_FILE: SourceFile = {
  path: "postern/builtin.rules",
  text: `# Whatever no rule allows is denied.

# Part of every policy set. Who may administer Postern and open its console:

# name: administrators administer
# reason: Administrators who verified with a passkey in the last 12 hours may administer Postern
ALLOW IF resource.kind == "postern"
  AND type == "user" AND subject.type == "user"
  AND subject.role == "administrator" AND user.role == "administrator"
  AND user.mfa_verified AND user.mfa_age_hours <= 12

# name: the owner administers
# reason: The owner of the data folder may administer Postern
ALLOW IF resource.kind == "postern"
  AND type == "user" AND subject.type == "user"
  AND subject.role == "owner" AND user.role == "owner"
  AND subject.id == "owner" AND user.id == "owner"
`,
};
