import { sql } from "kysely";
import { type Clock, type Notify, PosternError, type Schedule } from "#kernel";
import type { Database } from "./database.ts";
import type { WriteTransaction } from "./store.ts";

/** How often a node that does not lead tries to. */
const TRY_EVERY_MS = 2_000;

/** The right to do what only one node may do. */
export interface Leadership {
  /** Grows with every change of leader. */
  readonly term: number;
  /**
   * Makes sure, inside a write, that no later term has begun; the write holds it off until it ends.
   * @throws PosternError `conflict` when another node leads by now
   */
  confirm(tx: WriteTransaction): Promise<void>;
}

export interface Elections {
  elect(task: string, lead: (leadership: Leadership) => () => void): () => Promise<void>;
  close(): Promise<void>;
}

interface Parts {
  readonly database: Database;
  readonly schedule: Schedule;
  readonly clock: Clock;
  readonly notify: Notify;
}

/**
 * One leader a task: who holds the database's lock of that name. A lock can be lost without its holder knowing yet, so each
 * term has a number in a row that the leader's writes read and lock: a fencing token.
 */
export function makeElections(parts: Parts): Elections {
  const stops = new Set<() => Promise<void>>();
  return {
    elect(task, lead) {
      const stop = stand(parts, task, lead);
      stops.add(stop);
      return async () => {
        stops.delete(stop);
        await stop();
      };
    },
    async close() {
      await Promise.all([...stops].map(async (stop) => await stop()));
    },
  };
}

function stand(
  { database, schedule, clock, notify }: Parts,
  task: string,
  lead: (leadership: Leadership) => () => void,
): () => Promise<void> {
  let stopped = false;
  let trying: Promise<void> | undefined;
  let leading: { readonly end: () => void; readonly release: () => Promise<void> } | undefined;
  let failing = false;

  async function attempt(): Promise<void> {
    let lost = false;
    const release = await database.tryLock(task, () => {
      lost = true;
      leading?.end();
      leading = undefined;
    });
    if (release === undefined) return;
    try {
      const term = await beginTerm(database, task, clock.now());
      if (lost || stopped) await release();
      else leading = { end: lead({ term, confirm: async (tx) => await confirm(tx, task, term) }), release };
    } catch (error) {
      await release();
      throw error;
    }
  }

  function tryToLead(): void {
    if (stopped || leading !== undefined || trying !== undefined) return;
    trying = attempt()
      .then(
        () => {
          failing = false;
        },
        (error: unknown) => {
          if (!failing)
            notify({ event: "warning", message: `nobody can be elected for ${task}: ${String(error)}` });
          failing = true;
        },
      )
      .finally(() => {
        trying = undefined;
      });
  }

  tryToLead();
  const stopTrying = schedule.every(TRY_EVERY_MS, tryToLead);
  return async () => {
    stopped = true;
    stopTrying();
    await trying;
    const was = leading;
    leading = undefined;
    was?.end();
    await was?.release();
  };
}

async function beginTerm(database: Database, task: string, at: number): Promise<number> {
  const row = await database.writer
    .insertInto("leader")
    .values({ task, term: 1, since: at })
    .onConflict((conflict) =>
      conflict.column("task").doUpdateSet(({ eb }) => ({ term: eb("leader.term", "+", 1), since: at })),
    )
    .returning("term")
    .executeTakeFirstOrThrow();
  return row.term;
}

async function confirm(tx: WriteTransaction, task: string, term: number): Promise<void> {
  // an update that changes nothing takes the row's lock on both databases: the next term waits until this write has ended
  const { rows } = await sql<{ term: number }>`
    update leader set term = term where task = ${task} returning term`.execute(tx.db);
  if (rows[0]?.term !== term)
    throw new PosternError("conflict", `another control node leads in ${task} by now`, {
      remedy: "nothing: that node goes on with it",
    });
}
