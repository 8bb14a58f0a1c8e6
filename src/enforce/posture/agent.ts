import { componentEvent, type EventOrigin } from "#events";
import { type Clock, growingPause, type Notify, type Schedule } from "#kernel";
import type { LinkClient } from "#link";
import type { Spool } from "#spool";

/** How often an agent reports, in milliseconds. */
export const REPORT_MS = 60_000;
const FIRST_PAUSE_MS = 250;
const MOST_PAUSE_MS = 15_000;

/** The host that an agent runs on. */
export interface Host {
  readonly hostname: string;
  /** The kernel's own name, as `uname -s` says it, such as `Linux`. */
  readonly osName?: string;
  /** The kernel's release, as `uname -r` says it. */
  readonly osRelease: string;
}

export interface AgentOptions {
  readonly link: LinkClient;
  readonly spool: Spool;
  readonly name: string;
  readonly boot: string;
  readonly version: string;
  readonly clock: Clock;
  readonly schedule: Schedule;
  readonly host: Host;
  readonly notify: Notify;
}

/** Starts the agent: it keeps the link open, so that control sees it connected, and reports now and every minute. */
export function startAgent(options: AgentOptions): { stop(): void } {
  const { link, spool, name, boot, version, clock, schedule, host, notify } = options;
  const origin: EventOrigin = { role: "agent", name, version };
  let attempt = 0;
  let stopped = false;
  let close: () => void = () => undefined;
  let cancelPause: () => void = () => undefined;

  function connect(): void {
    close = link.openState(
      { role: "agent", name, boot, version, hostname: host.hostname, osRelease: host.osRelease },
      {
        onMessage: () => {
          attempt = 0;
        },
        onEnd: () => {
          if (stopped) return;
          cancelPause = schedule.after(growingPause(attempt++, FIRST_PAUSE_MS, MOST_PAUSE_MS), connect);
        },
      },
    );
  }

  function report(): void {
    const component = { role: "agent" as const, name, version };
    spool.append(
      componentEvent(origin, { time: clock.now(), component, state: "report", ...host }),
      (error) => {
        if (error !== undefined)
          notify({ event: "warning", message: `the report was not written: ${error.message}` });
      },
    );
  }

  connect();
  report();
  const stopReporting = schedule.every(REPORT_MS, report);
  return {
    stop() {
      stopped = true;
      stopReporting();
      cancelPause();
      close();
    },
  };
}
