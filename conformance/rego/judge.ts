import {
  compare,
  compile,
  EvaluationError,
  isArray,
  type PlainObject,
  parseValue,
  RegoSet,
  SourceError,
  stringify,
  type Value,
} from "#rego";
import type { RegoCase } from "./cases.ts";
import { worldOf } from "./world.ts";

/** What came of a case: its solutions, or its errors as OPA's program prints them. */
type Outcome =
  | { readonly solutions: readonly PlainObject[] }
  | { readonly codes: readonly string[]; readonly text: string };

/** Runs one case from source and says what is wrong with its outcome. */
export function judge(each: RegoCase, now: bigint): readonly string[] {
  const outcome = run(each, now);
  if ("codes" in outcome) return errorFindings(each, outcome.codes, outcome.text);
  if (each.wantError !== undefined || each.wantErrorCode !== undefined)
    return [`wanted an error (${each.wantErrorCode ?? each.wantError}), got ${show(outcome.solutions)}`];
  return resultFindings(each, outcome.solutions);
}

function run(each: RegoCase, now: bigint): Outcome {
  const modules = Object.fromEntries(each.modules.map((text, index) => [`test-${index}.rego`, text]));
  const options = { dialect: each.dialect } as const;
  try {
    const input = each.inputTerm === undefined ? each.input : evaluateTerm(each.inputTerm);
    const solutions = compile(modules, each.data, options).evaluate(each.query, input, {
      now,
      seed: each.note,
      strictBuiltinErrors: each.strictError,
      world: worldOf(each.env),
    });
    return { solutions: solutions.map(({ bindings }) => bindings) };
  } catch (error) {
    if (error instanceof EvaluationError)
      return { codes: [error.code], text: errorText(error.where, error.code, error.message) };
    if (error instanceof SourceError) {
      const lines = error.findings.map(({ file, line, column, code, message }) =>
        errorText(`${file}:${line}:${column}`, code, message),
      );
      return { codes: error.findings.map(({ code }) => code), text: lines.join("\n") };
    }
    // A fault of the engine fails its own case and lets the others run.
    return {
      codes: ["(fault)"],
      text: error instanceof Error ? (error.stack ?? error.message) : String(error),
    };
  }
}

/** `file:line: code: message`, without the column. */
function errorText(where: string | undefined, code: string, message: string): string {
  const place = where?.replace(/:\d+$/, "");
  return [...(place === undefined ? [] : [place]), code, message].join(": ");
}

function evaluateTerm(text: string): Value | undefined {
  const [solution] = compile({}).evaluate(`x = ${text}`);
  return solution?.bindings["x"];
}

function errorFindings(each: RegoCase, codes: readonly string[], text: string): readonly string[] {
  if (each.wantError === undefined && each.wantErrorCode === undefined)
    return [`wanted ${each.wantResult === undefined ? "an answer" : show(each.wantResult)}, got ${text}`];
  return [
    ...(each.wantErrorCode === undefined || codes.includes(each.wantErrorCode)
      ? []
      : [`wanted the code ${each.wantErrorCode}, got ${text}`]),
    ...(each.wantError === undefined || text.includes(each.wantError)
      ? []
      : [`wanted the error "${each.wantError}", got ${text}`]),
  ];
}

function resultFindings(each: RegoCase, solutions: readonly PlainObject[]): readonly string[] {
  const findings: string[] = [];
  if (each.wantDefined !== undefined && each.wantDefined !== solutions.length > 0)
    findings.push(`wanted it ${each.wantDefined ? "defined" : "undefined"}, got ${show(solutions)}`);
  if (each.wantResult !== undefined) {
    const got = RegoSet.of(solutions.map((bindings) => asJson(bindings, each.sortBindings)));
    if (compare(got, RegoSet.of(each.wantResult)) !== 0)
      findings.push(`wanted ${show(each.wantResult)}, got ${show(solutions)}`);
  }
  if (each.wantResult === undefined && each.wantDefined === undefined)
    findings.push("the case wants nothing");
  return findings;
}

/** Bindings as JSON says them: sets are sorted arrays, keys texts. With `sorted`, arrays count as sets do. */
function asJson(bindings: PlainObject, sorted: boolean): Value {
  const entries = Object.entries(bindings).map(([name, value]) => {
    const read = parseValue(stringify(value));
    return [name, sorted && isArray(read) ? [...read].sort(compare) : read] as const;
  });
  return Object.fromEntries(entries);
}

function show(rows: readonly PlainObject[]): string {
  return stringify(rows);
}
