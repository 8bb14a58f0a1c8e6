import type { ChildProcess } from "node:child_process";
import { type Notice, PosternError, systemClock, systemSchedule } from "#kernel";
import type { InstanceSettings } from "../settings.ts";
import { EXIT, type ExitCode } from "../terminal/exit-codes.ts";
import { type Announcer, servedFrom } from "./announce.ts";
import type { Pauses } from "./child.ts";
import type { StopRequests } from "./stop-requests.ts";
import { supervise } from "./supervisor.ts";

export interface InstanceOptions {
  readonly settings: InstanceSettings;
  readonly announcer: Announcer;
  readonly stops: Pick<StopRequests, "first" | "second">;
  readonly launch: (role: string) => ChildProcess;
  readonly pauses?: Pauses;
}

/**
 * Runs one instance from its start to its stop, telling the announcer all along.
 * @throws PosternError when a role could not start; what had started is stopped by then
 */
export async function runInstance(options: InstanceOptions): Promise<ExitCode> {
  const { settings, announcer, stops, launch, pauses } = options;
  const { notify } = announcer;
  let announced = false;
  notify({
    event: "starting",
    message: `Starting Postern ${settings.version}`,
    data: settings.data,
    pid: process.pid,
  });

  const supervisor = supervise({
    // the others need what control opens
    groups: [["control"], ["gateway", "agent", ...(settings.demo ? ["demo"] : [])]],
    launch,
    notify,
    onNotice,
    clock: systemClock,
    schedule: systemSchedule,
    ...(pauses === undefined ? {} : { pauses }),
  });

  function onNotice(role: string, notice: Notice): void {
    if (notice.event === "ready") {
      const again = announced && role === "control" ? servedFrom(notice).setup : undefined;
      if (again !== undefined) announcer.setupLink(again);
    } else if (notice.event !== "failed") notify({ ...notice, role });
  }

  void stops.second.then(() => supervisor.kill());
  try {
    const started = await Promise.race([supervisor.ready, stops.first.then(() => undefined)]);
    const control = started?.get("control");
    if (started !== undefined && control === undefined)
      throw new PosternError("internal", "control did not start");
    if (control !== undefined) {
      announcer.ready(servedFrom(control));
      announced = true;
      await stops.first;
    }
  } catch (error) {
    await supervisor.stop();
    throw error;
  }
  notify({ event: "stopping", message: "Stopping" });
  await supervisor.stop();
  announcer.stopped();
  return EXIT.done;
}
