import { type Clock, growingPause, type Notify, PosternError, type Schedule } from "#kernel";
import { HEARTBEAT_MS, type LinkClient, type StateMessage, type StreamRequest } from "#link";

const FIRST_PAUSE_MS = 100;
/** Below the tightest bound on the age of a view, so that a control that comes back is found in time. */
const LONGEST_PAUSE_MS = 5_000;
/** Who was shut out may be let in again some day, by a new membership. */
const ENDED_PAUSE_MS = 30_000;
/** A stream that has been silent this long is dead, whatever TCP says. */
const SILENCE_MS: number = 4 * HEARTBEAT_MS;

/** Control's words for somebody who is not, or no longer, a member. */
const ENDING: ReadonlySet<string> = new Set<PosternError["code"]>(["member.revoked", "member.unknown"]);

export interface StateStreamOptions {
  readonly link: LinkClient;
  readonly clock: Clock;
  readonly schedule: Schedule;
  readonly notify: Notify;
  /** What to ask for; called anew at every try, when nothing of the last one will come any more. */
  readonly begin: () => StreamRequest;
  /** Takes a message; false when it does not follow from what came before. */
  readonly onMessage: (message: StateMessage) => boolean;
  /** Control has shut this member out. */
  readonly onEnded: (why: string) => void;
}

export interface StateStream {
  /** Asks anew at once, by another stream. */
  reopen(): void;
  close(): void;
}

/** Keeps one stream of state open, trying again with a growing pause. */
export function keepStream(options: StateStreamOptions): StateStream {
  const { link, clock, schedule, notify } = options;
  let closed = false;
  let attempt = 0;
  let reopening = false;
  let closeStream: (() => void) | undefined;
  let cancelRetry: (() => void) | undefined;
  let heardAt = clock.monotonic();

  function open(): void {
    heardAt = clock.monotonic();
    closeStream = link.openState(options.begin(), {
      onMessage(message) {
        heardAt = clock.monotonic();
        if (!options.onMessage(message)) throw new Error("the stream does not follow from what came before");
        attempt = 0;
      },
      onEnd(error) {
        closeStream = undefined;
        if (closed) return;
        const ended = error instanceof PosternError && ENDING.has(error.code);
        if (ended) options.onEnded(error.message);
        else if (attempt === 0 && !reopening) {
          const why = error === undefined ? "" : `: ${error.message}`;
          notify({ event: "link-lost", message: `the link to control ended${why}` });
        }
        const growing = growingPause(attempt, FIRST_PAUSE_MS, LONGEST_PAUSE_MS);
        cancelRetry = schedule.after(reopening ? 0 : ended ? ENDED_PAUSE_MS : growing, open);
        attempt += 1;
      },
    });
  }

  const stopWatching = schedule.every(HEARTBEAT_MS, () => {
    if (closeStream !== undefined && clock.monotonic() - heardAt > SILENCE_MS) closeStream();
  });
  open();
  return {
    reopen() {
      reopening = true;
      closeStream?.();
      reopening = false;
    },
    close() {
      closed = true;
      stopWatching();
      cancelRetry?.();
      closeStream?.();
    },
  };
}
