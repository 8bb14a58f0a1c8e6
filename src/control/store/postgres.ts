import { Kysely, sql, type Transaction } from "kysely";
import pg from "pg";
import { growingPause, type Notify, PosternError, type Schedule } from "#kernel";
import type { Database } from "./database.ts";
import { ExplainingPostgresDialect } from "./postgres-dialect.ts";
import { explained } from "./postgres-errors.ts";
import type { Schema } from "./schema.ts";

export interface PostgresOptions {
  readonly url: string;
  readonly schedule: Schedule;
  readonly notify: Notify;
}

/** Connections of one control node; it takes a few more, for listening and one for each task that it leads in. */
const READERS = 6;
const WRITERS = 4;
const CONNECT_MS = 5_000;
/** The longest a statement may take; a snapshot of a large instance is the slowest. */
const STATEMENT_MS = 30_000;
/** How long a write waits for its turn. */
const LOCK_MS = 8_000;
/** A node that stops in the middle of a write loses its connection, and the others go on. */
const IDLE_IN_TRANSACTION_MS = 5_000;

/** Keys of our advisory locks: the first half is ours, the second says which. */
const LOCK_SPACE = 0x706f_7374;
const WRITES = 1;
const EVENTS = 2;
/** A leader that stops answering loses its lock after this long, and another takes over. */
const LEADER_SILENCE_MS = 10_000;
const LEADER_PING_MS = 2_000;
const CHANNEL = "postern_change";
const FIRST_PAUSE_MS = 100;
const MOST_PAUSE_MS = 5_000;

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

/** Opens PostgreSQL. @throws PosternError `state.unreachable` */
export async function openPostgres({ url, schedule, notify }: PostgresOptions): Promise<Database> {
  const where = placeOf(url);
  const config: pg.ClientConfig = {
    connectionString: url,
    types,
    application_name: "postern",
    connectionTimeoutMillis: CONNECT_MS,
    statement_timeout: STATEMENT_MS,
    query_timeout: STATEMENT_MS + 5_000,
    lock_timeout: LOCK_MS,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: 5_000,
  };
  const connect = (max: number): { readonly pool: pg.Pool; readonly db: Kysely<Schema> } => {
    const pool = new pg.Pool({ ...config, max, idleTimeoutMillis: 30_000 });
    // a connection that breaks while nobody uses it; whoever wants one gets another
    pool.on("error", () => undefined);
    return { pool, db: new Kysely<Schema>({ dialect: new ExplainingPostgresDialect({ pool }, where) }) };
  };
  const { db: writer } = connect(WRITERS);
  const { pool: readers, db: reader } = connect(READERS);
  // as on SQLite, where the reading connection cannot write either
  readers.on("connect", (client) => {
    client.query("set default_transaction_read_only = on").catch(() => undefined);
  });
  const destroy = async (): Promise<void> => {
    await Promise.all([reader.destroy(), writer.destroy()]);
  };
  try {
    await sql`select 1`.execute(writer);
  } catch (error) {
    await destroy();
    throw error;
  }
  const hints = new Set<() => void>();
  const stopListening = listen(config, schedule, notify, () => {
    for (const hint of hints) hint();
  });

  const lock = async (tx: Transaction<Schema>, key: number): Promise<void> => {
    await sql`select pg_advisory_xact_lock(${LOCK_SPACE}::int4, ${key}::int4)`.execute(tx);
  };
  return {
    kind: "postgres",
    shared: true,
    reader,
    writer,
    exclude: async (tx) => await lock(tx, WRITES),
    orderEvents: async (tx) => await lock(tx, EVENTS),
    async announce(tx) {
      await sql`select pg_notify(${CHANNEL}, '')`.execute(tx);
    },
    readOnce: async (work) =>
      await reader
        .transaction()
        .setIsolationLevel("repeatable read")
        .setAccessMode("read only")
        .execute(work),
    onHint(listener) {
      hints.add(listener);
      return () => hints.delete(listener);
    },
    async history() {
      const { rows } = await sql<{ system: string; timeline: string }>`
        select system_identifier::text as system,
          case when pg_is_in_recovery() then 'standby' else substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) end as timeline
        from pg_control_system()`.execute(reader);
      const row = rows[0];
      return row === undefined ? undefined : `${row.system}/${row.timeline}`;
    },
    tryLock: async (task, onLost) => await tryLock(config, where, schedule, task, onLost),
    async close() {
      stopListening();
      await destroy();
    },
  };
}

/** Keeps a connection that listens, and makes it anew when it breaks. Returns what ends it. */
function listen(config: pg.ClientConfig, schedule: Schedule, notify: Notify, hint: () => void): () => void {
  let closed = false;
  let failures = 0;
  let client: pg.Client | undefined;
  let cancel: () => void = () => undefined;

  async function connect(): Promise<void> {
    const own = new pg.Client({ ...config, statement_timeout: 0, query_timeout: 0 });
    client = own;
    let over = false;
    const again = (): void => {
      if (over) return;
      over = true;
      void own.end().catch(() => undefined);
      if (!closed)
        cancel = schedule.after(
          growingPause(failures++, FIRST_PAUSE_MS, MOST_PAUSE_MS),
          () => void connect(),
        );
    };
    own.on("error", again);
    own.on("end", again);
    own.on("notification", hint);
    try {
      await own.connect();
      await own.query(`listen ${CHANNEL}`);
      if (failures > 0) notify({ event: "progress", message: "the database is heard again" });
      failures = 0;
      hint();
    } catch {
      // the pool's users say what is wrong; polling goes on meanwhile
      again();
    }
  }
  void connect();
  return () => {
    closed = true;
    cancel();
    void client?.end().catch(() => undefined);
  };
}

/** Session-level: held until its connection ends, however that comes about. */
async function tryLock(
  config: pg.ClientConfig,
  where: string,
  schedule: Schedule,
  task: string,
  onLost: () => void,
): Promise<(() => Promise<void>) | undefined> {
  const client = new pg.Client(config);
  let released = false;
  let stopPinging: () => void = () => undefined;
  const lost = (): void => {
    stopPinging();
    if (!released) onLost();
    released = true;
  };
  client.on("error", lost);
  client.on("end", lost);
  try {
    await client.connect();
    const { rows } = await client.query<{ held: boolean }>(
      "select pg_try_advisory_lock($1::int4, hashtext($2)) as held",
      [LOCK_SPACE + 1, task],
    );
    if (rows[0]?.held === true) {
      await client.query(`set idle_session_timeout = ${LEADER_SILENCE_MS}`);
      stopPinging = schedule.every(LEADER_PING_MS, () => void client.query("select 1").catch(lost));
      return async () => {
        released = true;
        stopPinging();
        await client.end();
      };
    }
    released = true;
    await client.end();
    return undefined;
  } catch (error) {
    released = true;
    await client.end().catch(() => undefined);
    throw explained(error, where);
  }
}

/** The address without what is secret in it. */
function placeOf(text: string): string {
  const url = URL.parse(text);
  if (url === null) throw new PosternError("usage.invalid", "the database is an address of PostgreSQL");
  return `${url.hostname || (url.searchParams.get("host") ?? "localhost")}${url.port === "" ? "" : `:${url.port}`}${url.pathname}`;
}
