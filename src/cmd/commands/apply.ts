import type { Applied, Apply } from "#api";
import { PosternError } from "#kernel";
import { type Command, DATA_FLAG, defineCommand } from "../command.ts";
import { ownerOf } from "../owner/client.ts";
import { checkApplied } from "../owner/shapes.ts";
import { readPolicyFiles } from "../policy-files.ts";
import { columns } from "../terminal/columns.ts";
import { EXIT, exitCodeOf } from "../terminal/exit-codes.ts";
import { describeFailure, describeFinding, failureJson, type Texts } from "../terminal/failure.ts";
import { paint } from "../terminal/paint.ts";
import { usage } from "../terminal/parse.ts";
import { printJson } from "../terminal/print.ts";

const GLYPHS: Readonly<Record<Applied["files"][number]["change"], string>> = {
  added: "+",
  changed: "~",
  removed: "-",
  same: " ",
};

export const apply: Command = defineCommand({
  name: "apply",
  details:
    "The files become part of the active policy set, as one new version, in effect at once and everywhere. A set with an\nerror, or that would lock every administrator out, changes nothing.",
  arguments: [],
  flags: {
    file: { kind: "list", short: "f", value: "PATH", what: "a file, or a folder with all below it" },
    replace: { kind: "switch", what: "make these files the whole set, instead of adding to it" },
    "dry-run": { kind: "switch", what: "check against the running instance and show what would change" },
    ...DATA_FLAG,
  },
  examples: [
    { command: "postern apply -f examples/first/", what: "apply a folder" },
    { command: "postern apply -f policy/ --dry-run", what: "see what would change" },
    { command: "postern apply -f policy/ --replace", what: "make the folder all there is" },
  ],
  async run({ flags, json }, world) {
    if (flags.file === undefined)
      throw usage("-f is missing: what to apply", "postern apply", "postern apply -f FOLDER");
    const files = readPolicyFiles(flags.file, world.folder);
    const texts: Texts = new Map(files.map((file) => [file.path, file.text]));
    const body: Apply = {
      files: files.map(({ path, text }) => ({ path, text })),
      mode: flags.replace === true ? "replace" : "merge",
    };
    const route = flags["dry-run"] === true ? "policy/check" : "policy/apply";
    try {
      const { value, raw } = await ownerOf(flags, world).post(route, body, checkApplied);
      for (const warning of value.warnings) world.stderr.write(`${describeFinding(warning, texts)}\n`);
      if (json) printJson(world, raw);
      else world.stdout.write(report(value, flags["dry-run"] === true, paint(world.colour).quiet));
      return EXIT.done;
    } catch (error) {
      if (!(error instanceof PosternError)) throw error;
      // shown here, where the text of the files is at hand for the caret lines
      world.stderr.write(describeFailure(error, texts));
      if (json) printJson(world, failureJson(error));
      return exitCodeOf(error);
    }
  },
});

function report(applied: Applied, dry: boolean, quiet: (text: string) => string): string {
  const version = applied.version.slice(0, 12);
  const rows = applied.files
    .filter((file) => file.change !== "same")
    .map((file) => [GLYPHS[file.change], file.path, quiet(file.change)]);
  if (!applied.changed) return `Nothing to change: version ${version} is active already\n`;
  const first = dry
    ? `This would become version ${version}; nothing was changed`
    : `Version ${version} is active, as activation ${applied.activation}`;
  const next = dry ? "Put it into effect: the same without --dry-run" : "See it: postern policy show";
  return `${first}\n${columns(rows, "  ")}${next}\n`;
}
