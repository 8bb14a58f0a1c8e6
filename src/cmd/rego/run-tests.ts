import { isObject, type Policy, type RegoTest, sortedEntries, stringify, type Value } from "#rego";
import { evaluateOptions, type Reach } from "./evaluation.ts";
import type { Failures } from "./failures.ts";
import { type OpaError, opaErrors } from "./show.ts";
import type { Steps } from "./trace.ts";

export type Outcome = "pass" | "fail" | "error" | "skip";

export interface TestResult {
  readonly test: RegoTest;
  readonly outcome: Outcome;
  readonly nanoseconds: number;
  /** What `print` wrote. */
  readonly output: string;
  /** Of a test with cases, each of them. */
  readonly cases?: readonly CaseResult[];
  readonly errors?: readonly OpaError[];
}

/** One case of a test, which may have cases itself. */
export interface CaseResult {
  readonly name: string;
  readonly failed: boolean;
  readonly cases?: readonly CaseResult[];
}

/** Runs one test. `probe` is told of what is evaluated, if the policy was compiled for it. */
export function runTest(
  policy: Policy,
  test: RegoTest,
  {
    timeoutMs,
    reach,
    steps,
    failures,
  }: {
    readonly timeoutMs: number;
    readonly reach: Reach;
    readonly steps?: Steps;
    readonly failures?: Failures;
  },
): TestResult {
  let output = "";
  const seen: string[][] = [];
  const started = performance.now();
  const rest = (): Pick<TestResult, "test" | "nanoseconds" | "output"> => ({
    test,
    nanoseconds: Math.round((performance.now() - started) * 1_000_000),
    output,
  });
  if (test.todo) return { ...rest(), nanoseconds: 0, outcome: "skip" };
  try {
    const value = policy.value(test.path, undefined, {
      ...evaluateOptions(timeoutMs, reach),
      // Random values are the same each time a test is run.
      seed: test.path,
      ...(failures === undefined ? {} : { failed: failures.note }),
      print: (line) => {
        output += `${line}\n`;
      },
      testCase: (names) => seen.push(names.map(nameOf)),
      ...(steps === undefined ? {} : { probe: steps.probe }),
    });
    const cases = test.cases && value !== undefined && isObject(value) ? casesOf(value, seen) : undefined;
    const passed = cases === undefined ? value === true : cases.every(({ failed }) => !failed);
    return { ...rest(), outcome: passed ? "pass" : "fail", ...(cases === undefined ? {} : { cases }) };
  } catch (error) {
    const errors = opaErrors(error);
    if (errors === undefined) throw error;
    return { ...rest(), outcome: "error", errors };
  }
}

/** Cases that the value has, and those that a rule came to without giving them one, which have failed. */
function casesOf(value: Value, seen: readonly (readonly string[])[]): readonly CaseResult[] {
  const members = new Map(
    isObject(value) ? sortedEntries(value).map(([key, item]) => [nameOf(key), item]) : [],
  );
  const names = new Set([...members.keys(), ...seen.flatMap(([name]) => name ?? [])]);
  return [...names].sort().map((name) => {
    const item = members.get(name);
    const within = seen.flatMap(([first, ...rest]) => (first === name && rest.length > 0 ? [rest] : []));
    if (within.length === 0 && (item === undefined || !isObject(item)))
      return { name, failed: item !== true };
    const cases = casesOf(item ?? null, within);
    return { name, failed: cases.some(({ failed }) => failed), cases };
  });
}

function nameOf(key: Value): string {
  return typeof key === "string" ? key : stringify(key);
}

/** A result as `opa test --format json` prints it. */
export function resultJson({ test, outcome, nanoseconds, output, cases, errors }: TestResult): object {
  const { source, start } = test.at;
  const { line, column } = source.position(start);
  const [first] = errors ?? [];
  return {
    location: { file: source.file, row: line, col: column },
    package: test.package,
    name: test.name,
    ...(outcome === "fail" ? { fail: true } : {}),
    ...(outcome === "skip" ? { skip: true } : {}),
    ...(first === undefined ? {} : { error: /^eval_/.test(first.code ?? "") ? first : errors }),
    duration: nanoseconds,
    ...(output === "" ? {} : { output: Buffer.from(output).toString("base64") }),
    ...(cases === undefined || cases.length === 0 ? {} : { sub_results: casesJson(cases) }),
  };
}

function casesJson(cases: readonly CaseResult[]): object {
  return Object.fromEntries(
    cases.map(({ name, failed, cases: inner }) => [
      name,
      {
        name,
        ...(failed ? { fail: true } : {}),
        ...(inner === undefined || inner.length === 0 ? {} : { sub_results: casesJson(inner) }),
      },
    ]),
  );
}
