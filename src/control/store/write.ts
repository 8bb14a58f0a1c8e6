import { AsyncLocalStorage } from "node:async_hooks";
import { sql, type Transaction } from "kysely";
import type { EntityChange } from "#link";
import { claimNumber, headOf } from "./change-log.ts";
import type { Database } from "./database.ts";
import { isContention } from "./postgres-errors.ts";
import type { Schema } from "./schema.ts";

/** A transaction under way: SQL, and the changes that enforcement points are to receive if it commits. */
export interface WriteTransaction {
  readonly db: Transaction<Schema>;
  /** Adds a change of state to this transaction's numbered record. */
  readonly record: (change: EntityChange) => void;
  /** Runs `listener` once this has committed, and never when it does not. */
  readonly afterCommit: (listener: () => void) => void;
  /** To be awaited before events are added, so that their places are in the order of commits also between nodes. */
  readonly orderEvents: () => Promise<void>;
}

/** What was written: the value that the work returned, and the change number that it committed as (the head when it recorded none). */
export interface Written<T> {
  readonly value: T;
  readonly number: number;
}

export interface WriteOptions {
  /**
   * Lets other writes, of this node and of others, run at the same time. For work that is right whatever else commits
   * meanwhile; any other is alone from its first statement on, as SQLite's one writer is.
   */
  readonly concurrent?: true;
}

export type Work<T> = (transaction: WriteTransaction) => Promise<T>;

/** What is to happen when a write commits. */
export interface Gathered {
  readonly changes: EntityChange[];
  readonly listeners: (() => void)[];
  /** Whether it has added events. */
  events: boolean;
}

/** The write that a piece of work runs in. */
interface Outer {
  readonly db: Transaction<Schema>;
  readonly gathered: Gathered;
  /** Whether no plain write runs beside it. */
  readonly alone: boolean;
  /** False once its work is done: what it left running in the background is on its own. */
  running: boolean;
  /** Settles when the last write that joined has ended: they join one at a time. */
  last: Promise<unknown>;
}

/**
 * Tries of a write that PostgreSQL undid for another's sake (`deadlock_detected`, `serialization_failure`). Nothing of a
 * try remains but what its work did outside the transaction, which `Store.write` therefore forbids.
 */
const TRIES = 5;

export interface WriterParts {
  readonly database: Database;
  /** Puts what was recorded in the change log; returns the number that it commits as. */
  readonly commit: (db: Transaction<Schema>, gathered: Gathered) => Promise<number>;
  readonly committed: (gathered: Gathered) => void;
}

/** Makes `Store.write`. */
export function makeWriter({
  database,
  commit,
  committed,
}: WriterParts): <T>(work: Work<T>, options?: WriteOptions) => Promise<Written<T>> {
  const outer = new AsyncLocalStorage<Outer>();

  async function transact<T>(work: Work<T>, how: WriteOptions): Promise<Written<T>> {
    const gathered: Gathered = { changes: [], listeners: [], events: false };
    const endTurn = how.concurrent === true ? undefined : await database.turn();
    try {
      // whatever the database's default: a stronger level would go on seeing what was there before this had its turn
      const transaction = database.writer.transaction().setIsolationLevel("read committed");
      const written = await transaction.execute(async (db) => {
        if (how.concurrent !== true) await database.exclude(db);
        const value = await run({ db, gathered, alone: how.concurrent !== true }, work);
        const number = await commit(db, gathered);
        const heard = how.concurrent !== true || gathered.events || gathered.changes.length > 0;
        if (heard) await database.announce(db);
        return { value, number };
      });
      committed(gathered);
      return written;
    } finally {
      endTurn?.();
    }
  }

  /** Runs `work` so that the writes inside it join. */
  async function run<T>(
    { db, gathered, alone }: Pick<Outer, "db" | "gathered" | "alone">,
    work: Work<T>,
  ): Promise<T> {
    const own: Outer = { db, gathered, alone, running: true, last: Promise.resolve() };
    const transaction: WriteTransaction = {
      db,
      record: (change) => void gathered.changes.push(change),
      afterCommit: (listener) => void gathered.listeners.push(listener),
      async orderEvents() {
        gathered.events = true;
        await database.orderEvents(db);
      },
    };
    try {
      return await outer.run(own, async () => await work(transaction));
    } finally {
      own.running = false;
    }
  }

  async function join<T>(around: Outer, work: Work<T>, how: WriteOptions): Promise<Written<T>> {
    const turn = around.last.then(async () => await inSavepoint(around, work, how));
    around.last = turn.catch(() => undefined);
    return await turn;
  }

  /** Savepoints nest, and each ends before the next of its level begins: one name does for all. */
  async function inSavepoint<T>(around: Outer, work: Work<T>, how: WriteOptions): Promise<Written<T>> {
    const { db, gathered } = around;
    const alone = around.alone || how.concurrent !== true;
    const { changes, listeners: waiting } = gathered;
    const before = { changes: changes.length, waiting: waiting.length };
    await sql`savepoint joined`.execute(db);
    try {
      if (alone && !around.alone) await database.exclude(db);
      const value = await run({ db, gathered, alone }, work);
      await sql`release savepoint joined`.execute(db);
      return {
        value,
        number: changes.length > 0 ? await claimNumber(db) : (await headOf(db)).number,
      };
    } catch (error) {
      changes.length = before.changes;
      waiting.length = before.waiting;
      await sql`rollback to savepoint joined`.execute(db);
      await sql`release savepoint joined`.execute(db);
      throw error;
    }
  }

  return async (work, how = {}) => {
    const around = outer.getStore();
    if (around?.running === true) return await join(around, work, how);
    for (let tries = 1; ; tries++) {
      try {
        return await transact(work, how);
      } catch (error) {
        if (tries === TRIES || !isContention(error)) throw error;
      }
    }
  };
}
