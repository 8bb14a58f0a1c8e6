import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { compile, type FormatOptions, format, SourceError, type SourceFinding } from "#rego";
import { type Call, type Command, defineCommand } from "../command.ts";
import { unifiedDiff } from "../rego/diff.ts";
import { describeSourceError } from "../rego/failures.ts";
import { loadingOf, REGO_FLAGS } from "../rego/flags.ts";
import { decode, loadPaths, readFile } from "../rego/load.ts";
import { EXIT } from "../terminal/exit-codes.ts";
import { describeFinding } from "../terminal/failure.ts";
import { usage } from "../terminal/parse.ts";
import { printJson } from "../terminal/print.ts";
import type { World } from "../world.ts";

interface Formatted {
  readonly file: string;
  readonly before: string;
  readonly after: string;
}

const FLAGS = {
  write: { kind: "switch", short: "w", what: "change the files" },
  diff: { kind: "switch", short: "d", what: "show what would change" },
  list: { kind: "switch", short: "l", what: "name the files that would change" },
  check: { kind: "switch", what: "name the files that would change, and end with 1 if there are any" },
  fail: { kind: "switch", what: "end with 1 if a file changed, or would" },
  "v0-v1": { kind: "switch", what: "read v0 and print v1, with the import that lets both read it" },
  "drop-v0-imports": { kind: "switch", what: "leave out imports that v1 has no need of" },
  "v0-compatible": REGO_FLAGS["v0-compatible"],
  ignore: REGO_FLAGS.ignore,
} as const;

type Flags = Call<typeof FLAGS>["flags"];

export const policyFmt: Command = defineCommand({
  name: "policy fmt",
  details:
    "Prints modules of Rego in their usual form, comments kept. It needs no running instance, and writes only with --write.\nWhat is in the mixed syntax of printed guides becomes Rego v1. Without a PATH, and for -, it reads standard input.",
  arguments: [{ name: "PATH", what: "a .rego file, or a folder of them", optional: true, many: true }],
  flags: FLAGS,
  examples: [
    { command: "postern policy fmt policy/ --write", what: "format every module below a folder" },
    { command: "postern policy fmt policy/ --check", what: "in CI" },
    { command: "postern policy fmt policy/authz.rego --diff", what: "what would change" },
    {
      command: "postern policy fmt policy/ --v0-v1 --drop-v0-imports --write",
      what: "move a folder from v0 to v1",
    },
  ],
  async run({ flags, words, json }, world) {
    if ([flags.write, flags.diff, flags.check, flags.list].filter((flag) => flag === true).length > 1)
      throw usage(
        "--write, --diff, --list and --check exclude each other",
        "postern policy fmt",
        "one of them",
      );
    const modules = modulesOf(words, flags, world.folder);
    const formatted: Formatted[] = [];
    let failed = false;
    for (const [file, before] of Object.entries(modules)) {
      const after = formatOne(file, before, flags, world);
      if (after === undefined) failed = true;
      else formatted.push({ file, before, after });
    }
    const changed = formatted.filter(({ before, after }) => before !== after);
    if (flags.write === true)
      for (const { file, after } of changed) {
        if (file === STANDARD_INPUT) world.stdout.write(after);
        else writeFileSync(resolve(world.folder, file), after);
      }
    if (json)
      printJson(world, { files: Object.keys(modules).length, changed: changed.map(({ file }) => file) });
    else if (flags.check === true || flags.list === true || flags.write === true)
      for (const { file } of changed) {
        if (file !== STANDARD_INPUT) world.stdout.write(`${file}\n`);
      }
    else if (flags.diff === true)
      for (const { file, before, after } of changed) world.stdout.write(unifiedDiff(file, before, after));
    else for (const { after } of formatted) world.stdout.write(after);
    if (flags["v0-v1"] === true) for (const each of formatted) world.stderr.write(leftOf(each));
    const isWrong = (flags.check === true || flags.fail === true) && changed.length > 0;
    return failed || isWrong ? EXIT.failed : EXIT.done;
  },
});

/** A module's text in its usual form, or undefined where it cannot be read, which is told. */
function formatOne(file: string, text: string, flags: Flags, world: World): string | undefined {
  const isOld = flags["v0-compatible"] === true || flags["v0-v1"] === true;
  const options: FormatOptions = {
    dialect: isOld ? "v0" : "v1",
    guide: true,
    withoutKeywords: flags["drop-v0-imports"] === true,
    ...(flags["v0-v1"] === true ? { to: "v0-v1" } : {}),
  };
  const texts = new Map([[file, text]]);
  // Where a folder is on its way from v0 to v1, what has arrived stays.
  const attempts: readonly FormatOptions[] =
    flags["v0-v1"] === true ? [options, { ...options, dialect: "v1" }] : [options];
  let first: SourceError | undefined;
  for (const attempt of attempts) {
    try {
      const { text: after, warnings } = format(file, text, attempt);
      for (const warning of warnings) world.stderr.write(`${describeFinding(warning, texts)}\n`);
      return after;
    } catch (error) {
      if (!(error instanceof SourceError)) throw error;
      first ??= error;
    }
  }
  if (first !== undefined)
    world.stderr.write(describeSourceError(first, texts, { dialect: isOld ? "v0" : "v1" }));
  return undefined;
}

/** What v1 no longer has and formatting cannot replace, as warnings. */
function leftOf({ file, after }: Formatted): string {
  try {
    compile({ [file]: after });
    return "";
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    return error.findings
      .filter(({ message }) => message.startsWith("deprecated built-in"))
      .map(
        (finding): SourceFinding => ({
          ...finding,
          severity: "warning",
          message: finding.message.replace(/^deprecated.*: /, "v1 no longer has the built-in "),
          hint: "write it in other words",
        }),
      )
      .map((finding) => `${describeFinding(finding, new Map([[file, after]]))}\n`)
      .join("");
  }
}

const STANDARD_INPUT = "-";

function modulesOf(
  paths: readonly string[],
  flags: Flags,
  from: string,
): { readonly [file: string]: string } {
  if (paths.length === 0 || (paths.length === 1 && paths[0] === STANDARD_INPUT))
    return { [STANDARD_INPUT]: decode(readFile(STANDARD_INPUT, "standard input"), "standard input") };
  const { modules } = loadPaths(paths, from, { ...loadingOf(flags), documents: false });
  if (Object.keys(modules).length === 0)
    throw usage("there is no .rego file", paths.join(", "), "postern policy fmt FOLDER");
  return modules;
}
