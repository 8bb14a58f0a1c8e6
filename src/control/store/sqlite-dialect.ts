import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import {
  CompiledQuery,
  type DatabaseConnection,
  type DatabaseIntrospector,
  type Dialect,
  type DialectAdapter,
  type Driver,
  type Kysely,
  type QueryCompiler,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from "kysely";

type Explain = (error: unknown) => unknown;

/**
 * Kysely over `node:sqlite`, one connection. A transaction holds the connection until it ends, and
 * whoever comes meanwhile waits in line, so that two transactions never interleave on it.
 */
export class NodeSqliteDialect implements Dialect {
  readonly #database: DatabaseSync;
  readonly #begin: "begin immediate" | "begin deferred";
  readonly #explain: Explain;
  /** `reading` begins transactions that never ask for the write lock; `explain` says errors of statements in our words. */
  constructor(database: DatabaseSync, use: "reading" | "writing", explain: Explain) {
    this.#database = database;
    this.#explain = explain;
    this.#begin = use === "writing" ? "begin immediate" : "begin deferred";
  }
  createAdapter(): DialectAdapter {
    return new SqliteAdapter();
  }
  createDriver(): Driver {
    return new NodeSqliteDriver(this.#database, this.#begin, this.#explain);
  }
  createIntrospector(db: Kysely<unknown>): DatabaseIntrospector {
    return new SqliteIntrospector(db);
  }
  createQueryCompiler(): QueryCompiler {
    return new SqliteQueryCompiler();
  }
}

class NodeSqliteDriver implements Driver {
  readonly #connection: NodeSqliteConnection;
  readonly #database: DatabaseSync;
  readonly #begin: string;
  readonly #waiting: (() => void)[] = [];
  #taken = false;

  constructor(database: DatabaseSync, begin: string, explain: Explain) {
    this.#database = database;
    this.#begin = begin;
    this.#connection = new NodeSqliteConnection(database, explain);
  }
  async init(): Promise<void> {
    await Promise.resolve();
  }
  async acquireConnection(): Promise<DatabaseConnection> {
    if (this.#taken) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#taken = true;
    return this.#connection;
  }
  async releaseConnection(): Promise<void> {
    const next = this.#waiting.shift();
    if (next === undefined) this.#taken = false;
    else next();
    await Promise.resolve();
  }
  async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw(this.#begin));
  }
  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw("commit"));
  }
  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    // on a full disk or a failed read SQLite has rolled back by itself, and a second try would hide the cause
    if (!this.#database.isTransaction) return;
    await connection.executeQuery(CompiledQuery.raw("rollback"));
  }
  async destroy(): Promise<void> {
    this.#database.close();
    await Promise.resolve();
  }
}

/** Prepared statements are kept by their text: a query that runs again is not parsed again. */
const KEPT_STATEMENTS = 500;

class NodeSqliteConnection implements DatabaseConnection {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, ReturnType<DatabaseSync["prepare"]>>();
  readonly #explain: Explain;
  constructor(database: DatabaseSync, explain: Explain) {
    this.#database = database;
    this.#explain = explain;
  }
  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    try {
      return await Promise.resolve(this.#run<R>(query));
    } catch (error) {
      throw this.#explain(error);
    }
  }
  #run<R>(query: CompiledQuery): QueryResult<R> {
    const statement = this.#prepare(query.sql);
    const parameters = query.parameters.map(toSqlite);
    if (statement.columns().length > 0) {
      return { rows: statement.all(...parameters) as R[] };
    }
    const { changes, lastInsertRowid } = statement.run(...parameters);
    return { rows: [], numAffectedRows: BigInt(changes), insertId: BigInt(lastInsertRowid) };
  }
  #prepare(text: string): ReturnType<DatabaseSync["prepare"]> {
    const kept = this.#statements.get(text);
    if (kept !== undefined) return kept;
    const statement = this.#database.prepare(text);
    if (this.#statements.size >= KEPT_STATEMENTS) this.#statements.clear();
    this.#statements.set(text, statement);
    return statement;
  }
  /** All rows in one chunk: they are in this process's memory or on its disk. */
  async *streamQuery<R>(query: CompiledQuery): AsyncIterableIterator<QueryResult<R>> {
    yield await this.executeQuery<R>(query);
  }
}

function toSqlite(value: unknown): SQLInputValue {
  if (value === null || value === undefined) return null;
  if (typeof value === "boolean") return value ? 1 : 0;
  if (typeof value === "string" || typeof value === "number" || typeof value === "bigint") return value;
  if (value instanceof Uint8Array) return value;
  throw new TypeError(`a ${typeof value} cannot be bound to SQL`);
}
