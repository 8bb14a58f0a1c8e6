import { COMMANDS, type CommandEntry } from "./commands.ts";
import { EXIT, type ExitCode, exitCodeOf } from "./terminal/exit-codes.ts";
import { describeFailure, failureJson } from "./terminal/failure.ts";
import { commandHelp, overview } from "./terminal/help.ts";
import { paint } from "./terminal/paint.ts";
import { findCommand, parseCall } from "./terminal/parse.ts";
import type { World } from "./world.ts";

/**
 * Runs one `postern` command line and returns its exit code. Whatever goes wrong is told on standard
 * error; with `--json` also as one JSON object on standard output.
 */
export async function runCommandLine(
  line: readonly string[],
  world: World,
  commands: readonly CommandEntry[] = COMMANDS,
): Promise<ExitCode> {
  try {
    const [first] = line;
    if (first === undefined || first === "--help" || first === "-h") {
      world.stdout.write(overview(commands, paint(world.colour)));
      return EXIT.done;
    }
    const words = first === "--version" || first === "-v" ? ["version", ...line.slice(1)] : line;
    const { command: entry, rest } = findCommand(commands, words);
    const command = await entry.load();
    const call = parseCall(command, rest);
    if (call.help) {
      world.stdout.write(commandHelp(entry, command, paint(world.colour)));
      return EXIT.done;
    }
    return await command.run(call, world);
  } catch (error) {
    world.stderr.write(describeFailure(error));
    if (line.includes("--json")) world.stdout.write(`${JSON.stringify(failureJson(error))}\n`);
    return exitCodeOf(error);
  }
}
