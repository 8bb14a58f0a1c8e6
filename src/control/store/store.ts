import { AsyncLocalStorage } from "node:async_hooks";
import { type Kysely, sql, type Transaction } from "kysely";
import type { Clock, IdSource, Notify, Schedule } from "#kernel";
import { newId } from "#kernel";
import type { EntityChange, Position, StateMessage } from "#link";
import { beginEpoch, commitChanges, headOf, settleHistory } from "./change-log.ts";
import type { Database } from "./database.ts";
import { type Leadership, makeElections } from "./elections.ts";
import { migrate } from "./migrate.ts";
import { isContention } from "./postgres-errors.ts";
import type { Schema } from "./schema.ts";
import { openSqlite } from "./sqlite.ts";
import { watchOthers } from "./watch.ts";

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

export interface Store {
  readonly kind: "sqlite" | "postgres";
  /** For reading: sees committed state only. */
  readonly db: Kysely<Schema>;
  /**
   * Runs `work` in a transaction. What it recorded commits with it, under the next number of the change log; when it
   * throws, nothing of it remains. It may run a second time when PostgreSQL had to undo the first: it must have no
   * effect but through the transaction.
   *
   * A write inside the work of another joins it as a savepoint: it commits with the outer one, under the
   * outer one's number, and when it throws, nothing of it remains whatever the outer one then does.
   * @throws PosternError `state.unreachable`, `state.busy`, `folder.unwritable` when the database cannot take it
   */
  write<T>(work: (transaction: WriteTransaction) => Promise<T>, options?: WriteOptions): Promise<Written<T>>;
  /** The epoch, and the number of the last committed change, read from the database. */
  head(): Promise<Position>;
  /** All state that enforcement points hold, at one moment. */
  snapshot(): Promise<StateMessage & { type: "snapshot" }>;
  /**
   * Changes above `after` in order, at most `limit`; undefined when they are of another epoch, or the log no longer
   * reaches back that far, or not yet that far: then only a snapshot helps.
   */
  changesAfter(after: Position, limit: number): Promise<(StateMessage & { type: "change" })[] | undefined>;
  /**
   * Begins a new epoch: numbers seen so far count no more, and every view takes a snapshot. For when the history of the
   * database is not the one that somebody saw.
   */
  startEpoch(reason: string): Promise<void>;
  /** Calls back after each commit that recorded something, of whichever node, at least once; a hint, the truth is `changesAfter`. */
  onCommit(listener: () => void): () => void;
  /** Calls back after each commit, whether it recorded a change or only wrote events or rows. Rows alone of another node are not heard of. */
  onWrite(listener: () => void): () => void;
  /**
   * Runs `lead` on one node at a time. It is given the term that it leads in, and returns what ends its work when another
   * node takes over. What it writes must `confirm` its term in the same transaction, since a node may learn late that it
   * leads no more. Returns what gives the lead up.
   */
  elect(task: string, lead: (leadership: Leadership) => () => void): () => Promise<void>;
  close(): Promise<void>;
}

/** Where the database is: a file of SQLite, or an address of PostgreSQL. */
export type DatabasePlace = { readonly path: string } | { readonly url: string };

export type StoreOptions = DatabasePlace & {
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly schedule: Schedule;
  readonly notify: Notify;
};

