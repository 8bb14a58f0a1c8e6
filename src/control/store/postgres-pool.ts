import type { PostgresCursor, PostgresPool, PostgresPoolClient, PostgresQueryResult } from "kysely";
import pg from "pg";
import { explained } from "./postgres-errors.ts";

export interface PoolOptions {
  readonly settings: pg.ClientConfig;
  readonly most: number;
  /** The address, for messages. */
  readonly where: string;
  /** Looks at each new connection before anybody uses it; what it throws is what whoever wanted it gets. */
  readonly prepare: (client: pg.ClientBase) => Promise<void>;
}

/**
 * The driver's pool, with its errors said in ours, and without its traps: a connection that breaks in somebody's hands does
 * not bring the process down, and one that may be in the middle of something is never handed to the next.
 */
export function makePool({ settings, most, where, prepare }: PoolOptions): PostgresPool {
  const pool = new pg.Pool({
    ...settings,
    max: most,
    idleTimeoutMillis: 30_000,
    async onConnect(client) {
      client.on("error", ignored);
      await prepare(client);
    },
  });
  pool.on("error", ignored);
  return {
    async connect() {
      try {
        return new Connection(await pool.connect(), where);
      } catch (error) {
        throw explained(error, where, { crowded: pool.totalCount - pool.idleCount >= most });
      }
    },
    end: async () => await pool.end(),
  };
}

/** Whoever uses the connection is told by the statement that fails; when nobody does, the next one gets another. */
function ignored(): void {
  return;
}

class Connection implements PostgresPoolClient {
  readonly #client: pg.PoolClient;
  readonly #where: string;
  #broken = false;
  constructor(client: pg.PoolClient, where: string) {
    this.#client = client;
    this.#where = where;
  }
  query<R>(statement: string, parameters: readonly unknown[]): Promise<PostgresQueryResult<R>>;
  query<R>(cursor: PostgresCursor<R>): PostgresCursor<R>;
  query<R>(
    statement: string | PostgresCursor<R>,
    parameters: readonly unknown[] = [],
  ): Promise<PostgresQueryResult<R>> | PostgresCursor<R> {
    if (typeof statement !== "string") throw new TypeError("there are no cursors in this pool");
    return this.#run<R>(statement, parameters);
  }
  async #run<R>(statement: string, parameters: readonly unknown[]): Promise<PostgresQueryResult<R>> {
    try {
      const { command, rowCount, rows } = await this.#client.query(statement, [...parameters]);
      return { command: command as PostgresQueryResult<R>["command"], rowCount: rowCount ?? 0, rows };
    } catch (error) {
      // ERROR ends a statement; anything worse, or from this side of the wire, the connection
      this.#broken ||= !(error instanceof pg.DatabaseError && error.severity === "ERROR");
      if (statement === "rollback") {
        // a connection that is closed rolls back by itself, and this error would hide the one that led here
        this.#broken = true;
        return { command: "DELETE", rowCount: 0, rows: [] };
      }
      throw explained(error, this.#where, { commit: statement === "commit" && this.#broken });
    }
  }
  release(): void {
    this.#client.release(this.#broken);
  }
}
