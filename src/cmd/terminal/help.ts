import { COMMON_FLAGS, type Command, type Flag } from "../command.ts";
import type { CommandEntry } from "../commands.ts";
import { columns } from "./columns.ts";
import { EXIT_CODES } from "./exit-codes.ts";
import type { Paint } from "./paint.ts";

/** All commands, for `postern help`. */
export function overview(commands: readonly CommandEntry[], colours: Paint): string {
  const shown = commands.filter((command) => command.internal !== true);
  return [
    "Postern gives every application its own small guarded door.\n",
    section(colours, "Usage", "  postern COMMAND [ARGUMENTS] [FLAGS]\n"),
    section(
      colours,
      "Commands",
      columns(
        shown.map(({ name, purpose }) => [name, purpose]),
        "  ",
      ),
    ),
    section(colours, "Exit codes", exitCodes()),
    "postern COMMAND --help shows flags and examples.\n",
  ].join("\n");
}

/** One command: usage, flags, examples, exit codes. */
export function commandHelp(entry: CommandEntry, command: Command, colours: Paint): string {
  const words = command.arguments.map(({ name, optional, many }) => {
    const word = many === true ? `${name}…` : name;
    return optional === true ? `[${word}]` : word;
  });
  const flags = Object.entries({ ...command.flags, ...COMMON_FLAGS }).filter(
    ([, flag]) => flag.internal !== true,
  );
  const parts = [
    `postern ${command.name}: ${entry.purpose}\n`,
    ...(command.details === undefined ? [] : [`${command.details}\n`]),
    section(colours, "Usage", `  ${["postern", command.name, ...words, "[FLAGS]"].join(" ")}\n`),
  ];
  if (command.arguments.length > 0) {
    parts.push(
      section(
        colours,
        "Arguments",
        columns(
          command.arguments.map(({ name, what }) => [name, what]),
          "  ",
        ),
      ),
    );
  }
  parts.push(section(colours, "Flags", columns(flags.map(flagRow), "  ")));
  parts.push(
    section(
      colours,
      "Examples",
      command.examples.map(({ command: line, what }) => `  # ${what}\n  ${line}\n`).join(""),
    ),
  );
  parts.push(section(colours, "Exit codes", exitCodes()));
  return parts.join("\n");
}

function flagRow([name, flag]: readonly [string, Flag]): readonly string[] {
  const short = flag.short === undefined ? "" : `-${flag.short}, `;
  const value = flag.kind === "switch" ? "" : ` ${flag.choices?.join("|") ?? flag.value ?? "VALUE"}`;
  return [`${short}--${name}${value}`, flag.kind === "list" ? `${flag.what}; may be repeated` : flag.what];
}

function exitCodes(): string {
  return columns(
    EXIT_CODES.map(({ code, meaning }) => [String(code), meaning]),
    "  ",
  );
}

function section(colours: Paint, title: string, body: string): string {
  return `${colours.strong(title)}\n${body}`;
}
