import { Kysely, PostgresDialect, sql, type Transaction } from "kysely";
import pg from "pg";
import { newId } from "#kernel";
import type { Database } from "./database.ts";
import { migrate } from "./migrate.ts";
import { explained } from "./postgres-errors.ts";
import { checkServer, settleHistory } from "./postgres-history.ts";
import { listen } from "./postgres-listener.ts";
import { makeLocks } from "./postgres-locks.ts";
import { makePool } from "./postgres-pool.ts";
import {
  CHANNEL,
  EVENTS,
  LOCK_MS,
  LOCK_SPACE,
  placeOf,
  READERS,
  settingsOf,
  WRITERS,
  WRITES,
} from "./postgres-settings.ts";
import type { Schema } from "./schema.ts";
import type { StoreParts } from "./store.ts";
import { makeTurns } from "./turns.ts";

/** The longest that closing waits for connections to a server that does not answer. */
const CLOSING_MS = 2_000;

/**
 * Opens PostgreSQL, with its tables brought to this version.
 * @throws PosternError `state.unreachable`, `state.newer`, `state.busy`, `usage.invalid`
 */
export async function openPostgres({
  url,
  clock,
  ids,
  schedule,
  notify,
}: StoreParts & { readonly url: string }): Promise<Database> {
  const where = placeOf(url);
  const settings = settingsOf(url);
  const self = newId("node", clock.now(), ids);
  const history = {
    fresh: () => newId("epoch", clock.now(), ids),
    now: () => clock.now(),
    began: (reason: string) =>
      notify({ event: "warning", message: `a new epoch of the change log begins: ${reason}` }),
  };
  await prepareTables(settings, where, history);

  const database = (most: number, prepare: (client: pg.ClientBase) => Promise<void>): Kysely<Schema> =>
    new Kysely<Schema>({
      dialect: new PostgresDialect({ pool: makePool({ settings, most, where, prepare }) }),
    });
  // every connection is made anew after the server was away, and may lead to another one then
  const prepare = async (client: pg.ClientBase): Promise<void> => {
    await checkServer(client, where);
    await settleHistory(client, history);
  };
  const writer = database(WRITERS, prepare);
  const reader = database(READERS, async (client) => {
    await prepare(client);
    // as on SQLite, where the reading connection cannot write either
    await client.query("set default_transaction_read_only = on");
  });
  const hints = new Set<() => void>();
  const stopListening = listen({
    settings,
    schedule,
    self,
    hint() {
      for (const hint of hints) hint();
    },
  });
  const locks = makeLocks(settings, where);
  const turns = makeTurns(schedule, LOCK_MS, where);
  const lock = async (tx: Transaction<Schema>, key: number): Promise<void> => {
    await sql`select pg_advisory_xact_lock(${LOCK_SPACE}::int4, ${key}::int4)`.execute(tx);
  };
  return {
    kind: "postgres",
    shared: true,
    reader,
    writer,
    turn: async () => await turns.take(),
    exclude: async (tx) => await lock(tx, WRITES),
    orderEvents: async (tx) => await lock(tx, EVENTS),
    async announce(tx) {
      await sql`select pg_notify(${CHANNEL}, ${self})`.execute(tx);
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
    locks,
    async close() {
      stopListening();
      locks.close();
      const closed = Promise.all([reader.destroy(), writer.destroy()]);
      let cancel: () => void = () => undefined;
      const late = new Promise<void>((resolve) => {
        cancel = schedule.after(CLOSING_MS, resolve);
      });
      await Promise.race([closed, late]);
      cancel();
    },
  };
}

/** Looks at the server, makes or migrates the tables, and settles the epoch, on a connection of its own. */
async function prepareTables(
  settings: pg.ClientConfig,
  where: string,
  history: Parameters<typeof settleHistory>[1],
): Promise<void> {
  const db = new Kysely<Schema>({
    dialect: new PostgresDialect({
      pool: makePool({
        settings,
        most: 1,
        where,
        prepare: async (client) => await checkServer(client, where),
      }),
    }),
  });
  try {
    await migrate(db, where);
  } finally {
    await db.destroy();
  }
  const client = new pg.Client(settings);
  client.on("error", () => undefined);
  try {
    await client.connect();
    await settleHistory(client, history);
  } catch (error) {
    throw explained(error, where);
  } finally {
    await client.end().catch(() => undefined);
  }
}
