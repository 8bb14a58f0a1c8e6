import { AsyncLocalStorage } from "node:async_hooks";
import { type Kysely, sql, type Transaction } from "kysely";
import type { Clock, IdSource } from "#kernel";
import { newId } from "#kernel";
import type { EntityChange, StateMessage } from "#link";
import { openDatabase } from "./open-database.ts";
import type { Schema } from "./schema.ts";

/** A transaction under way: SQL, and the changes that enforcement points are to receive if it commits. */
export interface WriteTransaction {
  readonly db: Transaction<Schema>;
  /** Adds a change of state to this transaction's numbered record. */
  readonly record: (change: EntityChange) => void;
  /** Runs `listener` once this has committed, and never when it does not. */
  readonly afterCommit: (listener: () => void) => void;
}

/** What was written: the value that the work returned, and the change number that it committed as (the head when it recorded none). */
export interface Written<T> {
  readonly value: T;
  readonly number: number;
}

export interface Store {
  /** For reading: sees committed state only. */
  readonly db: Kysely<Schema>;
  readonly epoch: string;
  /**
   * Runs `work` in a transaction of its own, one at a time. What it recorded commits with it, under the
   * next number of the change log; when it throws, nothing of it remains.
   *
   * A write inside the work of another joins it as a savepoint: it commits with the outer one, under the
   * outer one's number, and when it throws, nothing of it remains whatever the outer one then does.
   */
  write<T>(work: (transaction: WriteTransaction) => Promise<T>): Promise<Written<T>>;
  /** The number of the last committed change, read from the database. */
  head(): Promise<number>;
  /** All state that enforcement points hold, at one moment. */
  snapshot(): Promise<StateMessage & { type: "snapshot" }>;
  /**
   * Changes above `after` in order, at most `limit`; undefined when the log no longer reaches back that
   * far, or not yet that far: then only a snapshot helps.
   */
  changesAfter(after: number, limit: number): Promise<(StateMessage & { type: "change" })[] | undefined>;
  /** Calls back after each commit that recorded something; a hint, the truth is `changesAfter`. */
  onCommit(listener: () => void): () => void;
  /** Calls back after each commit, whether it recorded a change or only wrote rows. */
  onWrite(listener: () => void): () => void;
  close(): Promise<void>;
}

export interface StoreOptions {
  /** The database file. */
  readonly path: string;
  readonly clock: Clock;
  readonly ids: IdSource;
}

/** How many changes the log keeps; who is further behind takes a snapshot. */
const KEPT_CHANGES = 10_000;

/** What is to happen when a write commits. */
interface Gathered {
  readonly changes: EntityChange[];
  readonly listeners: (() => void)[];
}

/** The write that a piece of work runs in. */
interface Outer {
  readonly db: Transaction<Schema>;
  readonly gathered: Gathered;
  /** False once its work is done: what it left running in the background is on its own. */
  running: boolean;
  /** Settles when the last write that joined has ended: they join one at a time. */
  last: Promise<unknown>;
}

