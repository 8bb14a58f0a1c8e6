import { PosternError } from "#kernel";
import { BUILTIN_FILE, compileSet, type PolicySet } from "#policy";
import { type Command, defineCommand } from "../command.ts";
import { readPolicyFiles } from "../policy-files.ts";
import { checkRego } from "../rego/check.ts";
import { REGO_FLAGS } from "../rego/flags.ts";
import { EXIT, exitCodeOf } from "../terminal/exit-codes.ts";
import { describeFailure, describeFinding, failureJson, type Texts } from "../terminal/failure.ts";
import { usage } from "../terminal/parse.ts";
import { printJson } from "../terminal/print.ts";

export const policyCheck: Command = defineCommand({
  name: "policy check",
  details:
    "Compiles the files as a set of their own. It needs no running instance and changes nothing. What -f names is a set as\napply takes it; what stands without a flag is Rego.",
  arguments: [{ name: "PATH", what: "a .rego file, or a folder of them", optional: true, many: true }],
  flags: {
    file: { kind: "list", short: "f", value: "PATH", what: "a file, or a folder with all below it" },
    format: { kind: "value", choices: ["pretty", "json"], what: "findings of Rego as opa check prints them" },
    bundle: { kind: "switch", short: "b", what: "as opa check has it; modules are read from folders anyway" },
    pure: {
      kind: "switch",
      what: "refuse Rego that asks the network or chance, which none in effect may",
    },
    ...REGO_FLAGS,
  },
  examples: [
    { command: "postern policy check -f policy/", what: "before a commit, or in CI" },
    { command: "postern policy check -f policy/staging.rules --json", what: "findings for an editor" },
    { command: "postern policy check rego/ --strict --pure", what: "policies written in Rego" },
  ],
  async run({ flags, words, json }, world) {
    if (words.length > 0 && flags.file !== undefined)
      throw usage("-f names a set, and the other paths Rego", "postern policy check", "one of the two");
    if (words.length > 0) return checkRego(words, flags, json, world);
    if (flags.file === undefined) {
      throw usage("-f is missing: what to check", "postern policy check", "postern policy check -f FOLDER");
    }
    const files = readPolicyFiles(flags.file, world.folder);
    const texts: Texts = new Map(files.map((file) => [file.path, file.text]));
    try {
      const set = compileSet(files);
      for (const warning of set.warnings) world.stderr.write(`${describeFinding(warning, texts)}\n`);
      if (json) printJson(world, { version: set.version, ...counts(set), warnings: set.warnings });
      else {
        const { applications, rules } = counts(set);
        world.stdout.write(
          `No errors: ${rules} rule${rules === 1 ? "" : "s"}, ${applications} application${applications === 1 ? "" : "s"} ` +
            `in ${files.length} file${files.length === 1 ? "" : "s"}\nPut them into effect: postern apply -f ${flags.file.join(" -f ")}\n`,
        );
      }
      return EXIT.done;
    } catch (error) {
      if (!(error instanceof PosternError)) throw error;
      world.stderr.write(describeFailure(error, texts));
      if (json) printJson(world, failureJson(error));
      return exitCodeOf(error);
    }
  },
});

function counts(set: PolicySet): { readonly rules: number; readonly applications: number } {
  const rules = set.rules.filter((rule) => !rule.source.startsWith(`${BUILTIN_FILE.path}:`));
  return { rules: rules.length, applications: set.applications.size };
}
