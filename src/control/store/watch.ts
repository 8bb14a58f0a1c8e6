import { sql } from "kysely";
import { type Notify, PosternError, type Schedule } from "#kernel";
import type { Database, Seen } from "./database.ts";

/** How often the database is asked what other nodes have written. */
const POLL_MS = 250;

export interface WatchOptions {
  readonly database: Database;
  readonly schedule: Schedule;
  readonly notify: Notify;
  readonly changed: () => void;
  readonly written: () => void;
  /** The database holds less than it did: it was restored below us. */
  readonly wentBack: () => Promise<void>;
  /** It answers again after it did not: it may be another one. */
  readonly reconnected: () => Promise<void>;
}

/**
 * Watches what other nodes write, by asking; a notification only makes it ask sooner. On SQLite there are no others.
 * Returns what ends it.
 */
export async function watchOthers(options: WatchOptions): Promise<() => void> {
  const { database, schedule, changed, written } = options;
  if (!database.shared) return () => undefined;
  let last = await read(database);
  let asking = false;
  let again = false;
  let away = false;
  let stopped = false;

  async function look(): Promise<void> {
    if (away) {
      await options.reconnected();
      away = false;
    }
    const seen = await read(database);
    const before = last;
    last = seen;
    if (seen.epoch === before.epoch && seen.number < before.number) {
      await options.wentBack();
      last = await read(database);
      changed();
      return;
    }
    const moved = seen.epoch !== before.epoch || seen.number !== before.number;
    if (moved) changed();
    if (moved || seen.event !== before.event) written();
  }

  async function ask(): Promise<void> {
    again = true;
    if (asking) return;
    asking = true;
    try {
      while (again && !stopped) {
        again = false;
        await look();
      }
    } catch {
      // whoever reads or writes meanwhile is told; here it is only asked again
      away = true;
    } finally {
      asking = false;
    }
  }

  const stopHints = database.onHint(() => void ask());
  const stopPolling = schedule.every(POLL_MS, () => void ask());
  return () => {
    stopped = true;
    stopHints();
    stopPolling();
  };
}

async function read(database: Database): Promise<Seen> {
  const { rows } = await sql<Seen>`
    select epoch, number, (select coalesce(max(id), 0) from event) as event from counter where id = 1`.execute(
    database.reader,
  );
  const [seen] = rows;
  if (seen === undefined) throw new PosternError("state.damaged", "the change log has lost its counter");
  return seen;
}
