import { type Command, defineCommand } from "../command.ts";
import { memberFolder, runFolder } from "../places.ts";
import { runRole } from "../role-process.ts";
import { takeFolders } from "../supervisor/data-folder.ts";
import { opsOf } from "../supervisor/settings-from-flags.ts";
import { announceRole } from "../terminal/announce-role.ts";
import { packageVersion } from "../version.ts";
import { MEMBER_FLAGS } from "./member-flags.ts";

export const agentRun: Command = defineCommand({
  name: "agent run",
  details: "Runs the agent of a host that has joined (postern agent join) until it is asked to stop.",
  arguments: [],
  flags: MEMBER_FLAGS.agent,
  examples: [{ command: "postern agent run", what: "as a service of this host" }],
  async run({ flags, json }, world) {
    const data = memberFolder("agent", flags.data, world);
    const ops = opsOf(flags.ops);
    const settings = {
      data,
      run: runFolder(data),
      version: packageVersion(),
      ...(ops === undefined ? {} : { ops }),
    };
    takeFolders(settings);
    return await runRole(
      async (notify) => await (await import("../roles/joined-agent.ts")).run(settings, notify),
      world,
      announceRole("agent", world, json),
    );
  },
});
