import { sql } from "kysely";
import { PosternError, type Schedule } from "#kernel";
import type { Position } from "#link";
import { isBehind } from "./change-log.ts";
import type { Database } from "./database.ts";

/** How often the database is asked what other nodes have written. */
const POLL_MS = 250;

/** The change log, and the highest place in the event log. */
interface Seen extends Position {
  readonly event: number;
}

export interface WatchOptions {
  readonly database: Database;
  readonly schedule: Schedule;
  readonly changed: () => void;
  readonly written: () => void;
  /** The database holds less than it did: it was set back. */
  readonly wentBack: () => Promise<void>;
}

/** How far this node has seen the change log, and what tells it that others have written. */
export interface Watch {
  seen(): Position | undefined;
  /** Says how far the log was read. */
  note(position: Position): void;
  /** Says what this node itself has committed, and told its listeners of. */
  wrote(position: Position): void;
  stop(): void;
}

/**
 * Watches what other nodes write, by asking; a notification only makes it ask sooner. On SQLite there are no others, and
 * nothing is asked.
 */
export async function watchOthers(options: WatchOptions): Promise<Watch> {
  const { database, schedule, changed, written } = options;
  const first = await read(database);
  let seen: Position = first;
  let last: Seen = first;
  let asking = false;
  let again = false;
  let hinted = false;
  let stopped = false;

  function note(position: Position): void {
    if (position.epoch !== seen.epoch || position.number > seen.number) seen = position;
  }

  async function look(): Promise<void> {
    // before it is read: what commits meanwhile is not missing from it
    const known = seen;
    const heard = hinted;
    hinted = false;
    let now = await read(database);
    if (isBehind(now, known)) {
      await options.wentBack();
      now = await read(database);
    }
    const moved = now.epoch !== last.epoch || now.number > last.number;
    const news = moved || now.event !== last.event || heard;
    last = moved ? now : { ...last, event: now.event };
    note(now);
    if (moved) changed();
    if (news) written();
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
      hinted = true;
    } finally {
      asking = false;
    }
  }

  const stopHints = database.onHint(() => {
    hinted = true;
    void ask();
  });
  const stopPolling = database.shared ? schedule.every(POLL_MS, () => void ask()) : (): void => undefined;
  return {
    seen: () => seen,
    note,
    wrote({ epoch, number }) {
      note({ epoch, number });
      // what was read alone nobody has been told of
      if (last.epoch === epoch && last.number < number) last = { ...last, number };
    },
    stop() {
      stopped = true;
      stopHints();
      stopPolling();
    },
  };
}

async function read(database: Database): Promise<Seen> {
  const { rows } = await sql<Seen>`
    select epoch, number, (select coalesce(max(id), 0) from event) as event from counter where id = 1`.execute(
    database.reader,
  );
  const [row] = rows;
  if (row === undefined) throw new PosternError("state.damaged", "the change log has lost its counter");
  return row;
}
