import pg from "pg";
import { PosternError } from "#kernel";

/** Connections of one control node; it takes two more, one for listening and one for the locks of what it leads in. */
export const READERS = 6;
export const WRITERS = 4;

/** How long a write waits for its turn, in milliseconds. */
export const LOCK_MS = 8_000;
/** A node that stops in the middle of a write loses its connection after this long, and the others go on. */
const IDLE_IN_TRANSACTION_MS = 5_000;
const CONNECT_MS = 5_000;
/** The longest that a statement may take; a snapshot of a large instance is the slowest. */
const STATEMENT_MS = 15_000;
/** Beyond the database's own limit, an answer that does not come is not coming. */
const ANSWER_MS = STATEMENT_MS + 2_000;
const KEEP_ALIVE_MS = 5_000;

/** Keys of our advisory locks: the first half is ours, the second says which. */
export const LOCK_SPACE = 0x706f_7374;
export const WRITES = 1;
export const EVENTS = 2;
/** The second half is of the task. */
export const TASK_LOCK_SPACE: number = LOCK_SPACE + 1;

export const CHANNEL = "postern_change";

/** The oldest version that has all we use (`idle_session_timeout`). */
export const OLDEST_VERSION = 14;

/** 64-bit integers are numbers here: all of ours are counts and times, far below 2^53. */
const types: pg.CustomTypesConfig = {
  getTypeParser(oid: number, format?: "text" | "binary") {
    if (oid !== pg.types.builtins.INT8) return pg.types.getTypeParser(oid, format ?? "text") as never;
    return ((text: string) => {
      const value = Number(text);
      if (!Number.isSafeInteger(value))
        throw new RangeError(`${text} from the database is beyond what is exact`);
      return value;
    }) as never;
  },
};

/** How a connection is made, and how long anything on it may take. */
export function settingsOf(url: string): pg.ClientConfig {
  return {
    connectionString: url,
    types,
    application_name: "postern",
    connectionTimeoutMillis: CONNECT_MS,
    statement_timeout: STATEMENT_MS,
    query_timeout: ANSWER_MS,
    lock_timeout: LOCK_MS,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
  };
}

/**
 * The address without what is secret in it.
 * @throws PosternError `usage.invalid`
 */
export function placeOf(text: string): string {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== "postgres:" && url.protocol !== "postgresql:"))
    throw new PosternError("usage.invalid", "the database is not an address of PostgreSQL", {
      remedy: "postgres://USER:PASSWORD@HOST:5432/DATABASE",
    });
  const host = url.hostname === "" ? (url.searchParams.get("host") ?? "localhost") : url.hostname;
  return `${host}${url.port === "" ? "" : `:${url.port}`}${url.pathname}`;
}
