import { type Policy, type RegoTest, SourceError } from "#rego";
import { type Call, type Command, defineCommand } from "../command.ts";
import { compileLoaded } from "../rego/compile.ts";
import { Coverage, type CoverageReport } from "../rego/coverage.ts";
import type { Reach } from "../rego/evaluation.ts";
import { describeSourceError, Failures } from "../rego/failures.ts";
import { EVALUATION_FLAGS, loadingOf, REGO_FLAGS, readingOf, regoHosts, timeoutOf } from "../rego/flags.ts";
import { loadPaths } from "../rego/load.ts";
import { Network } from "../rego/network.ts";
import { type CaseResult, type Outcome, resultJson, runTest, type TestResult } from "../rego/run-tests.ts";
import { schemasOf } from "../rego/schemas.ts";
import { opaErrors } from "../rego/show.ts";
import { Steps, siteOf } from "../rego/trace.ts";
import { regoWorld } from "../rego/world.ts";
import { columns } from "../terminal/columns.ts";
import { EXIT, type ExitCode } from "../terminal/exit-codes.ts";
import { describeFinding } from "../terminal/failure.ts";
import { type Paint, paint } from "../terminal/paint.ts";
import { usage, wholeNumber } from "../terminal/parse.ts";
import { printJson } from "../terminal/print.ts";
import { progressLine } from "../terminal/progress.ts";
import type { World } from "../world.ts";

const BENCH_MS = 1_000;
/** Between two words of how far it is. */
const PROGRESS_MS = 1_000;

const FLAGS = {
  run: { kind: "value", short: "r", value: "REGEX", what: "only tests whose full name matches" },
  coverage: { kind: "switch", short: "c", what: "report which lines the tests reach" },
  threshold: {
    kind: "value",
    value: "PERCENT",
    what: "fail when the tests reach fewer lines; with --coverage",
  },
  bench: { kind: "switch", what: "measure each test" },
  verbose: { kind: "switch", short: "v", what: "name tests that pass too, with what they print" },
  format: { kind: "value", short: "f", choices: ["pretty", "json"], what: "json is --json" },
  count: { kind: "value", value: "N", what: "run each test so many times (1)" },
  timeout: {
    kind: "value",
    value: "TIME",
    what: "how long each test may take: seconds, or 500ms, 2m (5)",
  },
  "exit-zero-on-skipped": {
    kind: "switch",
    short: "z",
    what: "end with 0 although todo_test_ rules were skipped",
  },
  "fail-on-empty": { kind: "switch", what: "end with 1 when there is no test" },
  bundle: {
    kind: "switch",
    short: "b",
    what: "read folders as bundles: of documents, only data.json and data.yaml",
  },
  ...REGO_FLAGS,
  ...EVALUATION_FLAGS,
} as const;

type Flags = Call<typeof FLAGS>["flags"];

/** A policy to run tests with, and what all of them are given. */
interface Bench {
  readonly flags: Flags;
  readonly timeoutMs: number;
  readonly reach: Reach;
  readonly failures: Failures;
  /** The same policy, compiled so that it tells what it evaluates. */
  readonly instrumented: () => Policy;
}

