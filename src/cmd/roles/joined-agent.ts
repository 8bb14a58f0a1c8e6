import type { Notify } from "#kernel";
import type { MemberSettings } from "../settings.ts";
import { openJoined } from "./joined.ts";
import type { RunningRole } from "./role.ts";
import { serveAgent } from "./serve-agent.ts";

/** The agent of a host that joined an instance elsewhere. */
export async function run(settings: MemberSettings, notify: Notify): Promise<RunningRole> {
  const member = await openJoined("agent", settings.data, notify);
  const agent = await serveAgent({ ...settings, ...member }, member.boot, notify);
  return {
    async stop() {
      await agent.stop();
      await member.close();
    },
  };
}
