import { hostname, release, type } from "node:os";
import { join } from "node:path";
import { type Notify, newId, systemClock, systemIds, systemSchedule } from "#kernel";
import { LINK_PATHS, linkClient, parseRecordsAccepted, unixDialer } from "#link";
import { startAgent } from "#posture";
import { openSpool } from "#spool";
import { openView, reportView } from "#view";
import { type InstanceSettings, sockets } from "../settings.ts";
import type { RunningRole } from "./role.ts";

/** The agent of this host: reports its version, host name and OS release. */
export async function run(settings: InstanceSettings, notify: Notify): Promise<RunningRole> {
  const clock = systemClock;
  const schedule = systemSchedule;
  const name = hostname();
  const { version } = settings;
  const boot = newId("boot", clock.now(), systemIds);
  const link = linkClient({ dialer: unixDialer(sockets(settings).link), boot, role: "agent", name });
  const spool = await openSpool({
    folder: join(settings.data, "spool"),
    source: `agent:${name}`,
    boot,
    clock,
    schedule,
    ship: async (records) => parseRecordsAccepted(await link.send(LINK_PATHS.records, records)),
    notify,
  });
  const view = openView({
    link,
    role: "agent",
    name,
    boot,
    version,
    hostname: name,
    osRelease: release(),
    clock,
    schedule,
    notify,
  });
  const agent = startAgent({
    view,
    spool,
    name,
    version,
    clock,
    schedule,
    host: { hostname: name, osRelease: release(), osName: type() },
    notify,
  });
  const stopReporting = reportView({
    view,
    link,
    boot,
    version,
    schedule,
    notify,
    extra: () => ({ unshippedRecords: spool.unshipped }),
  });
  notify({ event: "ready" });
  return {
    async stop() {
      agent.stop();
      stopReporting();
      view.close();
      await spool.close();
      link.close();
    },
  };
}
