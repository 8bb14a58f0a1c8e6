import type { Store } from "#store";
import { events } from "./queries.ts";
import type { LoggedEvent } from "./types.ts";

const BATCH = 200;

/** Reads on from a place whenever something was written; one reading at a time. See `EventLog.follow`. */
export function follow(
  store: Pick<Store, "db" | "onWrite">,
  after: number,
  onEvent: (event: LoggedEvent) => void,
): () => void {
  let place = after;
  let busy = false;
  let again = false;
  let ended = false;

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
          onEvent(event);
        }
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