export const policyTest: Command = defineCommand({
  name: "policy test",
  details:
    "Runs the rules whose names begin with test_, as opa test does; todo_test_ rules are skipped. It needs no running\ninstance. With --json it prints what `opa test --format json` prints.",
  arguments: [{ name: "PATH", what: "a .rego, .json or .yaml file, or a folder of them", many: true }],
  flags: FLAGS,
  examples: [
    { command: "postern policy test policy/", what: "every test below a folder" },
    {
      command: "postern policy test policy/ --run authz --verbose",
      what: "some of them, with what they print",
    },
    { command: "postern policy test policy/ --coverage --threshold 90", what: "in CI" },
  ],
  async run({ flags, words, json: isJson }, world) {
    const json = isJson || flags.format === "json";
    const wanted = pattern(flags.run);
    const threshold = flags.threshold === undefined ? undefined : percent(flags.threshold);
    const timeoutMs = timeoutOf(flags.timeout ?? "5");
    const times = wholeNumber("--count", flags.count ?? "1", 1, 1_000_000);
    const isBundle = flags.bundle === true;
    const { modules, data } = loadPaths(isBundle ? [] : words, world.folder, {
      ...loadingOf(flags),
      bundles: isBundle ? words : [],
    });
    const network = new Network();
    const options = {
      ...readingOf(flags),
      ...schemasOf(flags.schema, world.folder, regoWorld(regoHosts(flags), network)),
      separateTests: true,
    };
    let policy: Policy;
    try {
      policy = compileLoaded(modules, data.value, options);
    } catch (error) {
      if (!(error instanceof SourceError)) throw error;
      if (json) printJson(world, { errors: opaErrors(error) });
      world.stderr.write(describeSourceError(error, new Map(Object.entries(modules)), options));
      return EXIT.failed;
    }
    for (const warning of policy.warnings)
      world.stderr.write(`${describeFinding(warning, new Map(Object.entries(modules)))}\n`);
    let instrumented: Policy | undefined;
    const bench: Bench = {
      flags,
      timeoutMs,
      reach: { hosts: regoHosts(flags), network, random: false },
      failures: new Failures(),
      instrumented: () =>
        (instrumented ??= compileLoaded(modules, data.value, { ...options, instrument: true })),
    };
    const selected = policy.tests().filter(({ path }) => wanted.test(path));
    if (selected.length === 0 && flags["fail-on-empty"] === true) {
      if (json) printJson(world, []);
      world.stderr.write("error: there is no test\n");
      return EXIT.failed;
    }
    const tests = selected.flatMap((test) => Array.from({ length: times }, () => test));
    const progress = progressLine(world, json);
    const each = <T>(run: (test: RegoTest) => T): readonly T[] => {
      let shown = performance.now();
      const results = tests.map((test, index) => {
        if (performance.now() - shown > PROGRESS_MS) {
          progress.show(`${index + 1} of ${tests.length}: ${test.name}`);
          shown = performance.now();
        }
        return run(test);
      });
      progress.done();
      return results;
    };
    const exit =
      flags.bench === true
        ? measure(policy, each, bench, json, world)
        : flags.coverage === true || threshold !== undefined
          ? cover(each, bench, threshold ?? 0, json, world)
          : tell(
              each((test) => runTest(policy, test, bench)),
              bench,
              json,
              world,
            );
    world.stderr.write(bench.failures.describe({ all: false }));
    return exit;
  },
});

/** Does the same with every test in turn. */
type Each = <T>(run: (test: RegoTest) => T) => readonly T[];

function tell(results: readonly TestResult[], bench: Bench, json: boolean, world: World): ExitCode {
  if (json) printJson(world, results.map(resultJson));
  else describe(results, bench, world);
  return exitOf(results, bench.flags);
}

function pattern(text: string | undefined): RegExp {
  try {
    return new RegExp(text ?? "", "u");
  } catch (error) {
    const what = error instanceof Error ? error.message : String(error);
    throw usage(`--run is no regular expression: ${what}`, "postern policy test", "--run test_admin");
  }
}