/**
 * Opens the database, makes or migrates its tables and checks that it is whole.
 * @throws PosternError `state.damaged`, `state.newer`, `state.busy` or `folder.unwritable`.
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  const { path, clock, ids } = options;
  const { writer, reader } = await openDatabase(path);
  const epoch = await settleEpoch(writer, newId("epoch", clock.now(), ids));
  const listeners = new Set<() => void>();
  const writeListeners = new Set<() => void>();
  const outer = new AsyncLocalStorage<Outer>();

  async function write<T>(work: (transaction: WriteTransaction) => Promise<T>): Promise<Written<T>> {
    const around = outer.getStore();
    if (around?.running === true) return await join(around, work);
    const gathered: Gathered = { changes: [], listeners: [] };
    const written = await writer.transaction().execute(async (db) => {
      const value = await run(db, gathered, work);
      return { value, number: await commitChanges(db, gathered.changes, clock.now()) };
    });
    const recorded = gathered.changes.length > 0 ? listeners : [];
    const told = [...gathered.listeners, ...recorded, ...writeListeners];
    // after this turn, so that a listener's failure is not taken for the write's
    for (const listener of told) queueMicrotask(listener);
    return written;
  }

  /** Runs `work` so that the writes inside it join. */
  async function run<T>(
    db: Transaction<Schema>,
    gathered: Gathered,
    work: (transaction: WriteTransaction) => Promise<T>,
  ): Promise<T> {
    const own: Outer = { db, gathered, running: true, last: Promise.resolve() };
    const transaction: WriteTransaction = {
      db,
      record: (change) => void gathered.changes.push(change),
      afterCommit: (listener) => void gathered.listeners.push(listener),
    };
    try {
      return await outer.run(own, async () => await work(transaction));
    } finally {
      own.running = false;
    }
  }

  async function join<T>(
    around: Outer,
    work: (transaction: WriteTransaction) => Promise<T>,
  ): Promise<Written<T>> {
    const turn = around.last.then(async () => await inSavepoint(around, work));
    around.last = turn.catch(() => undefined);
    return await turn;
  }

  /** Savepoints nest, and each ends before the next of its level begins: one name does for all. */
  async function inSavepoint<T>(
    { db, gathered }: Outer,
    work: (transaction: WriteTransaction) => Promise<T>,
  ): Promise<Written<T>> {
    const { changes, listeners: waiting } = gathered;
    const before = { changes: changes.length, waiting: waiting.length };
    await sql`savepoint joined`.execute(db);
    try {
      const value = await run(db, gathered, work);
      await sql`release joined`.execute(db);
      return { value, number: (await headOf(db)) + (changes.length > 0 ? 1 : 0) };
    } catch (error) {
      changes.length = before.changes;
      waiting.length = before.waiting;
      await sql`rollback to joined`.execute(db);
      await sql`release joined`.execute(db);
      throw error;
    }
  }

  return {
    db: reader,
    epoch,
    write,
    head: async () => await headOf(reader),
    async snapshot() {
      return await reader.transaction().execute(async (db) => {
        const number = await headOf(db);
        const rows = await db.selectFrom("entity").select(["kind", "key", "value"]).execute();
        const entities = rows.map(
          (row) => ({ kind: row.kind, key: row.key, value: JSON.parse(row.value) }) as EntityChange,
        );
        return { type: "snapshot", epoch, number, entities };
      });
    },
    async changesAfter(after, limit) {
      // one transaction: a commit between the two reads would look like a hole
      return await reader.transaction().execute(async (db) => {
        const rows = await db
          .selectFrom("change")
          .select(["number", "entities"])
          .where("number", ">", after)
          .orderBy("number")
          .limit(limit)
          .execute();
        const reaches = rows[0] === undefined ? (await headOf(db)) === after : rows[0].number === after + 1;
        if (!reaches) return undefined;
        return rows.map((row) => ({
          type: "change" as const,
          epoch,
          number: row.number,
          entities: JSON.parse(row.entities) as EntityChange[],
        }));
      });
    },
    onCommit(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    onWrite(listener) {
      writeListeners.add(listener);
      return () => writeListeners.delete(listener);
    },
    async close() {
      await reader.destroy();
      await writer.destroy();
    },
  };
}

async function settleEpoch(db: Kysely<Schema>, fresh: string): Promise<string> {
  const existing = await db.selectFrom("counter").select("epoch").executeTakeFirst();
  if (existing !== undefined) return existing.epoch;
  await db.insertInto("counter").values({ id: 1, epoch: fresh, number: 0 }).execute();
  return fresh;
}

/** Puts what was recorded in the state and in the log; returns the number that it commits as. */
async function commitChanges(
  db: Transaction<Schema>,
  changes: readonly EntityChange[],
  at: number,
): Promise<number> {
  const last = await headOf(db);
  if (changes.length === 0) return last;
  const number = last + 1;
  for (const change of changes) await apply(db, number, change);
  await db
    .insertInto("change")
    .values({ number, at, entities: JSON.stringify(changes) })
    .execute();
  if (number % 1_000 === 0)
    await db
      .deleteFrom("change")
      .where("number", "<=", number - KEPT_CHANGES)
      .execute();
  // last, so that numbers are in the order of commits
  await db.updateTable("counter").set({ number }).where("id", "=", 1).execute();
  return number;
}

async function headOf(db: Kysely<Schema>): Promise<number> {
  const row = await db.selectFrom("counter").select("number").where("id", "=", 1).executeTakeFirstOrThrow();
  return row.number;
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
