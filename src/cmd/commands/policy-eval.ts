import { resolve } from "node:path";
import { EvaluationError, parseValue, type Solution, SourceError, stringify, type Value } from "#rego";
import { type Call, type Command, defineCommand } from "../command.ts";
import { answerLine } from "../rego/batch.ts";
import { compileLoaded } from "../rego/compile.ts";
import { evaluateOptions } from "../rego/evaluation.ts";
import { describeSourceError, Failures } from "../rego/failures.ts";
import { EVALUATION_FLAGS, loadingOf, REGO_FLAGS, readingOf, regoHosts, timeoutOf } from "../rego/flags.ts";
import { loadPaths, readDocument } from "../rego/load.ts";
import { Network } from "../rego/network.ts";
import { schemasOf } from "../rego/schemas.ts";
import { describeSolutions, type Format, formatSolutions, opaErrors, solutionsJson } from "../rego/show.ts";
import { describeProfile, describeSteps, Profile, profileJson, Steps, stepsJson } from "../rego/trace.ts";
import { regoWorld } from "../rego/world.ts";
import { EXIT, type ExitCode } from "../terminal/exit-codes.ts";
import { describeFinding, type Texts } from "../terminal/failure.ts";
import { usage } from "../terminal/parse.ts";
import type { World } from "../world.ts";

const FLAGS = {
  data: { kind: "list", short: "d", value: "PATH", what: "policies and documents: a file or a folder" },
  bundle: {
    kind: "list",
    short: "b",
    value: "FOLDER",
    what: "a folder of which only modules, data.json and data.yaml count",
  },
  input: { kind: "value", short: "i", value: "FILE", what: "the input, JSON or YAML; - is standard input" },
  "stdin-input": { kind: "switch", short: "I", what: "the input is on standard input" },
  stdin: { kind: "switch", what: "the query is on standard input" },
  format: {
    kind: "value",
    short: "f",
    choices: ["pretty", "json", "raw", "values", "bindings"],
    what: "how to print the answer (pretty); json is --json, raw is for scripts",
  },
  fail: { kind: "switch", what: "end with 1 when the answer is undefined" },
  "fail-defined": { kind: "switch", what: "end with 1 when the answer is not undefined" },
  ...REGO_FLAGS,
  ...EVALUATION_FLAGS,
  "allow-random": { kind: "switch", what: "let rand.intn and uuid.rfc4122 give random values" },
  "strict-builtin-errors": { kind: "switch", what: "end with the first failure of a built-in" },
  "show-builtin-errors": { kind: "switch", what: "tell of every failure of a built-in" },
  timeout: { kind: "value", value: "TIME", what: "how long it may take: seconds, or 500ms, 2m (30)" },
  explain: { kind: "switch", what: "show each expression that was tried, and whether it held" },
  profile: { kind: "switch", what: "show where the time went" },
  batch: {
    kind: "switch",
    what: "answer JSON lines of standard input: id, modules, data, input, query, v0, strict",
  },
} as const;

type Flags = Call<typeof FLAGS>["flags"];

export const policyEval: Command = defineCommand({
  name: "policy eval",
  details:
    "Evaluates a query of Rego over files and folders. It needs no running instance. With --json it prints what\n`opa eval --format json` prints.",
  arguments: [{ name: "QUERY", what: "a query such as data.authz.allow", optional: true }],
  flags: FLAGS,
  examples: [
    { command: "postern policy eval -d policy/ -i input.json data.authz.allow", what: "one decision" },
    { command: "postern policy eval 'x := 1; y := x + 1'", what: "the language without any file" },
    { command: "postern policy eval -d policy/ -i input.json --explain data.authz.allow", what: "and why" },
    {
      command: "postern policy eval -d policy/ -i pod.json --fail-defined 'data.admission.deny[_]'",
      what: "in a script: 1 when anything is denied",
    },
  ],
  async run({ flags, words, json }, world) {
    if (flags.batch === true) {
      const reach = { hosts: regoHosts(flags), network: new Network(), random: true };
      for await (const line of world.lines())
        if (line.trim() !== "") world.stdout.write(`${answerLine(line, reach)}\n`);
      return EXIT.done;
    }
    const query = flags.stdin === true ? await readAll(world) : words[0];
    if (query === undefined || query.trim() === "") {
      throw usage("what to evaluate is missing", "postern policy eval", "postern policy eval -d FOLDER data");
    }
    if (flags.stdin === true && (words.length > 0 || flags["stdin-input"] === true || flags.input === "-"))
      throw usage("standard input is one thing", "postern policy eval", "--stdin alone reads the query");
    return evaluate(query, flags, json ? "json" : ((flags.format ?? "pretty") as Format), world);
  },
});

