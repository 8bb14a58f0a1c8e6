import { type Command, DATA_FLAG, defineCommand } from "../command.ts";
import { ownerOf } from "../owner/client.ts";
import { checkSetupLink } from "../owner/shapes.ts";
import { EXIT } from "../terminal/exit-codes.ts";
import { duration } from "../terminal/moments.ts";
import { printJson } from "../terminal/print.ts";

export const setupLink: Command = defineCommand({
  name: "setup-link",
  details:
    "Only while there is no administrator. The link before it stops working. It opens once, in one browser.\nFor a second administrator: postern user invite NAME --role administrator",
  arguments: [],
  flags: DATA_FLAG,
  examples: [{ command: "postern setup-link", what: "the first one expired, or another browser opened it" }],
  async run({ flags, json }, world) {
    const { value: link, raw } = await ownerOf(flags, world).post("setup-link", {}, checkSetupLink);
    if (json) printJson(world, raw);
    else {
      world.stdout.write(
        `This link makes the first administrator:\n\n  ${link.url}\n\n` +
          `Open it in your browser within ${duration(link.expiresAt - Date.now())}; it works once.\n`,
      );
    }
    return EXIT.done;
  },
});
