import { parseArgs } from "node:util";
import { nearest, PosternError } from "#kernel";
import { type Call, COMMON_FLAGS, type Command, type Flag, type FlagTable } from "../command.ts";

/** Finds the command whose words begin the line; the longest name wins. */
export function findCommand<T extends { readonly name: string }>(
  commands: readonly T[],
  line: readonly string[],
): { readonly command: T; readonly rest: readonly string[] } {
  for (const length of [2, 1]) {
    const name = line.slice(0, length).join(" ");
    const command = commands.find((candidate) => candidate.name === name);
    if (command !== undefined) return { command, rest: line.slice(length) };
  }
  throw unknownCommand(
    commands.map(({ name }) => name),
    line,
  );
}

function unknownCommand(names: readonly string[], line: readonly string[]): PosternError {
  const [first = "", second = ""] = line;
  if (first.startsWith("-")) {
    return usage(
      `${first} stands before a command`,
      undefined,
      "postern COMMAND, then its flags; postern help lists the commands",
    );
  }
  const under = names.filter((name) => name.startsWith(`${first} `));
  if (under.length > 0) {
    const meant = nearest(`${first} ${second}`, under);
    const what =
      second === "" ? `postern ${first} needs one more word` : `unknown command "${first} ${second}"`;
    return usage(
      what,
      undefined,
      (meant === undefined ? under : [meant]).map((name) => `postern ${name}`).join(", "),
    );
  }
  const meant =
    nearest(first, names) ??
    nearest(`${first} ${second}`, names) ??
    nearest(
      first,
      names.map((n) => n.split(" ")[0] ?? n),
    );
  return usage(
    `unknown command "${first}"`,
    undefined,
    meant === undefined ? "postern help" : `postern ${meant}`,
  );
}

/**
 * Understands the rest of a command's line after its table of flags.
 * @throws PosternError `usage.invalid`, with what was probably meant
 */
export function parseCall(command: Command, line: readonly string[]): Call & { readonly help: boolean } {
  const table: FlagTable = { ...command.flags, ...COMMON_FLAGS };
  const { tokens } = parseArgs({
    args: [...line],
    options: Object.fromEntries(Object.entries(table).map(([name, flag]) => [name, optionOf(flag)])),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const flags: { [name: string]: true | string | string[] } = {};
  const words: string[] = [];
  for (const token of tokens) {
    if (token.kind === "positional") words.push(token.value);
    if (token.kind !== "option") continue;
    const flag = Object.hasOwn(table, token.name) ? table[token.name] : undefined;
    if (flag === undefined) throw unknownFlag(command, table, token.rawName);
    if (flag.kind === "switch") {
      if (token.value !== undefined) throw invalid(command, `${token.rawName} takes no value`);
      flags[token.name] = true;
      continue;
    }
    const value = flagValue(command, flag, token);
    const before = flags[token.name];
    if (flag.kind === "list") flags[token.name] = Array.isArray(before) ? [...before, value] : [value];
    else if (before !== undefined) throw invalid(command, `${token.rawName} is given twice`);
    else flags[token.name] = value;
  }
  const { help, json, ...own } = flags;
  if (help !== true) checkWords(command, words);
  return { flags: own, words, json: json === true, help: help === true };
}

function optionOf(flag: Flag): { type: "boolean" | "string"; short?: string } {
  return {
    type: flag.kind === "switch" ? "boolean" : "string",
    ...(flag.short === undefined ? {} : { short: flag.short }),
  };
}

function flagValue(
  command: Command,
  flag: Flag,
  token: {
    readonly rawName: string;
    readonly value?: string | undefined;
    readonly inlineValue?: boolean | undefined;
  },
): string {
  const { value, rawName } = token;
  // a flag where a value should be is a forgotten value, never the value
  if (value === undefined || value === "" || (token.inlineValue !== true && value.startsWith("--"))) {
    throw invalid(command, `${rawName} needs a value: ${rawName} ${flag.value ?? "VALUE"}`);
  }
  if (flag.choices !== undefined && !flag.choices.includes(value)) {
    const meant = nearest(value, flag.choices);
    throw invalid(
      command,
      `${rawName} is one of ${flag.choices.join(", ")}, not "${value}"`,
      meant === undefined ? undefined : `${rawName} ${meant}`,
    );
  }
  return value;
}

function unknownFlag(command: Command, table: FlagTable, rawName: string): PosternError {
  const known = Object.entries(table)
    .filter(([, flag]) => flag.internal !== true)
    .map(([name]) => `--${name}`);
  return invalid(command, `unknown flag ${rawName}`, nearest(rawName, known));
}

function checkWords(command: Command, words: readonly string[]): void {
  const needed = command.arguments.filter((argument) => argument.optional !== true);
  const missing = needed[words.length];
  if (missing !== undefined) throw invalid(command, `${missing.name} is missing: ${missing.what}`);
  const many = command.arguments.some((argument) => argument.many === true);
  const extra = many ? undefined : words[command.arguments.length];
  if (extra !== undefined) throw invalid(command, `"${extra}" is one word too many`);
}

function invalid(command: Command, what: string, meant?: string): PosternError {
  const help = `postern ${command.name} --help`;
  return usage(what, `postern ${command.name}`, meant === undefined ? help : `${meant}, or ${help}`);
}

/** An error in the command line. */
export function usage(what: string, where: string | undefined, remedy: string): PosternError {
  return new PosternError("usage.invalid", what, { ...(where === undefined ? {} : { where }), remedy });
}

/** Reads a whole number from a flag's value. @throws PosternError `usage.invalid` */
export function wholeNumber(flag: string, text: string, least: number, most: number): number {
  const value = /^\d{1,12}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= least && value <= most)) {
    throw usage(
      `${flag} is a whole number from ${least} to ${most}, not "${text}"`,
      undefined,
      `${flag} ${least}`,
    );
  }
  return value;
}
