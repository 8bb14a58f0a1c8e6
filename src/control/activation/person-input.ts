import type { Selectable } from "kysely";
import { z } from "zod";
import { parseJson } from "#kernel";
import type { Input, RequestFacts, ResourceFacts } from "#policy";
import type { Schema } from "#store";

export type PersonRow = Pick<Selectable<Schema["user"]>, "id" | "name" | "role" | "groups">;
export type SessionFacts = Pick<
  Selectable<Schema["session"]>,
  "id" | "created_at" | "authenticated_at" | "mfa_verified_at" | "last_seen_at"
>;

const GROUPS = z.array(z.string());
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** What a person does, for the decision function. Facts that control does not know are absent. */
export function personInput(
  person: PersonRow,
  session: SessionFacts,
  asked: { readonly action: string; readonly resource: ResourceFacts; readonly request: RequestFacts },
  now: number,
): Input {
  const { id, name, role } = person;
  const groups = GROUPS.parse(parseJson(person.groups, "a person's groups"));
  const { mfa_verified_at: mfaVerifiedAt, authenticated_at: authenticatedAt } = session;
  return {
    type: "user",
    user: {
      id,
      name,
      role,
      groups,
      mfa_verified: mfaVerifiedAt !== null,
      ...(mfaVerifiedAt === null ? {} : { mfa_age_hours: age(mfaVerifiedAt, now) / HOUR }),
    },
    subject: { type: "user", id, name, role, groups },
    session: {
      id: session.id,
      age_hours: age(authenticatedAt ?? session.created_at, now) / HOUR,
      idle_minutes: age(session.last_seen_at, now) / MINUTE,
    },
    ...asked,
    time: { now_ns: BigInt(now) * 1_000_000n },
  };
}

/** A clock that was set back makes nothing younger than new. */
function age(since: number, now: number): number {
  return Math.max(0, now - since);
}