function percent(text: string): number {
  const value = /^\d{1,3}(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (!(value <= 100))
    throw usage(`--threshold is a number from 0 to 100, not "${text}"`, undefined, "--threshold 90");
  return value;
}

function exitOf(results: readonly TestResult[], flags: Flags): ExitCode {
  const failed = results.some(
    ({ outcome }) =>
      outcome === "fail" ||
      outcome === "error" ||
      (outcome === "skip" && flags["exit-zero-on-skipped"] !== true),
  );
  return failed ? EXIT.failed : EXIT.done;
}

/** Names each test that did not pass, where it is and what did not hold. */
function describe(results: readonly TestResult[], bench: Bench, world: World): void {
  const colours = paint(world.colour);
  for (const result of results) {
    if (result.outcome === "pass" && bench.flags.verbose !== true) continue;
    world.stdout.write(describeResult(result, colours));
    if (result.outcome === "fail") world.stdout.write(whyNot(result.test, bench));
    if (result.output !== "") world.stdout.write(`${result.output.replace(/^(?=.)/gm, "    | ")}`);
  }
  const count = (outcome: Outcome): number => results.filter((each) => each.outcome === outcome).length;
  const counts = [
    `${count("pass")} passed`,
    `${count("fail")} failed`,
    ...(count("error") > 0 ? [`${count("error")} with an error`] : []),
    ...(count("skip") > 0 ? [`${count("skip")} skipped`] : []),
  ];
  world.stdout.write(`${results.length === 0 ? "No tests" : counts.join(", ")}\n`);
}

function describeResult({ test, outcome, nanoseconds, errors, cases }: TestResult, colours: Paint): string {
  const words = {
    pass: colours.good("✓"),
    fail: colours.bad("✕"),
    error: colours.bad("✕"),
    skip: colours.warn("skipped"),
  };
  const took = outcome === "skip" ? "" : colours.quiet(` (${(nanoseconds / 1_000).toFixed(0)} µs)`);
  const lines = [`${words[outcome]} ${test.package}.${test.name}${took}`, `    ${siteOf(test.at).where}`];
  for (const { message, code, location } of errors ?? []) {
    const place = location === undefined ? "" : `${location.file}:${location.row}:${location.col}: `;
    lines.push(`    ${place}${code}: ${message}`);
  }
  lines.push(...caseLines(cases ?? [], "    ", colours));
  return `${lines.join("\n")}\n`;
}

function caseLines(cases: readonly CaseResult[], indent: string, colours: Paint): readonly string[] {
  return cases.flatMap(({ name, failed, cases: inner }) => [
    `${indent}${failed ? colours.bad("✕") : colours.good("✓")} ${name}`,
    ...caseLines(inner ?? [], `${indent}  `, colours),
  ]);
}

/** Runs a failing test again with every step told, for the last expression of its own that did not hold. */
function whyNot(test: RegoTest, bench: Bench): string {
  const steps = new Steps();
  const policy = bench.instrumented();
  runTest(policy, test, { ...bench, steps });
  const sites = policy.sites(test.path);
  const own = steps.steps.findLast(({ site, head, held }) => {
    const span = sites[site];
    return (
      !head &&
      held === 0 &&
      span?.source.file === test.at.source.file &&
      span.start >= test.at.start &&
      span.end <= test.at.end
    );
  });
  const span = own === undefined ? undefined : sites[own.site];
  if (span === undefined) return "";
  const { where, text } = siteOf(span);
  return `    ${where}: this did not hold\n      ${text}\n`;
}

function cover(each: Each, bench: Bench, threshold: number, json: boolean, world: World): ExitCode {
  const policy = bench.instrumented();
  const coverage = new Coverage();
  const results = each((test) => {
    const steps = new Steps();
    const result = runTest(policy, test, { ...bench, steps });
    coverage.add(policy.sites(test.path), steps.reached);
    return result;
  });
  const report = coverage.report(policy.program.modules);
  if (json) printJson(world, report);
  else {
    describe(results, bench, world);
    world.stdout.write(describeCoverage(report));
  }
  const exit = exitOf(results, bench.flags);
  if (report.coverage >= threshold) return exit;
  world.stderr.write(
    `error: the tests reach ${report.coverage.toFixed(2)} % of lines, and ${threshold} % are wanted\n`,
  );
  return EXIT.failed;
}

function describeCoverage(report: CoverageReport): string {
  // A file without a rule has no lines to reach.
  const files = Object.entries(report.files).filter(
    ([, { covered_lines: covered, not_covered_lines: missed }]) => covered ?? missed,
  );
  const rows = files.map(([file, { coverage = 0, not_covered: missed = [] }]) => {
    const lines = [...new Set(missed.map(({ start }) => start.row))];
    return [`${coverage.toFixed(1)} %`, file, lines.length === 0 ? "" : `not reached: ${lines.join(", ")}`];
  });
  return columns([...rows, [`${report.coverage.toFixed(1)} %`, "all", ""]]);
}

/** Each test again and again for a second. */
function measure(policy: Policy, each: Each, bench: Bench, json: boolean, world: World): ExitCode {
  const results = each((test) => {
    const first = runTest(policy, test, bench);
    if (first.outcome !== "pass") return { first, runs: 0, nanoseconds: 0 };
    let runs = 0;
    const started = performance.now();
    for (; performance.now() - started < BENCH_MS; runs++) runTest(policy, test, bench);
    return { first, runs, nanoseconds: Math.round((performance.now() - started) * 1_000_000) };
  });
  if (json) {
    printJson(
      world,
      results.map(({ first, runs, nanoseconds }) => ({
        ...resultJson(first),
        ...(runs === 0 ? {} : { duration: nanoseconds, benchmark_result: { N: runs, T: nanoseconds } }),
      })),
    );
  } else {
    const rows = results.map(({ first, runs, nanoseconds }) => [
      `${first.test.package}.${first.test.name}`,
      runs === 0 ? first.outcome : `${(nanoseconds / runs / 1_000).toFixed(2)} µs`,
      runs === 0 ? "" : `${runs} runs`,
    ]);
    world.stdout.write(columns(rows));
  }
  return exitOf(
    results.map(({ first }) => first),
    bench.flags,
  );
}
