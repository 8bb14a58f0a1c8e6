import type { Clock, Notify, Schedule } from "#kernel";
import { LINK_PATHS, type LinkClient } from "#link";
import type { View } from "#view";
import { ACTIVITY_REPORT } from "./limits.ts";

/** When sessions were last used here. */
export interface Activity {
  /** The session was used now. */
  touch(session: string): void;
  /** Milliseconds since the Unix epoch; undefined when this gateway has not seen it. */
  lastSeen(session: string): number | undefined;
  /** Sends what has not been sent, and ends. */
  stop(): Promise<void>;
}

export interface ActivityOptions {
  readonly view: View;
  readonly link: LinkClient;
  readonly clock: Clock;
  readonly schedule: Schedule;
  readonly notify: Notify;
}

/** Time for the last report when the gateway stops. */
const LAST_REPORT_MS = 500;

/** Reports to control, once a minute for all sessions together, which were used and when. */
export function reportActivity({ view, link, clock, schedule, notify }: ActivityOptions): Activity {
  const seen = new Map<string, number>();
  let unsent = new Map<string, number>();

  async function report(timeoutMs?: number): Promise<void> {
    if (unsent.size === 0) return;
    const sending = unsent;
    unsent = new Map();
    try {
      await link.send(LINK_PATHS.activity, { sessions: Object.fromEntries(sending) }, timeoutMs);
    } catch (error) {
      for (const [session, at] of sending) if (!unsent.has(session)) unsent.set(session, at);
      notify({
        event: "activity-unsent",
        message: `activity was not reported, and will be: ${error instanceof Error ? error.message : "unknown error"}`,
      });
    }
  }

  const stopReporting = schedule.every(ACTIVITY_REPORT, () => void report());
  const stopListening = view.onChange((changed) => {
    for (const { kind, key, value } of changed) {
      if (kind !== "session" || value !== null || view.session(key) !== undefined) continue;
      seen.delete(key);
      unsent.delete(key);
    }
  });

  return {
    touch(session) {
      const now = clock.now();
      seen.set(session, now);
      unsent.set(session, now);
    },
    lastSeen: (session) => seen.get(session),
    async stop() {
      stopReporting();
      stopListening();
      await report(LAST_REPORT_MS);
    },
  };
}
