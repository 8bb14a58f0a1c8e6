import { type Command, defineCommand } from "../command.ts";
import { COMMANDS } from "../commands.ts";
import { EXIT, EXIT_CODES } from "../terminal/exit-codes.ts";
import { commandHelp, overview } from "../terminal/help.ts";
import { paint } from "../terminal/paint.ts";
import { findCommand } from "../terminal/parse.ts";
import { printJson } from "../terminal/print.ts";

export const help: Command = defineCommand({
  name: "help",
  arguments: [
    { name: "COMMAND", what: "the command to explain; all of them when absent", optional: true, many: true },
  ],
  flags: {},
  examples: [
    { command: "postern help", what: "all commands" },
    { command: "postern help app add", what: "one of them" },
  ],
  async run({ words, json }, world) {
    if (words.length > 0) {
      const { command: entry } = findCommand(COMMANDS, words);
      const command = await entry.load();
      const { name, flags, arguments: takes, examples } = command;
      if (json) printJson(world, { name, purpose: entry.purpose, arguments: takes, flags, examples });
      else world.stdout.write(commandHelp(entry, command, paint(world.colour)));
      return EXIT.done;
    }
    const shown = COMMANDS.filter((entry) => entry.internal !== true);
    if (json) {
      printJson(world, {
        commands: shown.map(({ name, purpose }) => ({ name, purpose })),
        exitCodes: EXIT_CODES,
      });
    } else world.stdout.write(overview(COMMANDS, paint(world.colour)));
    return EXIT.done;
  },
});
