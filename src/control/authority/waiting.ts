import type { Store } from "#store";
import { type AuthorityRow, phaseOf } from "./authorities.ts";
import type { RotationPhase } from "./types.ts";
import { LEAF_LIFE } from "./x509-svid.ts";

/** Whoever is connected and has not seen the next authority after this has had its time. */
const MOST_PUBLISHED = 60 * 60_000;
/** Tokens that name the old authority are waited for until the last certificate of it has ended, and as long again. */
const MOST_FOR_TOKENS = 2 * LEAF_LIFE;
/** A control node that has not said for this long that it is there admits nobody. */
const NODE_LIVE = 60_000;

interface Asked {
  readonly db: Store["db"];
  readonly old: AuthorityRow;
  readonly next: AuthorityRow;
  /** When this phase began. */
  readonly since: number;
  readonly now: number;
}

const WAITING: {
  readonly [phase in Exclude<RotationPhase, "steady">]: (asked: Asked) => Promise<readonly string[]>;
} = {
  published: async (asked) => [
    ...(await untrusting(asked)),
    ...(asked.now - asked.since >= MOST_PUBLISHED ? [] : await unseeing(asked)),
  ],
  members: async (asked) => [
    ...(await holding(asked)),
    ...(asked.now - asked.since >= MOST_FOR_TOKENS ? [] : await invited(asked)),
  ],
  control: presenting,
};

/** What must happen before the next step of a rotation, each as a clause. */
export async function waitingFor(
  db: Store["db"],
  rows: readonly AuthorityRow[],
  now: number,
): Promise<readonly string[]> {
  const [old, next] = rows;
  const { phase, since } = phaseOf(rows);
  if (phase === "steady" || old === undefined || next === undefined) return [];
  return await WAITING[phase]({ db, old, next, since, now });
}

/** Connected members whose view has not reached the change that published the next authority. */
async function unseeing({ db, next }: Asked): Promise<string[]> {
  const published = await db
    .selectFrom("entity")
    .select("number")
    .where("kind", "=", "authority")
    .where("key", "=", next.id)
    .executeTakeFirst();
  const { epoch } = await db.selectFrom("counter").select("epoch").executeTakeFirstOrThrow();
  const connected = await db
    .selectFrom("component")
    .select(["role", "name", "epoch", "number"])
    .where("connected_since", "is not", null)
    .orderBy("role")
    .orderBy("name")
    .execute();
  return connected
    .filter((each) => each.epoch !== epoch || (each.number ?? 0) < (published?.number ?? 0))
    .map(({ role, name }) => `${role} ${name} to see it`);
}

async function liveNodes({ db, now }: Asked): Promise<{ name: string; trusts: string; presents: string }[]> {
  return await db
    .selectFrom("control_node")
    .select(["name", "trusts", "presents"])
    .where("last_seen_at", ">", now - NODE_LIVE)
    .orderBy("name")
    .execute();
}

/** Control nodes that would not yet take a certificate of the next authority. */
async function untrusting(asked: Asked): Promise<string[]> {
  return (await liveNodes(asked))
    .filter(({ trusts }) => !(JSON.parse(trusts) as unknown[]).includes(asked.next.id))
    .map(({ name }) => `control node ${name} to trust it`);
}

/** Control nodes that still present a certificate of the old authority. */
async function presenting(asked: Asked): Promise<string[]> {
  return (await liveNodes(asked))
    .filter(({ presents }) => presents !== asked.next.id)
    .map(({ name }) => `control node ${name} to present it`);
}

/** Members that may hold nothing but a certificate of the old authority: none of the new one has come in use. */
async function holding({ db, old, now }: Asked): Promise<string[]> {
  const rows = await db
    .selectFrom("member_certificate as held")
    .innerJoin("member", (on) =>
      on.onRef("member.role", "=", "held.role").onRef("member.name", "=", "held.name"),
    )
    .select(["held.role", "held.name", (e) => e.fn.max("held.not_after").as("ends")])
    .where("held.authority", "=", old.id)
    .where("held.not_after", ">", now)
    .where("held.revoked", "=", 0)
    .where("member.state", "=", "joined")
    .where((e) =>
      e.not(
        e.exists(
          e
            .selectFrom("member_certificate as newer")
            .select("newer.serial")
            .whereRef("newer.role", "=", "held.role")
            .whereRef("newer.name", "=", "held.name")
            .where("newer.authority", "!=", old.id)
            .where("newer.revoked", "=", 0)
            .where("newer.used_at", "is not", null),
        ),
      ),
    )
    .groupBy(["held.role", "held.name"])
    .orderBy("held.role")
    .orderBy("held.name")
    .execute();
  return rows.map(
    ({ role, name, ends }) =>
      `${role} ${name} to come with a certificate of it, or its old one to end at ${new Date(Number(ends)).toISOString()}`,
  );
}

/** Whoever joins with a token that names the old authority must find it behind control's certificate. */
async function invited({ db, old, now }: Asked): Promise<string[]> {
  const rows = await db
    .selectFrom("join_token")
    .select(["role", "name", "expires_at"])
    .where("authority", "=", old.id)
    .where("used_at", "is", null)
    .where("expires_at", ">", now)
    .orderBy("role")
    .orderBy("name")
    .execute();
  return rows.map(
    ({ role, name, expires_at }) =>
      `the token of ${role} ${name} to be used, or to end at ${new Date(expires_at).toISOString()}`,
  );
}
