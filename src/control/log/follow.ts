import type { Store } from "#store";
import { events, newest } from "./queries.ts";
import type { LoggedEvent } from "./types.ts";

const BATCH = 200;

/**
 * Reads on from a place whenever something was written, by whichever node; one reading at a time. Places are in the order of
 * commits, so that nothing is added below one that was read. See `EventLog.follow`.
 */
export function follow(
  store: Pick<Store, "db" | "onWrite">,
  after: number,
  onEvent: (event: LoggedEvent) => void,
): () => void {
  let place = after;
  /** Whether the log has reached that place. */
  let reached = false;
  let busy = false;
  let again = false;
  let ended = false;

  /** A log that ends before a place that it had reached was set back: from its new end on, all is news. */
  async function settle(): Promise<void> {
    const end = await newest(store.db);
    if (end >= place) reached = true;
    else if (reached) place = end;
  }

  async function read(): Promise<void> {
    again = true;
    if (busy) return;
    busy = true;
    try {
      while (again && !ended) {
        again = false;
        const found = await events(store.db, { after: place, limit: BATCH });
        for (const event of found) {
          if (ended) return;
          place = event.id;
          reached = true;
          onEvent(event);
        }
        if (found.length === 0) await settle();
        if (found.length === BATCH) again = true;
      }
    } finally {
      busy = false;
    }
  }

  const listener = (): void => {
    // a reading that fails is tried again at the next write; nothing is skipped, since the place stays
    void read().catch(() => undefined);
  };
  const stopListening = store.onWrite(listener);
  listener();
  return () => {
    ended = true;
    stopListening();
  };
}
