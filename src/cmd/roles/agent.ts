import { hostname } from "node:os";
import type { Notify } from "#kernel";
import { unixDialer } from "#link";
import { type InstanceSettings, sockets } from "../settings.ts";
import type { RunningRole } from "./role.ts";
import { serveAgent } from "./serve-agent.ts";
import { newBoot } from "./upward.ts";

/** The agent of the machine that an instance runs on. */
export async function run(settings: InstanceSettings, notify: Notify): Promise<RunningRole> {
  const { data, version, ops } = settings;
  return await serveAgent(
    {
      name: hostname(),
      ...{ data, run: settings.run, version },
      dialer: unixDialer(sockets(settings).link),
      ...(ops === undefined ? {} : { ops: { ...ops, port: ops.port + 2 } }),
    },
    newBoot(),
    notify,
  );
}
