import pg from "pg";
import type { TaskLocks } from "./database.ts";
import { explained } from "./postgres-errors.ts";
import { TASK_LOCK_SPACE } from "./postgres-settings.ts";

/** A node that does not look after its locks for this long loses them all, and another leads. */
const SILENCE_MS = 10_000;
/** The longest that asking for a lock or after it may take. */
const ANSWER_MS = 5_000;

/**
 * Locks of a session: held until its connection ends, however that comes about. All of a node's are on one connection, and a
 * term begins on that same connection, so that nobody can begin one without holding the lock.
 */
export function makeLocks(
  settings: pg.ClientConfig,
  where: string,
): TaskLocks & { readonly close: () => void } {
  const listeners = new Set<() => void>();
  let connected: Promise<pg.Client> | undefined;
  let current: pg.Client | undefined;

  async function connect(): Promise<pg.Client> {
    const client = new pg.Client({ ...settings, statement_timeout: ANSWER_MS, query_timeout: ANSWER_MS });
    current = client;
    client.on("error", () => drop(client));
    client.on("end", () => drop(client));
    await client.connect();
    await client.query(`set idle_session_timeout = ${SILENCE_MS}`);
    return client;
  }

  function drop(client: pg.Client): void {
    if (current !== client) return;
    current = undefined;
    connected = undefined;
    client.end().catch(() => undefined);
    for (const listener of listeners) listener();
  }

  async function ask<R extends pg.QueryResultRow>(
    text: string,
    parameters: readonly unknown[] = [],
  ): Promise<R | undefined> {
    connected ??= connect();
    const asked = current;
    try {
      const client = await connected;
      const { rows } = await client.query<R>(text, [...parameters]);
      return rows[0];
    } catch (error) {
      const statementOnly = error instanceof pg.DatabaseError && error.severity === "ERROR";
      if (!statementOnly && asked !== undefined) drop(asked);
      throw explained(error, where);
    }
  }

  async function unlock(task: string): Promise<void> {
    if (current !== undefined)
      await ask("select pg_advisory_unlock($1::int4, hashtext($2))", [TASK_LOCK_SPACE, task]);
  }

  return {
    async win(task, at) {
      const lock = await ask<{ held: boolean }>(
        "select pg_try_advisory_lock($1::int4, hashtext($2)) as held",
        [TASK_LOCK_SPACE, task],
      );
      if (lock?.held !== true) return undefined;
      try {
        const row = await ask<{ term: number }>(
          `insert into leader (task, term, since) values ($1, 1, $2)
           on conflict (task) do update set term = leader.term + 1, since = excluded.since
           returning term`,
          [task, at],
        );
        return row?.term;
      } catch (error) {
        await unlock(task).catch(() => undefined);
        throw error;
      }
    },
    release: unlock,
    async check() {
      await ask("select 1");
    },
    onLost(listener) {
      listeners.add(listener);
    },
    close() {
      const client = current;
      current = undefined;
      connected = undefined;
      client?.end().catch(() => undefined);
    },
  };
}
