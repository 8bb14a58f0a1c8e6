import type { ClientBase } from "pg";
import { PosternError } from "#kernel";
import { CHANNEL, LOCK_SPACE, OLDEST_VERSION, WRITES } from "./postgres-settings.ts";

/**
 * The history that the database is in: which cluster it is (made once, by initdb), and the timeline that its log is on
 * (a new one whenever a standby takes over or an earlier state is recovered; PostgreSQL "Continuous Archiving", Timelines).
 */
const HISTORY = `
  select system_identifier::text || '/' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) as now,
    (select name from history where id = 1) as known
  from pg_control_system()`;

export interface HistoryParts {
  /** Of the epoch that begins where the history is another. */
  readonly fresh: () => string;
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number;
  readonly began: (reason: string) => void;
}

/**
 * Makes sure that the epoch of the change log is of the history that the database at the other end is in: one that was
 * restored, or whose standby took over and may lack what was last committed, begins a new one. Only for a connection that
 * nobody uses yet.
 */
export async function settleHistory(client: ClientBase, parts: HistoryParts): Promise<void> {
  if (await sameHistory(client)) return;
  let began = false;
  await client.query("begin");
  try {
    await client.query("select pg_advisory_xact_lock($1::int4, $2::int4)", [LOCK_SPACE, WRITES]);
    const { rows } = await client.query<{ now: string; known: string | null }>(HISTORY);
    const [row] = rows;
    if (row !== undefined && row.now !== row.known) {
      // a database that never had one is as new as its counter, or comes from a version that did not ask
      if (row.known !== null) {
        await client.query("update counter set epoch = $1 where id = 1", [parts.fresh()]);
        await client.query("delete from change");
        began = true;
      }
      await client.query(
        `insert into history (id, name, since) values (1, $1, $2)
         on conflict (id) do update set name = excluded.name, since = excluded.since`,
        [row.now, parts.now()],
      );
      await client.query("select pg_notify($1, '')", [CHANNEL]);
    }
    await client.query("commit");
  } catch (error) {
    await client.query("rollback").catch(() => undefined);
    throw error;
  }
  if (began) parts.began("the database is another one, or its standby has taken over");
}

async function sameHistory(client: ClientBase): Promise<boolean> {
  const { rows } = await client.query<{ now: string; known: string | null }>(HISTORY);
  const [row] = rows;
  return row !== undefined && row.now === row.known;
}

/**
 * Makes sure that the server is one that we can work with.
 * @throws PosternError `state.unreachable`
 */
export async function checkServer(client: ClientBase, where: string): Promise<void> {
  const { rows } = await client.query<{ version: number; encoding: string; standby: boolean }>(
    `select current_setting('server_version_num')::int as version,
       current_setting('server_encoding') as encoding, pg_is_in_recovery() as standby`,
  );
  const [row] = rows;
  const refuse = (message: string, remedy: string): PosternError =>
    new PosternError("state.unreachable", message, { where, remedy });
  if (row === undefined) throw refuse("the database does not say what it is", "name a PostgreSQL server");
  if (row.standby)
    throw refuse(
      "the database is a standby, which takes no writes",
      "name the primary in --database, or promote this one",
    );
  if (row.version < OLDEST_VERSION * 10_000)
    throw refuse(
      `the database is PostgreSQL ${Math.floor(row.version / 10_000)}`,
      `take PostgreSQL ${OLDEST_VERSION} or later`,
    );
  if (row.encoding !== "UTF8")
    throw refuse(
      `the database keeps its text in ${row.encoding}`,
      "make one that keeps any: createdb --encoding UTF8 --template template0 NAME",
    );
}
