import { type Kysely, sql, type Transaction } from "kysely";
import type { EntityChange, Position } from "#link";
import type { Schema } from "./schema.ts";

/**
 * How many changes the log keeps: the last 10,000, whatever their age. Who is further behind takes a snapshot, which is
 * the table `entity`: every change is folded into it by the transaction that makes it.
 */
const KEPT_CHANGES = 10_000;
/** Every so many changes the older ones are dropped, so that the log holds up to this many more. */
const COMPACT_EVERY = 1_000;

/** What one commit adds to the change log. */
export interface Recorded {
  readonly changes: readonly EntityChange[];
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
  /** Of the epoch that begins if the log has gone back. */
  readonly fresh: string;
}

/** Where the log is after a commit, and whether it had gone back to before what this node has seen. */
export interface Committed extends Position {
  readonly wentBack: boolean;
}

/**
 * Puts what was recorded in the state and in the log. `seen` is where this node has seen the log: a number that is not
 * above it is given out a second time, since the database was set back, and belongs to another epoch.
 *
 * The counter's row is the last that a write's transaction takes, and is held until its end: so numbers have no gaps, and
 * are in the order of commits, however many transactions are under way.
 */
export async function commitChanges(
  db: Transaction<Schema>,
  { changes, at, fresh }: Recorded,
  seen: () => Position | undefined,
): Promise<Committed> {
  const { epoch, number } = await db
    .updateTable("counter")
    .set(({ eb }) => ({ number: eb("number", "+", 1) }))
    .where("id", "=", 1)
    .returning(["epoch", "number"])
    .executeTakeFirstOrThrow();
  const wentBack = isBehind({ epoch, number: number - 1 }, seen());
  if (wentBack) await beginEpoch(db, fresh);
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
  return { epoch: wentBack ? fresh : epoch, number, wentBack };
}

/** Where the log is. */
export async function headOf(db: Kysely<Schema>): Promise<Position> {
  return await db
    .selectFrom("counter")
    .select(["epoch", "number"])
    .where("id", "=", 1)
    .executeTakeFirstOrThrow();
}

/** The number that this transaction will commit as; it alone takes numbers from here on. */
export async function claimNumber(db: Transaction<Schema>): Promise<number> {
  // an update that changes nothing takes the row's lock on both databases
  const { rows } = await sql<{ number: number }>`
    update counter set number = number where id = 1 returning number`.execute(db);
  const [row] = rows;
  if (row === undefined) throw new Error("the change log has lost its counter");
  return row.number + 1;
}

/** Whether a log that was at `seen` has been set back. */
export function isBehind(head: Position, seen: Position | undefined): boolean {
  return seen !== undefined && seen.epoch === head.epoch && head.number < seen.number;
}

/** Begins an epoch. Nobody can go on from a place before it: only a snapshot helps. */
export async function beginEpoch(db: Kysely<Schema>, epoch: string): Promise<void> {
  await db.updateTable("counter").set({ epoch }).where("id", "=", 1).execute();
  await db.deleteFrom("change").execute();
}

/** Gives a new database its counter. */
export async function settleCounter(db: Kysely<Schema>, fresh: string): Promise<void> {
  await db
    .insertInto("counter")
    .values({ id: 1, epoch: fresh, number: 0 })
    .onConflict((conflict) => conflict.column("id").doNothing())
    .execute();
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
