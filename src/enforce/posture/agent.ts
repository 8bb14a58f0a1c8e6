import { componentEvent, type EventOrigin } from "#events";
import type { Clock, Notify, Schedule } from "#kernel";
import type { Spool } from "#spool";
import type { View } from "#view";

/** How often an agent reports its host, in milliseconds. */
export const HOST_REPORT_MS = 60_000;

/** The host that an agent runs on. */
export interface Host {
  readonly hostname: string;
  /** The kernel's own name, as `uname -s` says it, such as `Linux`. */
  readonly osName?: string;
  /** The kernel's release, as `uname -r` says it. */
  readonly osRelease: string;
}

export interface AgentOptions {
  /** Of the agent's slice: it says whether control still counts this agent among its own. */
  readonly view: Pick<View, "ended">;
  readonly spool: Spool;
  readonly name: string;
  readonly version: string;
  readonly clock: Clock;
  readonly schedule: Schedule;
  readonly host: Host;
  readonly notify: Notify;
}

/** Starts the agent: it reports its host now and every minute, as long as control counts it among its own. */
export function startAgent(options: AgentOptions): { stop(): void } {
  const { view, spool, name, version, clock, schedule, host, notify } = options;
  const origin: EventOrigin = { role: "agent", name, version };

  function report(): void {
    // nobody would take it, and it would wait on this disk for ever
    if (view.ended() !== undefined) return;
    const component = { role: "agent" as const, name, version };
    spool.append(
      componentEvent(origin, { time: clock.now(), component, state: "report", ...host }),
      (error) => {
        if (error !== undefined)
          notify({ event: "warning", message: `the report was not written: ${error.message}` });
      },
    );
  }

  report();
  const stopReporting = schedule.every(HOST_REPORT_MS, report);
  return { stop: stopReporting };
}
