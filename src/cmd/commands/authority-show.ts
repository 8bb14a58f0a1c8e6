import { type Command, DATA_FLAG, defineCommand } from "../command.ts";
import { authorityLines } from "../owner/authority-text.ts";
import { ownerOf } from "../owner/client.ts";
import { checkAuthority } from "../owner/deployment-shapes.ts";
import { EXIT } from "../terminal/exit-codes.ts";
import { printJson } from "../terminal/print.ts";

export const authorityShow: Command = defineCommand({
  name: "authority show",
  details: "Control, gateways and agents know each other by certificates of this authority.",
  arguments: [],
  flags: DATA_FLAG,
  examples: [
    { command: "postern authority show", what: "until when it is good, and where its rotation stands" },
    { command: "postern authority show --json | jq -r .pin", what: "what whoever joins has to pin" },
  ],
  async run({ flags, json }, world) {
    const { value, raw } = await ownerOf(flags, world).get("authority", checkAuthority);
    if (json) printJson(world, raw);
    else
      world.stdout.write(
        `The authority of ${value.trustDomain} ${value.phase === "steady" ? "vouches for its parts to one another" : "is being rotated"}\n` +
          authorityLines(value, Date.now()) +
          (value.phase === "steady"
            ? "Have another one: postern authority rotate\n"
            : "See who is connected: postern status\n"),
      );
    return EXIT.done;
  },
});
