import { type Command, DATA_FLAG, defineCommand } from "../command.ts";
import { ownerOf } from "../owner/client.ts";
import { EXIT } from "../terminal/exit-codes.ts";
import { printJson } from "../terminal/print.ts";

export const sessionEnd: Command = defineCommand({
  name: "session end",
  details: "The person is signed out of every application and their open connections are cut.",
  arguments: [{ name: "ID", what: "the session's id, as postern session list shows it" }],
  flags: DATA_FLAG,
  examples: [{ command: "postern session end ses_01jc3v6k2m8q9x7r4t5w6y0zab", what: "sign somebody out" }],
  async run({ flags, words: [id = ""], json }, world) {
    await ownerOf(flags, world).remove(`sessions/${encodeURIComponent(id)}`);
    if (json) printJson(world, { ended: id });
    else world.stdout.write(`The session has ended\nTo keep the person out: postern user disable NAME\n`);
    return EXIT.done;
  },
});
