import pg from "pg";
import { growingPause, type Schedule } from "#kernel";
import { CHANNEL } from "./postgres-settings.ts";

const FIRST_PAUSE_MS = 100;
const MOST_PAUSE_MS = 5_000;

export interface ListenerParts {
  readonly settings: pg.ClientConfig;
  readonly schedule: Schedule;
  /** What this node itself says in the channel; not for its own ears. */
  readonly self: string;
  readonly hint: () => void;
}

/**
 * Keeps a connection that listens for other nodes' commits, and makes it anew when it breaks. Whoever missed something
 * meanwhile learns it by asking. Returns what ends it.
 */
export function listen({ settings, schedule, self, hint }: ListenerParts): () => void {
  let closed = false;
  let failures = 0;
  let client: pg.Client | undefined;
  let cancel: () => void = () => undefined;

  async function connect(): Promise<void> {
    const own = new pg.Client(settings);
    client = own;
    let over = false;
    const again = (): void => {
      if (over) return;
      over = true;
      own.end().catch(() => undefined);
      if (closed) return;
      cancel = schedule.after(growingPause(failures++, FIRST_PAUSE_MS, MOST_PAUSE_MS), () => void connect());
    };
    own.on("error", again);
    own.on("end", again);
    own.on("notification", ({ payload }) => {
      if (payload !== self) hint();
    });
    try {
      await own.connect();
      await own.query(`listen ${CHANNEL}`);
      failures = 0;
      hint();
    } catch {
      // whoever reads or writes says what is wrong
      again();
    }
  }

  void connect();
  return () => {
    closed = true;
    cancel();
    client?.end().catch(() => undefined);
  };
}