/** Tries of a write that met others in PostgreSQL. */
const TRIES = 5;

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
 * @throws PosternError `state.damaged`, `state.newer`, `state.busy`, `state.unreachable` or `folder.unwritable`.
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  const { clock, ids, notify } = options;
  const database = await open(options);
  const fresh = (): string => newId("epoch", clock.now(), ids);
  const listeners = new Set<() => void>();
  const writeListeners = new Set<() => void>();
  const outer = new AsyncLocalStorage<Outer>();
  try {
    await settleHistory(database, fresh, clock.now(), notify);
  } catch (error) {
    await database.close();
    throw error;
  }

  async function write<T>(
    work: (transaction: WriteTransaction) => Promise<T>,
    how: WriteOptions = {},
  ): Promise<Written<T>> {
    const around = outer.getStore();
    if (around?.running === true) return await join(around, work);
    for (let tries = 1; ; tries++) {
      try {
        return await once(work, how);
      } catch (error) {
        if (tries === TRIES || !isContention(error)) throw error;
      }
    }
  }

  async function once<T>(
    work: (transaction: WriteTransaction) => Promise<T>,
    how: WriteOptions,
  ): Promise<Written<T>> {
    const gathered: Gathered = { changes: [], listeners: [] };
    const written = await database.writer.transaction().execute(async (db) => {
      if (how.concurrent !== true) await database.exclude(db);
      const value = await run(db, gathered, work);
      const number = await commitChanges(db, gathered.changes, clock.now());
      await database.announce(db);
      return { value, number };
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
      orderEvents: async () => await database.orderEvents(db),
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
      await sql`release savepoint joined`.execute(db);
      return { value, number: (await headOf(db)).number + (changes.length > 0 ? 1 : 0) };
    } catch (error) {
      changes.length = before.changes;
      waiting.length = before.waiting;
      await sql`rollback to savepoint joined`.execute(db);
      await sql`release savepoint joined`.execute(db);
      throw error;
    }
  }

  const tell = (to: ReadonlySet<() => void>): void => {
    for (const listener of [...to]) listener();
  };
  const stopWatching = await watchOthers({
    database,
    schedule: options.schedule,
    changed: () => tell(listeners),
    written: () => tell(writeListeners),
    wentBack: async () => await settleHistory(database, fresh, clock.now(), notify, "went-back"),
    reconnected: async () => await settleHistory(database, fresh, clock.now(), notify),
    notify,
  });
  const elections = makeElections({ database, schedule: options.schedule, clock, notify });

  return {
    kind: database.kind,
    db: database.reader,
    write,
    head: async () => await headOf(database.reader),
    async snapshot() {
      return await database.readOnce(async (db) => {
        const { epoch, number } = await headOf(db);
        const rows = await db.selectFrom("entity").select(["kind", "key", "value"]).execute();
        const entities = rows.map(
          (row) => ({ kind: row.kind, key: row.key, value: JSON.parse(row.value) }) as EntityChange,
        );
        return { type: "snapshot", epoch, number, entities };
      });
    },
    async changesAfter(after, limit) {
      // at one moment: a commit between the two reads would look like a hole
      return await database.readOnce(async (db) => {
        const head = await headOf(db);
        if (head.epoch !== after.epoch || after.number > head.number) return undefined;
        const rows = await db
          .selectFrom("change")
          .select(["number", "entities"])
          .where("number", ">", after.number)
          .orderBy("number")
          .limit(limit)
          .execute();
        const reaches =
          rows[0] === undefined ? head.number === after.number : rows[0].number === after.number + 1;
        if (!reaches) return undefined;
        return rows.map((row) => ({
          type: "change" as const,
          epoch: head.epoch,
          number: row.number,
          entities: JSON.parse(row.entities) as EntityChange[],
        }));
      });
    },
    async startEpoch(reason) {
      await beginEpoch(database, fresh(), reason, notify);
      tell(listeners);
    },
    onCommit(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    onWrite(listener) {
      writeListeners.add(listener);
      return () => writeListeners.delete(listener);
    },
    elect: (task, lead) => elections.elect(task, lead),
    async close() {
      stopWatching();
      await elections.close();
      await database.close();
    },
  };
}

async function open(options: StoreOptions): Promise<Database> {
  if ("path" in options) return await openSqlite(options.path);
  // an instance on SQLite never loads the driver
  const { openPostgres } = await import("./postgres.ts");
  const database = await openPostgres(options);
  try {
    await migrate(database.writer, "PostgreSQL");
    return database;
  } catch (error) {
    await database.close();
    throw error;
  }
}
