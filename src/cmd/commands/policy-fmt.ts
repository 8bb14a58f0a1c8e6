import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { format, SourceError } from "#rego";
import { type Command, defineCommand } from "../command.ts";
import { unifiedDiff } from "../rego/diff.ts";
import { REGO_FLAGS, readingOf } from "../rego/flags.ts";
import { loadPaths } from "../rego/load.ts";
import { EXIT } from "../terminal/exit-codes.ts";
import { describeFailure, describeFinding } from "../terminal/failure.ts";
import { usage } from "../terminal/parse.ts";
import { printJson } from "../terminal/print.ts";

interface Formatted {
  readonly file: string;
  readonly before: string;
  readonly after: string;
}

export const policyFmt: Command = defineCommand({
  name: "policy fmt",
  details:
    "Prints modules of Rego in their usual form, comments kept. It needs no running instance, and writes only with --write.\nWhat is in the mixed syntax of printed guides becomes Rego v1. - is standard input.",
  arguments: [{ name: "PATH", what: "a .rego file, or a folder of them", many: true }],
  flags: {
    write: { kind: "switch", short: "w", what: "change the files" },
    diff: { kind: "switch", short: "d", what: "show what would change" },
    check: { kind: "switch", what: "name the files that would change, and end with 1 if there are any" },
    "v0-compatible": REGO_FLAGS["v0-compatible"],
  },
  examples: [
    { command: "postern policy fmt policy/ --write", what: "format every module below a folder" },
    { command: "postern policy fmt policy/ --check", what: "in CI" },
    { command: "postern policy fmt policy/authz.rego --diff", what: "what would change" },
  ],
  async run({ flags, words, json }, world) {
    if ([flags.write, flags.diff, flags.check].filter((flag) => flag === true).length > 1)
      throw usage("--write, --diff and --check exclude each other", "postern policy fmt", "one of them");
    const modules = modulesOf(words, world.folder);
    const formatted: Formatted[] = [];
    let failed = false;
    for (const [file, before] of Object.entries(modules)) {
      try {
        const { text, warnings } = format(file, before, readingOf(flags));
        for (const warning of warnings)
          world.stderr.write(`${describeFinding(warning, new Map([[file, before]]))}\n`);
        formatted.push({ file, before, after: text });
      } catch (error) {
        if (!(error instanceof SourceError)) throw error;
        failed = true;
        world.stderr.write(describeFailure(error, new Map([[file, before]])));
      }
    }
    const changed = formatted.filter(({ before, after }) => before !== after);
    if (flags.write === true)
      for (const { file, after } of changed) {
        if (file === STANDARD_INPUT) world.stdout.write(after);
        else writeFileSync(resolve(world.folder, file), after);
      }
    if (json)
      printJson(world, { files: Object.keys(modules).length, changed: changed.map(({ file }) => file) });
    else if (flags.check === true || flags.write === true)
      for (const { file } of changed) world.stdout.write(`${file}\n`);
    else if (flags.diff === true)
      for (const { file, before, after } of changed) world.stdout.write(unifiedDiff(file, before, after));
    else for (const { after } of formatted) world.stdout.write(after);
    return failed || (flags.check === true && changed.length > 0) ? EXIT.failed : EXIT.done;
  },
});

const STANDARD_INPUT = "-";

function modulesOf(paths: readonly string[], from: string): { readonly [file: string]: string } {
  if (paths.length === 1 && paths[0] === STANDARD_INPUT) return { [STANDARD_INPUT]: readFileSync(0, "utf8") };
  const { modules } = loadPaths(paths, from, { documents: false });
  if (Object.keys(modules).length === 0)
    throw usage("there is no .rego file", paths.join(", "), "postern policy fmt FOLDER");
  return modules;
}
