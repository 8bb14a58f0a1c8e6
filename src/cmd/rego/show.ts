import {
  EvaluationError,
  entries,
  isArray,
  isNumber,
  isObject,
  isSet,
  type PlainObject,
  type Policy,
  type Solution,
  SourceError,
  stringify,
  type Value,
} from "#rego";
import { columns } from "../terminal/columns.ts";

/** A value as indented JSON, numbers as they are spelled. */
function indented(value: Value, margin = ""): string {
  const inner = `${margin}  `;
  if (isArray(value) || isSet(value)) {
    const items = isArray(value) ? value : value.sorted();
    if (items.length === 0) return "[]";
    return `[\n${items.map((item) => inner + indented(item, inner)).join(",\n")}\n${margin}]`;
  }
  if (!isObject(value) || isNumber(value)) return stringify(value);
  const members = entries(value)
    .map(([key, item]) => [typeof key === "string" ? key : stringify(key), item] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  if (members.length === 0) return "{}";
  const lines = members.map(([key, item]) => `${inner}${JSON.stringify(key)}: ${indented(item, inner)}`);
  return `{\n${lines.join(",\n")}\n${margin}}`;
}

/** Solutions for people: a value, a table of variables, or the word that there is nothing. */
export function describeSolutions(solutions: readonly Solution[]): string {
  const [first] = solutions;
  if (first === undefined) return "undefined\n";
  const names = Object.keys(first.bindings);
  if (names.length > 0) {
    const rows = solutions.map(({ bindings }) => names.map((name) => stringify(bindings[name] ?? null)));
    return columns([names, ...rows]);
  }
  return solutions.flatMap(({ expressions }) => expressions.map((value) => `${indented(value)}\n`)).join("");
}

/** Solutions as `opa eval --format json` prints them. */
export function solutionsJson(
  parts: ReturnType<Policy["parts"]>,
  solutions: readonly Solution[],
): PlainObject {
  if (solutions.length === 0) return {};
  return {
    result: solutions.map(({ bindings, expressions }) => ({
      expressions: expressions.map((value, index) => ({ value, ...partJson(parts[index]) })),
      ...(Object.keys(bindings).length === 0 ? {} : { bindings }),
    })),
  };
}

function partJson(at: ReturnType<Policy["parts"]>[number] | undefined): PlainObject {
  if (at === undefined) return {};
  const { source, start, end } = at;
  const { line, column } = source.position(start);
  return { text: source.text.slice(start, end), location: { row: line, col: column } };
}

/** How `policy eval` prints solutions; those but `pretty` are OPA's. */
export type Format = "pretty" | "json" | "raw" | "values" | "bindings";

/** Solutions for scripts: bare values, or each solution's values or variables as JSON. */
export function formatSolutions(
  solutions: readonly Solution[],
  format: "raw" | "values" | "bindings",
): string {
  return solutions
    .map(({ bindings, expressions }) => {
      if (format === "bindings") return `${indented(bindings)}\n`;
      if (format === "values") return `${indented(expressions)}\n`;
      return `${expressions.map((value) => (typeof value === "string" ? value : stringify(value))).join(" ")}\n`;
    })
    .join("");
}

/** One error as OPA's commands print it in JSON. */
export interface OpaError {
  readonly message: string;
  readonly code?: string;
  readonly location?: { readonly file: string; readonly row: number; readonly col: number };
}

/** What the engine calls the text of a query, which OPA leaves without a name. */
const QUERY = "query";

/** A file as OPA names it. */
export function fileOf(file: string): string {
  return file === QUERY ? "" : file;
}

/** Errors of a policy as OPA's commands print them in JSON; undefined for what is no such error. */
export function opaErrors(error: unknown): readonly OpaError[] | undefined {
  if (error instanceof SourceError)
    return error.findings.map(({ message, code, file, line, column }) => ({
      message,
      code,
      location: { file: fileOf(file), row: line, col: column },
    }));
  if (!(error instanceof EvaluationError)) return undefined;
  const place = /^(.*):(\d+):(\d+)$/.exec(error.where ?? "");
  return [
    {
      message: error.message,
      code: error.code,
      ...(place === null
        ? {}
        : { location: { file: fileOf(place[1] ?? ""), row: Number(place[2]), col: Number(place[3]) } }),
    },
  ];
}
