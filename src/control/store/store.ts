import { DatabaseSync } from "node:sqlite";
import { Kysely, Migrator, sql, type Transaction } from "kysely";
import type { Clock, IdSource } from "#kernel";
import { newId, PosternError } from "#kernel";
import type { EntityChange, StateMessage } from "#link";
import { first } from "./migrations/0001-first.ts";
import type { Schema } from "./schema.ts";
import { NodeSqliteDialect } from "./sqlite-dialect.ts";

/** A transaction under way: SQL, and the changes that enforcement points are to receive if it commits. */
export interface WriteTransaction {
  readonly db: Transaction<Schema>;
  /** Adds a change of state to this transaction's numbered record. */
  record(change: EntityChange): void;
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

const MIGRATIONS = { "0001-first": first };

/**
 * Opens the database, makes or migrates its tables and checks that it is whole.
 * @throws PosternError `state.damaged`, `state.newer` or `folder.unwritable`.
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  const { path, clock, ids } = options;
  const writing = openDatabase(path);
  const writer = new Kysely<Schema>({ dialect: new NodeSqliteDialect(writing, "writing") });
  await migrate(writer, path);
  const reader = new Kysely<Schema>({ dialect: new NodeSqliteDialect(openDatabase(path), "reading") });

  const existing = await writer.selectFrom("counter").selectAll().executeTakeFirst();
  const epoch = existing?.epoch ?? newId("epoch", clock.now(), ids);
  if (existing === undefined)
    await writer.insertInto("counter").values({ id: 1, epoch, number: 0 }).execute();

  const listeners = new Set<() => void>();

  async function write<T>(work: (transaction: WriteTransaction) => Promise<T>): Promise<Written<T>> {
    const changes: EntityChange[] = [];
    const written = await writer.transaction().execute(async (db) => {
      const value = await work({ db, record: (change) => changes.push(change) });
      const { number: last } = await db
        .selectFrom("counter")
        .select("number")
        .where("id", "=", 1)
        .executeTakeFirstOrThrow();
      if (changes.length === 0) return { value, number: last };
      const number = last + 1;
      for (const change of changes) await apply(db, number, change);
      await db
        .insertInto("change")
        .values({ number, at: clock.now(), entities: JSON.stringify(changes) })
        .execute();
      if (number % 1_000 === 0)
        await db
          .deleteFrom("change")
          .where("number", "<=", number - KEPT_CHANGES)
          .execute();
      // last, so that numbers are in the order of commits
      await db.updateTable("counter").set({ number }).where("id", "=", 1).execute();
      return { value, number };
    });
    if (changes.length > 0) for (const listener of listeners) listener();
    return written;
  }

  async function head(): Promise<number> {
    const row = await reader
      .selectFrom("counter")
      .select("number")
      .where("id", "=", 1)
      .executeTakeFirstOrThrow();
    return row.number;
  }

  return {
    db: reader,
    epoch,
    write,
    head,
    async snapshot() {
      return await reader.transaction().execute(async (db) => {
        const { number } = await db
          .selectFrom("counter")
          .select("number")
          .where("id", "=", 1)
          .executeTakeFirstOrThrow();
        const rows = await db.selectFrom("entity").select(["kind", "key", "value"]).execute();
        const entities = rows.map(
          (row) => ({ kind: row.kind, key: row.key, value: JSON.parse(row.value) }) as EntityChange,
        );
        return { type: "snapshot", epoch, number, entities };
      });
    },
    async changesAfter(after, limit) {
      const rows = await reader
        .selectFrom("change")
        .select(["number", "entities"])
        .where("number", ">", after)
        .orderBy("number")
        .limit(limit)
        .execute();
      const reaches = rows[0] === undefined ? (await head()) === after : rows[0].number === after + 1;
      if (!reaches) return undefined;
      return rows.map((row) => ({
        type: "change",
        epoch,
        number: row.number,
        entities: JSON.parse(row.entities) as EntityChange[],
      }));
    },
    onCommit(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async close() {
      await reader.destroy();
      await writer.destroy();
    },
  };
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

function openDatabase(path: string): DatabaseSync {
  try {
    const database = new DatabaseSync(path, { enableForeignKeyConstraints: true, timeout: 5_000 });
    database.exec("pragma journal_mode = wal; pragma synchronous = full; pragma secure_delete = on;");
    return database;
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

async function migrate(db: Kysely<Schema>, path: string): Promise<void> {
  try {
    const whole = await sql<{ quick_check: string }>`pragma quick_check(1)`.execute(db);
    const verdict = whole.rows[0]?.quick_check;
    if (verdict !== "ok") throw new Error(`quick_check: ${verdict}`);
  } catch (cause) {
    throw unreadable(path, cause);
  }
  const migrator = new Migrator({
    db,
    provider: { getMigrations: async () => await Promise.resolve(MIGRATIONS) },
  });
  const { error } = await migrator.migrateToLatest();
  if (error === undefined) return;
  const message = error instanceof Error ? error.message : String(error);
  if (message.includes("corrupted migrations")) {
    throw new PosternError("state.newer", "the database was written by a later version of Postern", {
      where: path,
      remedy: "start the later version, or restore a backup made by this one",
      cause: error,
    });
  }
  throw unreadable(path, error);
}

function unreadable(path: string, cause: unknown): PosternError {
  const message = cause instanceof Error ? cause.message : String(cause);
  if (/readonly|unable to open|EACCES|permission/i.test(message)) {
    return new PosternError("folder.unwritable", "the data folder cannot be written", {
      where: path,
      remedy: "give this user the folder, or choose another with --data DIR",
      cause,
    });
  }
  return new PosternError("state.damaged", `the database cannot be read (${message})`, {
    where: path,
    remedy: "restore a backup of this file, or start with an empty folder: --data DIR",
    cause,
  });
}
