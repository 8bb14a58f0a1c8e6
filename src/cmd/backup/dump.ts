/**
 * All state of an instance as lines of JSON, the same whichever database it is in: for each table its name and columns,
 * then its rows as arrays in the order of its key. Two databases hold the same exactly when their lines are the same.
 */
import { createHash } from "node:crypto";
import { PosternError } from "#kernel";
import type { Position } from "#link";
import type { DatabaseAddress } from "../database.ts";
import { selectAll, tablesOf } from "./catalog.ts";
import { type Connection, connectForReading } from "./connection.ts";

export interface Dump {
  readonly instance: string;
  readonly position: Position;
  readonly migrations: readonly string[];
  readonly lines: AsyncIterable<string>;
  /** Rows given out so far, by table. */
  readonly rows: ReadonlyMap<string, number>;
  close(): Promise<void>;
}

/**
 * Opens a dump of one moment; nobody waits for it.
 * @throws PosternError `not_found` for a database without an instance, `state.damaged`, `state.unreachable`
 */
export async function openDump(address: DatabaseAddress): Promise<Dump> {
  const connection = await connectForReading(address);
  try {
    return await dumpOf(connection);
  } catch (error) {
    await connection.close();
    throw error;
  }
}

/** A dump of what a transaction under way sees. */
export async function dumpOf(connection: Connection): Promise<Dump> {
  const tables = await tablesOf(connection);
  if (!tables.some(({ name }) => name === "counter")) {
    throw new PosternError("not_found", "there is no instance in this database", {
      remedy: "name its data folder with --data DIR",
    });
  }
  const [counter] = await connection.rows("select epoch, number from counter");
  const [id] = await connection.rows("select value from instance where name = 'id'");
  const migrations = await connection.rows("select name from kysely_migration order by name");
  const rows = new Map<string, number>();

  async function* lines(): AsyncGenerator<string> {
    for (const table of tables) {
      yield JSON.stringify({ table: table.name, columns: table.columns });
      let count = 0;
      for await (const batch of connection.batches(selectAll(connection, table))) {
        for (const row of batch) yield JSON.stringify(table.columns.map((column) => row[column]));
        count += batch.length;
        rows.set(table.name, count);
      }
    }
  }
  return {
    instance: String(id?.["value"] ?? ""),
    position: { epoch: String(counter?.["epoch"] ?? ""), number: Number(counter?.["number"] ?? 0) },
    migrations: migrations.map(({ name }) => String(name)),
    lines: lines(),
    rows,
    close: async () => await connection.close(),
  };
}

/** Passes lines on; `digest` is of all that passed. */
export function hashing(lines: AsyncIterable<string>): {
  readonly lines: AsyncIterable<string>;
  digest(): string;
} {
  const hash = createHash("sha256");
  async function* passing(): AsyncGenerator<string> {
    for await (const line of lines) {
      hash.update(`${line}\n`);
      yield line;
    }
  }
  return { lines: passing(), digest: () => hash.digest("hex") };
}