async function readAll(world: World): Promise<string> {
  const lines: string[] = [];
  for await (const line of world.lines()) lines.push(line);
  return lines.join("\n");
}

function evaluate(query: string, flags: Flags, format: Format, world: World): ExitCode {
  const { modules, data } = loadPaths(flags.data ?? [], world.folder, {
    ...loadingOf(flags),
    bundles: flags.bundle ?? [],
  });
  const input = readInput(flags, world);
  const timeoutMs = timeoutOf(flags.timeout ?? "30");
  const texts: Texts = new Map([...Object.entries(modules), ["query", query]]);
  const failures = new Failures();
  const network = new Network();
  const showAll = flags["show-builtin-errors"] === true;
  try {
    const policy = compileLoaded(modules, data.value, {
      ...readingOf(flags),
      ...schemasOf(flags.schema, world.folder, regoWorld(regoHosts(flags), network)),
      instrument: flags.explain === true || flags.profile === true,
    });
    for (const warning of policy.warnings) world.stderr.write(`${describeFinding(warning, texts)}\n`);
    const steps = new Steps();
    const profile = new Profile();
    const solutions = policy.evaluate(query, input, {
      ...evaluateOptions(timeoutMs, {
        hosts: regoHosts(flags),
        network,
        random: flags["allow-random"] === true,
      }),
      strictBuiltinErrors: flags["strict-builtin-errors"] === true,
      failed: failures.note,
      print: (line) => world.stderr.write(`${line}\n`),
      ...(flags.explain === true ? { probe: steps.probe } : {}),
      ...(flags.profile === true ? { probe: profile.probe } : {}),
    });
    if (format === "json") {
      const told = {
        ...solutionsJson(policy.parts(query), solutions),
        ...(showAll && failures.errors.length > 0 ? { errors: asValue(failures.errors) } : {}),
        ...(flags.explain === true ? { explanation: asValue(stepsJson(steps, policy, query)) } : {}),
        ...(flags.profile === true ? { profile: asValue(profileJson(profile, policy, query)) } : {}),
      };
      world.stdout.write(`${stringify(told)}\n`);
    } else {
      world.stdout.write(
        format === "pretty" ? describeSolutions(solutions) : formatSolutions(solutions, format),
      );
      if (flags.explain === true) world.stderr.write(describeSteps(steps, policy, query));
      if (flags.profile === true) world.stderr.write(describeProfile(profile, policy, query));
    }
    world.stderr.write(failures.describe({ all: showAll }));
    return exitOf(solutions, flags);
  } catch (error) {
    const errors = opaErrors(error);
    if (errors === undefined) throw error;
    if (format === "json") world.stdout.write(`${JSON.stringify({ errors })}\n`);
    if (error instanceof SourceError) world.stderr.write(describeSourceError(error, texts, readingOf(flags)));
    if (error instanceof EvaluationError)
      world.stderr.write(
        `error: ${error.code}: ${error.message}\n${error.where === undefined ? "" : `  ${error.where}\n`}${failures.remedyOf(error)}`,
      );
    return EXIT.failed;
  }
}

function asValue(told: unknown): Value {
  return parseValue(JSON.stringify(told));
}

function exitOf(solutions: readonly Solution[], flags: Flags): ExitCode {
  const isDefined = solutions.length > 0;
  if (flags.fail === true && !isDefined) return EXIT.failed;
  return flags["fail-defined"] === true && isDefined ? EXIT.failed : EXIT.done;
}

function readInput(flags: Flags, world: World): Value | undefined {
  if (flags["stdin-input"] === true && flags.input !== undefined)
    throw usage("--stdin-input and --input exclude each other", "postern policy eval", "one of the two");
  const name = flags["stdin-input"] === true ? "-" : flags.input;
  if (name === undefined) return undefined;
  return name === "-" ? readDocument("-", "standard input") : readDocument(resolve(world.folder, name), name);
}
