/**
 * A connection of its own to either database, for reading or writing all of it: a dump must see one moment without holding
 * up anybody, and a load may take longer than control lets a statement take.
 */
import { DatabaseSync } from "node:sqlite";
import { PosternError } from "#kernel";
import { type DatabaseAddress, maskedDatabase } from "../database.ts";

/** What a column of ours holds: texts and whole numbers. */
export type Value = string | number | null;

export interface Row {
  readonly [column: string]: Value;
}

export interface Connection {
  readonly kind: "sqlite" | "postgres";
  /** Queries are our own text; what comes from elsewhere goes in `values`, as `?1` or `$1`. */
  rows(query: string, values?: readonly Value[]): Promise<readonly Row[]>;
  /** The rows of a query, some at a time. */
  batches(query: string): AsyncIterable<readonly Row[]>;
  close(): Promise<void>;
}

const BATCH = 500;
const CONNECT_MS = 5_000;

/** Reads as of one moment until it is closed. @throws PosternError `not_found`, `state.damaged`, `state.unreachable` */
export async function connectForReading(address: DatabaseAddress): Promise<Connection> {
  const connection = await connect(address, true);
  await connection.rows(
    connection.kind === "sqlite" ? "begin" : "begin isolation level repeatable read read only",
  );
  return connection;
}

/** Writes in one transaction, alone: nothing of it is there unless `commit` is queried. @throws PosternError as for reading */
export async function connectForWriting(address: DatabaseAddress): Promise<Connection> {
  const connection = await connect(address, false);
  await connection.rows(connection.kind === "sqlite" ? "begin immediate" : "begin");
  return connection;
}

async function connect(address: DatabaseAddress, readOnly: boolean): Promise<Connection> {
  return "path" in address ? sqlite(address.path, readOnly) : await postgres(address);
}

function sqlite(path: string, readOnly: boolean): Connection {
  const fail = (cause: unknown): PosternError => {
    const message = cause instanceof Error ? cause.message : String(cause);
    return new PosternError("state.damaged", `the database cannot be read or written (${message})`, {
      where: path,
      remedy: "postern doctor",
      cause,
    });
  };
  let database: DatabaseSync;
  try {
    database = new DatabaseSync(path, { readOnly, timeout: 5_000, enableForeignKeyConstraints: true });
  } catch (cause) {
    throw fail(cause);
  }
  return {
    kind: "sqlite",
    async rows(query, values = []) {
      try {
        return await Promise.resolve(database.prepare(query).all(...values) as Row[]);
      } catch (cause) {
        throw fail(cause);
      }
    },
    async *batches(query) {
      let batch: Row[] = [];
      try {
        for (const row of database.prepare(query).iterate()) {
          batch.push(row as Row);
          if (batch.length < BATCH) continue;
          yield batch;
          batch = [];
          // in control's process, others have their turn
          await new Promise((resolve) => setImmediate(resolve));
        }
      } catch (cause) {
        throw fail(cause);
      }
      if (batch.length > 0) yield batch;
    },
    close: async () => await Promise.resolve(database.close()),
  };
}

async function postgres(address: { readonly url: string }): Promise<Connection> {
  const { Client, types } = (await import("pg")).default;
  const where = maskedDatabase(address);
  const fail = (cause: unknown): PosternError => {
    const message =
      cause instanceof AggregateError
        ? cause.errors.map(String).join("; ")
        : cause instanceof Error
          ? cause.message
          : String(cause);
    return new PosternError("state.unreachable", `PostgreSQL does not answer as it should (${message})`, {
      where,
      remedy: "see that it runs and takes this user and password, and has room on its disk",
      cause,
    });
  };
  const client = new Client({
    connectionString: address.url,
    application_name: "postern backup",
    connectionTimeoutMillis: CONNECT_MS,
    types: {
      getTypeParser: (oid: number, format?: "text" | "binary") =>
        oid === types.builtins.INT8 && format !== "binary" ? Number : types.getTypeParser(oid, format),
    },
  });
  // the query under way fails with it
  client.on("error", () => undefined);
  try {
    await client.connect();
  } catch (cause) {
    throw fail(cause);
  }
  const rows = async (query: string, values: readonly Value[] = []): Promise<readonly Row[]> => {
    try {
      return (await client.query<Row>(query, [...values])).rows;
    } catch (cause) {
      throw fail(cause);
    }
  };
  return {
    kind: "postgres",
    rows,
    async *batches(query) {
      await rows(`declare dump no scroll cursor for ${query}`);
      for (;;) {
        const batch = await rows(`fetch ${BATCH} from dump`);
        if (batch.length === 0) break;
        yield batch;
      }
      await rows("close dump");
    },
    close: async () => await client.end().catch(() => undefined),
  };
}
