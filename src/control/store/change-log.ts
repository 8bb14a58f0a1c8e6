import type { Kysely, Transaction } from "kysely";
import type { Notify } from "#kernel";
import type { EntityChange, Position } from "#link";
import type { Database } from "./database.ts";
import type { Schema } from "./schema.ts";

/**
 * How many changes the log keeps. Who is further behind takes a snapshot: the table `entity`, which every change is
 * folded into by the transaction that makes it.
 */
export const KEPT_CHANGES = 10_000;
/** Every so many changes the older ones are dropped. */
const COMPACT_EVERY = 1_000;

/** Puts what was recorded in the state and in the log; returns the number that it commits as. */
export async function commitChanges(
  db: Transaction<Schema>,
  changes: readonly EntityChange[],
  at: number,
): Promise<number> {
  if (changes.length === 0) return (await headOf(db)).number;
  // last of all that a transaction does, and with the row's lock held until it ends: so numbers have no gaps and are in
  // the order of commits, however many transactions are under way
  const { number } = await db
    .updateTable("counter")
    .set(({ eb }) => ({ number: eb("number", "+", 1) }))
    .where("id", "=", 1)
    .returning("number")
    .executeTakeFirstOrThrow();
  for (const change of changes) await apply(db, number, change);
  await db
    .insertInto("change")
    .values({ number, at, entities: JSON.stringify(changes) })
    .execute();
  if (number % COMPACT_EVERY === 0)
    await db
      .deleteFrom("change")
      .where("number", "<=", number - KEPT_CHANGES)
      .execute();
  return number;
}

export async function headOf(db: Kysely<Schema>): Promise<Position> {
  return await db
    .selectFrom("counter")
    .select(["epoch", "number"])
    .where("id", "=", 1)
    .executeTakeFirstOrThrow();
}

async function apply(db: Transaction<Schema>, number: number, change: EntityChange): Promise<void> {
  const { kind, key } = change;
  if (change.value === null) {
    await db.deleteFrom("entity").where("kind", "=", kind).where("key", "=", key).execute();
    return;
  }
  const value = JSON.stringify(change.value);
  await db
    .insertInto("entity")
    .values({ kind, key, value, number })
    .onConflict((conflict) => conflict.columns(["kind", "key"]).doUpdateSet({ value, number }))
    .execute();
}

/**
 * Makes sure that the change log has an epoch, and that it is of the history that the database is in now: one that was
 * restored below us, or whose standby took over and may lack what was last committed, begins a new one.
 */
export async function settleHistory(
  database: Database,
  fresh: () => string,
  at: number,
  notify: Notify,
  cause?: "went-back",
): Promise<void> {
  const history = (await database.history()) ?? "";
  const reason = await database.writer.transaction().execute(async (db) => {
    await database.exclude(db);
    const counter = await db.selectFrom("counter").select("epoch").executeTakeFirst();
    const known = await db.selectFrom("history").select("name").where("id", "=", 1).executeTakeFirst();
    const why =
      counter === undefined
        ? undefined
        : cause === "went-back"
          ? "the database holds less than it held before"
          : known !== undefined && known.name !== history
            ? "the database is another one, or its standby took over"
            : undefined;
    if (counter === undefined)
      await db.insertInto("counter").values({ id: 1, epoch: fresh(), number: 0 }).execute();
    else if (why !== undefined) await db.updateTable("counter").set({ epoch: fresh() }).execute();
    await db
      .insertInto("history")
      .values({ id: 1, name: history, since: at })
      .onConflict((conflict) =>
        conflict.column("id").doUpdateSet({ name: history, since: at }).where("history.name", "!=", history),
      )
      .execute();
    await database.announce(db);
    return why;
  });
  if (reason !== undefined) say(notify, reason);
}

/** Begins a new epoch. */
export async function beginEpoch(
  database: Database,
  epoch: string,
  reason: string,
  notify: Notify,
): Promise<void> {
  await database.writer.transaction().execute(async (db) => {
    await database.exclude(db);
    await db.updateTable("counter").set({ epoch }).execute();
    await database.announce(db);
  });
  say(notify, reason);
}

function say(notify: Notify, reason: string): void {
  notify({ event: "warning", message: `a new epoch of the change log begins: ${reason}` });
}
