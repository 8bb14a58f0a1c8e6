import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { PosternError, parseJson } from "#kernel";
import { compileSet, explain, type Input, inputFromJson } from "#policy";
import { type Command, defineCommand } from "../command.ts";
import { readPolicyFiles } from "../policy-files.ts";
import { EXIT, exitCodeOf } from "../terminal/exit-codes.ts";
import { describeExplanation } from "../terminal/explanation.ts";
import { describeFailure, failureJson } from "../terminal/failure.ts";
import { paint } from "../terminal/paint.ts";
import { usage } from "../terminal/parse.ts";
import { printJson } from "../terminal/print.ts";

/** Nothing is recorded here, so the decision needs no id of its own. */
const OFFLINE = "offline";

export const policyDecide: Command = defineCommand({
  name: "policy decide",
  details:
    "Decides by the same function as the gateway, without a running instance. Ends with 0 when allowed and 4 when not.",
  arguments: [],
  flags: {
    file: {
      kind: "list",
      short: "f",
      value: "PATH",
      what: "the policy: a file, or a folder with all below it",
    },
    input: {
      kind: "value",
      value: "FILE",
      what: "the input as JSON, as explain --json shows it; - is standard input",
    },
  },
  examples: [
    { command: "postern policy decide -f policy/ --input request.json", what: "would this be allowed?" },
    {
      command: "postern explain dec_… --json | jq .input | postern policy decide -f policy/ --input -",
      what: "a request of yesterday under the rules of tomorrow",
    },
  ],
  async run({ flags, json }, world) {
    if (flags.file === undefined || flags.input === undefined) {
      const what = flags.file === undefined ? "-f is missing: the policy" : "--input is missing: a JSON file";
      throw usage(what, "postern policy decide", "postern policy decide -f FOLDER --input FILE");
    }
    const files = readPolicyFiles(flags.file, world.folder);
    try {
      const set = compileSet(files);
      const explanation = explain(readInput(resolve(world.folder, flags.input), flags.input), set, OFFLINE);
      if (json) printJson(world, explanation);
      else world.stdout.write(describeExplanation(explanation, paint(world.colour)));
      return explanation.decision.effect === "allow" ? EXIT.done : EXIT.denied;
    } catch (error) {
      if (!(error instanceof PosternError)) throw error;
      world.stderr.write(describeFailure(error, new Map(files.map((file) => [file.path, file.text]))));
      if (json) printJson(world, failureJson(error));
      return exitCodeOf(error);
    }
  },
});

function readInput(path: string, name: string): Input {
  let text: string;
  try {
    text = readFileSync(name === "-" ? 0 : path, "utf8");
  } catch (cause) {
    throw new PosternError("not_found", "the input cannot be read", {
      where: path,
      remedy: "--input FILE",
      cause,
    });
  }
  return inputFromJson(parseJson(text, name));
}
