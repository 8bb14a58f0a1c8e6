import { resolve } from "node:path";
import { EvaluationError, type Policy, type Solution, SourceError, stringify, type Value } from "#rego";
import { type Call, type Command, defineCommand } from "../command.ts";
import { answerLine } from "../rego/batch.ts";
import { compileLoaded } from "../rego/compile.ts";
import { evaluateOptions } from "../rego/evaluation.ts";
import { REGO_FLAGS, readingOf, regoHosts } from "../rego/flags.ts";
import { loadPaths, readDocument } from "../rego/load.ts";
import { describeSolutions, opaErrors, solutionsJson } from "../rego/show.ts";
import { Profile, Steps, siteOf } from "../rego/trace.ts";
import { regoWorld } from "../rego/world.ts";
import { columns } from "../terminal/columns.ts";
import { EXIT, type ExitCode } from "../terminal/exit-codes.ts";
import { describeFailure, describeFinding, type Texts } from "../terminal/failure.ts";
import { usage, wholeNumber } from "../terminal/parse.ts";
import type { World } from "../world.ts";

const PROFILE_ROWS = 10;

const FLAGS = {
  data: { kind: "list", short: "d", value: "PATH", what: "policies and documents: a file or a folder" },
  input: { kind: "value", short: "i", value: "FILE", what: "the input, JSON or YAML; - is standard input" },
  ...REGO_FLAGS,
  "strict-builtin-errors": { kind: "switch", what: "end with the first failure of a built-in" },
  timeout: { kind: "value", value: "SECONDS", what: "how long it may take (30)" },
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
  ],
  async run({ flags, words, json }, world) {
    const [query] = words;
    if (flags.batch === true) {
      for await (const line of world.lines())
        if (line.trim() !== "") world.stdout.write(`${answerLine(line, regoHosts(flags))}\n`);
      return EXIT.done;
    }
    if (query === undefined) {
      throw usage("what to evaluate is missing", "postern policy eval", "postern policy eval -d FOLDER data");
    }
    return evaluate(query, flags, json, world);
  },
});

function evaluate(query: string, flags: Flags, json: boolean, world: World): ExitCode {
  const { modules, data } = loadPaths(flags.data ?? [], world.folder);
  const input = flags.input === undefined ? undefined : readInput(flags.input, world);
  const texts: Texts = new Map([...Object.entries(modules), ["query", query]]);
  try {
    const policy = compileLoaded(modules, data.value, {
      ...readingOf(flags),
      instrument: flags.explain === true || flags.profile === true,
    });
    for (const warning of policy.warnings) world.stderr.write(`${describeFinding(warning, texts)}\n`);
    const steps = new Steps();
    const profile = new Profile();
    const solutions = policy.evaluate(query, input, {
      ...evaluateOptions(1_000 * wholeNumber("--timeout", flags.timeout ?? "30", 1, 86_400)),
      strictBuiltinErrors: flags["strict-builtin-errors"] === true,
      world: regoWorld(regoHosts(flags)),
      print: (line) => world.stderr.write(`${line}\n`),
      ...(flags.explain === true ? { probe: steps.probe } : {}),
      ...(flags.profile === true ? { probe: profile.probe } : {}),
    });
    report(query, solutions, json, world);
    if (flags.explain === true) world.stderr.write(describeSteps(steps, policy, query));
    if (flags.profile === true) world.stderr.write(describeProfile(profile, policy, query));
    return EXIT.done;
  } catch (error) {
    const errors = opaErrors(error);
    if (errors === undefined) throw error;
    if (json) world.stdout.write(`${JSON.stringify({ errors })}\n`);
    if (error instanceof SourceError) world.stderr.write(describeFailure(error, texts));
    if (error instanceof EvaluationError)
      world.stderr.write(
        `error: ${error.code}: ${error.message}\n${error.where === undefined ? "" : `  ${error.where}\n`}`,
      );
    return EXIT.failed;
  }
}

function report(query: string, solutions: readonly Solution[], json: boolean, world: World): void {
  if (json) world.stdout.write(`${stringify(solutionsJson(query, solutions))}\n`);
  else world.stdout.write(describeSolutions(solutions));
}

function readInput(name: string, world: World): Value {
  return name === "-" ? readDocument("-", "input.json") : readDocument(resolve(world.folder, name), name);
}

function describeSteps({ steps, left }: Steps, policy: Policy, query: string): string {
  const sites = policy.sites(query);
  const rows = steps.flatMap(({ site, head, held }) => {
    const span = sites[site];
    if (span === undefined) return [];
    const { where, text } = siteOf(span);
    return [[head ? "⇒" : held > 0 ? "✓" : "✕", where, text, held > 1 ? `(${held} solutions)` : ""]];
  });
  return `${columns(rows)}${left === 0 ? "" : `… and ${left} more\n`}`;
}

function describeProfile(profile: Profile, policy: Policy, query: string): string {
  const sites = policy.sites(query);
  const rows = profile.rows().flatMap(({ site, evaluations, ms }) => {
    const span = sites[site];
    if (span === undefined) return [];
    const { where, text } = siteOf(span);
    return [[`${(ms * 1_000).toFixed(1)} µs`, String(evaluations), where, text]];
  });
  return columns([["time", "evaluations", "where", "expression"], ...rows.slice(0, PROFILE_ROWS)]);
}
