import { type Command, defineCommand } from "../command.ts";
import { EXIT } from "../terminal/exit-codes.ts";
import { printJson } from "../terminal/print.ts";
import { packageVersion } from "../version.ts";

export const version: Command = defineCommand({
  name: "version",
  arguments: [],
  flags: {},
  examples: [{ command: "postern version", what: "Postern's, and that of the Node that runs it" }],
  async run({ json }, world) {
    const said = { postern: packageVersion(), node: process.versions.node };
    if (json) printJson(world, said);
    else world.stdout.write(`postern ${said.postern}, on Node ${said.node}\n`);
    return await Promise.resolve(EXIT.done);
  },
});
