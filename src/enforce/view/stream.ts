import { type Clock, growingPause, type Notify, type Schedule } from "#kernel";
import { HEARTBEAT_MS, type LinkClient, type StateMessage, type StreamRequest } from "#link";

const FIRST_PAUSE_MS = 100;
/** Below the tightest bound on the age of a view, so that a control that comes back is found in time. */
const LONGEST_PAUSE_MS = 5_000;
/** A stream that has been silent this long is dead, whatever TCP says. */
const SILENCE_MS: number = 4 * HEARTBEAT_MS;

export interface StateStreamOptions {
  readonly link: LinkClient;
  readonly clock: Clock;
  readonly schedule: Schedule;
  readonly notify: Notify;
  /** What to ask for; read anew at every try. */
  readonly wanted: () => StreamRequest;
  /** Takes a message; false when it does not follow from what came before, so that a snapshot is needed. */
  readonly onMessage: (message: StateMessage) => boolean;
}

/** Keeps one stream of state open, trying again with a growing pause. Returns what ends it. */
export function keepStream(options: StateStreamOptions): () => void {
  const { link, clock, schedule, notify } = options;
  let closed = false;
  let attempt = 0;
  let closeStream: (() => void) | undefined;
  let cancelRetry: (() => void) | undefined;
  let heardAt = clock.monotonic();

  function open(): void {
    heardAt = clock.monotonic();
    closeStream = link.openState(options.wanted(), {
      onMessage(message) {
        heardAt = clock.monotonic();
        if (!options.onMessage(message)) throw new Error("the stream does not follow from what came before");
        attempt = 0;
      },
      onEnd(error) {
        closeStream = undefined;
        if (closed) return;
        if (attempt === 0)
          notify({
            event: "link-lost",
            message: `the link to control ended${error === undefined ? "" : `: ${error.message}`}`,
          });
        cancelRetry = schedule.after(growingPause(attempt, FIRST_PAUSE_MS, LONGEST_PAUSE_MS), open);
        attempt += 1;
      },
    });
  }

  const stopWatching = schedule.every(HEARTBEAT_MS, () => {
    if (closeStream !== undefined && clock.monotonic() - heardAt > SILENCE_MS) closeStream();
  });
  open();
  return () => {
    closed = true;
    stopWatching();
    cancelRetry?.();
    closeStream?.();
  };
}
