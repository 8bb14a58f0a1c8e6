import { hostname, release, type } from "node:os";
import { type Notify, systemClock, systemSchedule } from "#kernel";
import type { ControlDialer, LinkClient } from "#link";
import { startAgent } from "#posture";
import { openView, reportView, type View } from "#view";
import { agentPart } from "../operations/agent-part.ts";
import { openOperations } from "../operations/open-operations.ts";
import type { Part } from "../operations/part.ts";
import type { Address } from "../settings.ts";
import type { RunningRole } from "./role.ts";
import { openUpward } from "./upward.ts";

export interface ServeAgent {
  readonly name: string;
  readonly data: string;
  readonly run: string;
  readonly version: string;
  readonly dialer: ControlDialer;
  readonly ops?: Address;
  readonly certificate?: { readonly part: Part; notAfter(): number };
  readonly joined?: (parts: { readonly link: LinkClient; readonly view: View }) => void;
}

/** Runs the agent of this host: it reports its version, host name and OS release, and how it is doing. */
export async function serveAgent(options: ServeAgent, boot: string, notify: Notify): Promise<RunningRole> {
  const { name, run, version } = options;
  const clock = systemClock;
  const schedule = systemSchedule;
  const up = await openUpward({
    role: "agent",
    name,
    boot,
    data: options.data,
    dialer: options.dialer,
    notify,
  });
  const { link, spool } = up;
  const view = openView({ link, role: "agent", name, boot, version, clock, schedule, notify });
  const operations = await openOperations({
    role: "agent",
    name,
    version,
    run,
    ...(options.ops === undefined ? {} : { at: options.ops }),
    clock,
    schedule,
    parts: [
      agentPart({ connected: () => Number.isFinite(view.ageSeconds()) }),
      up.part,
      ...(options.certificate === undefined ? [] : [options.certificate.part]),
    ],
  });
  options.joined?.({ link, view });
  const agent = startAgent({
    view,
    spool,
    name,
    version,
    clock,
    schedule,
    host: { hostname: hostname(), osRelease: release(), osName: type() },
    notify,
  });
  const stopReporting = reportView({
    view,
    link,
    boot,
    version,
    schedule,
    notify,
    extra: () => ({
      unshippedRecords: spool.unshipped,
      ...(options.certificate === undefined ? {} : { certificateNotAfter: options.certificate.notAfter() }),
    }),
  });
  notify({ event: "ready" });
  return {
    async stop() {
      operations.stopping();
      stopReporting();
      agent.stop();
      view.close();
      await spool.close();
      link.close();
      await operations.close();
    },
  };
}
