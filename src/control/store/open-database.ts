import { closeSync, existsSync, openSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { Kysely, sql } from "kysely";
import { PosternError } from "#kernel";
import { migrate } from "./migrate.ts";
import type { Schema } from "./schema.ts";
import { NodeSqliteDialect } from "./sqlite-dialect.ts";
import { explainedSqlite, unreadable } from "./sqlite-errors.ts";

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
    try {
      await migrate(writer, path);
    } catch (cause) {
      throw cause instanceof PosternError ? cause : unreadable(path, cause);
    }
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
  return new Kysely<Schema>({
    dialect: new NodeSqliteDialect(database, use, (error) => explainedSqlite(error, path)),
  });
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
