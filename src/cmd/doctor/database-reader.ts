import { existsSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import { PosternError } from "#kernel";
import { type DatabaseAddress, maskedDatabase } from "../database.ts";

export interface Row {
  readonly [column: string]: unknown;
}

/** A database that is only looked at: no lock that others feel, no migration, no file that was not there. */
export interface DatabaseReader {
  readonly kind: "sqlite" | "postgres";
  /** Numbers come as numbers, also those of 64 bits. @throws PosternError as `openReader` does */
  rows(query: string): Promise<readonly Row[]>;
  close(): Promise<void>;
}

const CONNECT_MS = 5_000;
const QUERY_MS = 10_000;

/** @throws PosternError `not_found`, `state.damaged`, `state.unreachable` */
export async function openReader(database: DatabaseAddress): Promise<DatabaseReader> {
  return "path" in database ? readSqlite(database.path) : await readPostgres(database);
}

function readSqlite(path: string): DatabaseReader {
  if (!existsSync(path)) {
    throw new PosternError("not_found", "there is no database yet", {
      where: path,
      remedy: "start Postern, which makes it: npm start",
    });
  }
  let database: DatabaseSync;
  try {
    // without its write-ahead log nobody has it open, and only as immutable is it read without making one
    const file = pathToFileURL(path);
    if (!existsSync(`${path}-wal`)) file.searchParams.set("immutable", "1");
    database = new DatabaseSync(file, { readOnly: true, timeout: 2_000 });
  } catch (cause) {
    throw damaged(path, cause);
  }
  return {
    kind: "sqlite",
    rows: async (query) => {
      try {
        return await Promise.resolve(database.prepare(query).all());
      } catch (cause) {
        throw damaged(path, cause);
      }
    },
    close: async () => await Promise.resolve(database.close()),
  };
}

async function readPostgres(address: { readonly url: string }): Promise<DatabaseReader> {
  const { Client, types } = (await import("pg")).default;
  const where = maskedDatabase(address);
  const client = new Client({
    connectionString: address.url,
    application_name: "postern doctor",
    connectionTimeoutMillis: CONNECT_MS,
    query_timeout: QUERY_MS,
    options: "-c default_transaction_read_only=on",
    types: {
      getTypeParser: (oid: number, format?: "text" | "binary") =>
        oid === types.builtins.INT8 && format !== "binary" ? Number : types.getTypeParser(oid, format),
    },
  });
  // a connection that ends between two checks is found by the next query
  client.on("error", () => undefined);
  try {
    await client.connect();
  } catch (cause) {
    throw unreachable(where, cause);
  }
  return {
    kind: "postgres",
    rows: async (query) => {
      try {
        return (await client.query<Row>(query)).rows;
      } catch (cause) {
        throw unreachable(where, cause);
      }
    },
    close: async () => await client.end(),
  };
}

function damaged(path: string, cause: unknown): PosternError {
  return new PosternError("state.damaged", `the database cannot be read (${messageOf(cause)})`, {
    where: path,
    remedy: "restore a backup: postern restore FILE --replace",
    cause,
  });
}

/** What the classes of SQLSTATE and of the system's errors mean to whoever looks. */
function unreachable(where: string, cause: unknown): PosternError {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  if (code === "42P01") {
    return new PosternError("not_found", "this database holds no Postern, or one of an earlier version", {
      where,
      remedy: "start control on it, which makes its tables: postern up --database URL",
      cause,
    });
  }
  const remedy = code.startsWith("28")
    ? "give the right name and password: postern up --database URL writes them to the data folder"
    : code === "3D000"
      ? "create the database that the address names: createdb"
      : code.startsWith("53")
        ? "raise max_connections in postgresql.conf, or give PostgreSQL room on its disk"
        : "see that PostgreSQL runs, and that this machine may reach it (pg_hba.conf, firewall)";
  return new PosternError("state.unreachable", `the database does not answer (${messageOf(cause)})`, {
    where,
    remedy,
    cause,
  });
}

function messageOf(cause: unknown): string {
  // several addresses of one name give an AggregateError without a message of its own
  if (cause instanceof AggregateError) return cause.errors.map(messageOf).join("; ");
  return cause instanceof Error ? cause.message : String(cause);
}
