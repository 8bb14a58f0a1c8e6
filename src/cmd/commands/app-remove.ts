import { type Command, DATA_FLAG, defineCommand } from "../command.ts";
import { ownerOf } from "../owner/client.ts";
import { EXIT } from "../terminal/exit-codes.ts";
import { printJson } from "../terminal/print.ts";

export const appRemove: Command = defineCommand({
  name: "app remove",
  details:
    "Its address stops answering at once and its open connections are cut. The upstream itself is not touched.",
  arguments: [{ name: "NAME", what: "the application's name" }],
  flags: DATA_FLAG,
  examples: [{ command: "postern app remove grafana", what: "stop serving Grafana" }],
  async run({ flags, words: [name = ""], json }, world) {
    await ownerOf(flags, world).remove(`applications/${encodeURIComponent(name)}`);
    if (json) printJson(world, { removed: name });
    else world.stdout.write(`${name} is no longer served\nSee what is: postern app list\n`);
    return EXIT.done;
  },
});
