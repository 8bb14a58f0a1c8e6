import { closeSync, existsSync, openSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { Kysely, Migrator, sql } from "kysely";
import { PosternError } from "#kernel";
import { first } from "./migrations/0001-first.ts";
import { members } from "./migrations/0003-members.ts";
import type { Schema } from "./schema.ts";
import { NodeSqliteDialect } from "./sqlite-dialect.ts";

const MIGRATIONS = { "0001-first": first, "0003-members": members };

/** The migrations that a database of this version has had, in order, as Kysely's table `kysely_migration` names them. */
export const migrationNames: readonly string[] = Object.keys(MIGRATIONS);

/** The two connections to the database: the reader cannot write, and sees what has committed. */
export interface Connections {
  readonly writer: Kysely<Schema>;
  readonly reader: Kysely<Schema>;
}

/**
 * Opens the database file, makes or migrates its tables and checks that it is whole.
 * @throws PosternError `state.damaged`, `state.newer`, `state.busy` or `folder.unwritable`.
 */
export async function openDatabase(path: string): Promise<Connections> {
  const writer = connect(path, "writing");
  try {
    await checkWhole(writer, path);
    await migrate(writer, path);
    return { writer, reader: connect(path, "reading") };
  } catch (error) {
    await writer.destroy();
    throw error;
  }
}

function connect(path: string, use: "reading" | "writing"): Kysely<Schema> {
  let database: DatabaseSync | undefined;
  try {
    if (!existsSync(path)) makeFile(path);
    database = new DatabaseSync(path, { enableForeignKeyConstraints: true, timeout: 5_000 });
    database.exec("pragma journal_mode = wal; pragma synchronous = full; pragma secure_delete = on;");
    if (use === "reading") database.exec("pragma query_only = on;");
  } catch (cause) {
    database?.close();
    throw unreadable(path, cause);
  }
  return new Kysely<Schema>({ dialect: new NodeSqliteDialect(database, use) });
}

/**
 * Makes the file here and not by SQLite, for nobody else to read; SQLite gives its -wal and -shm the same mode.
 * Never an existing one: to close it would drop the locks that another connection of this process has on it
 * (https://www.sqlite.org/howtocorrupt.html §2.2).
 */
function makeFile(path: string): void {
  closeSync(openSync(path, "wx", 0o600));
}

async function checkWhole(db: Kysely<Schema>, path: string): Promise<void> {
  try {
    const whole = await sql<{ quick_check: string }>`pragma quick_check(1)`.execute(db);
    const verdict = whole.rows[0]?.quick_check;
    if (verdict !== "ok") throw new Error(`quick_check: ${verdict}`);
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

async function migrate(db: Kysely<Schema>, path: string): Promise<void> {
  const migrator = new Migrator({
    db,
    provider: { getMigrations: async () => await Promise.resolve(MIGRATIONS) },
  });
  const { error } = await migrator.migrateToLatest();
  if (error === undefined) return;
  // Kysely has no code for it: the table of migrations names one that this program does not have
  if (error instanceof Error && error.message.includes("corrupted migrations")) {
    throw new PosternError("state.newer", "the database was written by a later version of Postern", {
      where: path,
      remedy: "start the later version, or restore a backup made by this one",
      cause: error,
    });
  }
  throw unreadable(path, error);
}

/** What the primary result codes of SQLite (https://www.sqlite.org/rescode.html) mean to whoever starts us. */
const REASONS: ReadonlyMap<number, "busy" | "unwritable" | "full"> = new Map([
  [5, "busy"], // SQLITE_BUSY
  [6, "busy"], // SQLITE_LOCKED
  [8, "unwritable"], // SQLITE_READONLY
  [13, "full"], // SQLITE_FULL
  [14, "unwritable"], // SQLITE_CANTOPEN
]);

const UNWRITABLE: ReadonlySet<unknown> = new Set([
  "EACCES",
  "EPERM",
  "EROFS",
  "ENOENT",
  "ENOTDIR",
  "EISDIR",
  "ENOSPC",
  "EDQUOT",
]);

function unreadable(path: string, cause: unknown): PosternError {
  const message = cause instanceof Error ? cause.message : String(cause);
  const result = cause instanceof Error && "errcode" in cause ? Number(cause.errcode) & 0xff : -1;
  const reason = REASONS.get(result);
  if (reason === "busy") {
    return new PosternError("state.busy", "another process has the database", {
      where: path,
      remedy: "stop the other Postern, or choose another folder with --data DIR",
      cause,
    });
  }
  if (reason === "full") {
    return new PosternError("folder.unwritable", "the disk of the data folder is full", {
      where: path,
      remedy: "make room on the disk",
      cause,
    });
  }
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  if (reason === "unwritable" || UNWRITABLE.has(code)) {
    return new PosternError("folder.unwritable", `the database cannot be written (${message})`, {
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
