import type { Store } from "#store";

/** What this node knows of one member. */
export interface Known {
  readonly state: "joined" | "revoked";
  readonly joinedAt: number;
  readonly certificates: ReadonlyMap<string, KnownCertificate>;
  /** Starts of its process. */
  readonly boots: ReadonlyMap<string, KnownBoot>;
}

export interface KnownCertificate {
  readonly issuedAt: number;
  readonly revoked: boolean;
  readonly used: boolean;
}

export interface KnownBoot {
  /** Since when, on the monotonic clock, this node has known of a later one; absent for the last. */
  readonly succeededAt?: number;
  readonly reported: boolean;
}

/** Names a member. */
export function keyOf(member: { readonly role: string; readonly name: string }): string {
  return `${member.role}:${member.name}`;
}

/**
 * Reads all members. The parts may be of moments a little apart: a certificate is then judged by when its member last
 * joined, too.
 * @param before what was known, so that a start stays known to have been succeeded since it was
 */
export async function readKnowledge(
  db: Store["db"],
  before: ReadonlyMap<string, Known>,
  monotonic: number,
): Promise<ReadonlyMap<string, Known>> {
  const members = await db.selectFrom("member").select(["role", "name", "state", "joined_at"]).execute();
  if (members.length === 0) return new Map();
  const certificates = Map.groupBy(
    await db
      .selectFrom("member_certificate")
      .select(["serial", "role", "name", "issued_at", "used_at", "revoked"])
      .execute(),
    keyOf,
  );
  const boots = Map.groupBy(
    await db
      .selectFrom("member_boot")
      .select(["role", "name", "boot", "reported"])
      .orderBy("ordinal")
      .execute(),
    keyOf,
  );
  return new Map(
    members.map((row): [string, Known] => {
      const key = keyOf(row);
      const earlier = before.get(key)?.boots;
      const started = boots.get(key) ?? [];
      return [
        key,
        {
          state: row.state,
          joinedAt: row.joined_at,
          certificates: new Map(
            (certificates.get(key) ?? []).map(({ serial, issued_at, revoked, used_at }) => [
              serial,
              { issuedAt: issued_at, revoked: revoked === 1, used: used_at !== null },
            ]),
          ),
          boots: new Map(
            started.map(({ boot, reported }, at) => [
              boot,
              {
                reported: reported === 1,
                ...(at === started.length - 1
                  ? {}
                  : { succeededAt: earlier?.get(boot)?.succeededAt ?? monotonic }),
              },
            ]),
          ),
        },
      ];
    }),
  );
}

/** Whether somebody who was let in by `before` may no longer be by `after`. */
export function takesAway(before: ReadonlyMap<string, Known>, after: ReadonlyMap<string, Known>): boolean {
  for (const [key, was] of before) {
    if (was.state !== "joined") continue;
    const is = after.get(key);
    if (is?.state !== "joined" || is.joinedAt !== was.joinedAt) return true;
    for (const [serial, { revoked }] of was.certificates) {
      if (!revoked && is.certificates.get(serial)?.revoked === true) return true;
    }
  }
  return false;
}
