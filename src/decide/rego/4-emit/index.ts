/**
 * Phase 4: JavaScript. A query and the rules that it reaches become one function, whose source is built of generated names and
 * escaped literals alone; linking gives it the state that it runs in.
 */
import { Script } from "node:vm";
import type { Program, ResolvedQuery } from "../2-resolve/program.ts";
import type { Span } from "../source.ts";
import type { Expr, Term } from "../syntax.ts";
import type { PlainObject, Value } from "../values/index.ts";
import { RegoObject, RegoSet } from "../values/index.ts";
import { equal } from "../values/value.ts";
import { body } from "./body.ts";
import { replacementsOf } from "./replacements.ts";
import type { State } from "./runtime.ts";
import * as operations from "./runtime.ts";
import { Scope } from "./scope.ts";
import { term } from "./terms.ts";
import { arityOf, Unit } from "./unit.ts";

export type { Probe } from "./runtime.ts";
export { State } from "./runtime.ts";

/** JavaScript of a document or a query, before it is linked with what it runs on. */
export interface Code {
  /** A function of what it runs on, of generated names, numbers and escaped literals alone. */
  readonly source: string;
  /** What the source names `K[n]`: values, tables and implementations of built-ins. */
  readonly constants: readonly unknown[];
  /** What instrumented code tells its probe of, by number. */
  readonly sites: readonly Span[];
}

export interface Linked<T> {
  readonly run: () => T;
  /** To be called before the first run, and whenever the data is another. */
  readonly setData: (data: PlainObject) => void;
}

/** One solution: values of the query's variables, then of its expressions. */
export type Row = readonly Value[];

/** What emitted code calls `R`; `S` is its state and `K` its constants. */
const R = { ...operations, RegoObject, RegoSet, equal };

type Factory = <T>(runtime: typeof R, state: State, constants: readonly unknown[]) => Linked<T>;

/**
 * Reads code's source, which takes the platform a tenth of a second for ten thousand rules; `cached` is what another thread
 * that has read it made of it (`createCachedData`), and spares that time.
 */
export function load({ source }: Code, cached?: Uint8Array): Script {
  // The only place where text becomes code.
  return new Script(source, { filename: "policy.js", cachedData: cached });
}

/** Joins code with a state to run in. */
export function link<T>(code: Code, state: State, script: Script = load(code)): Linked<T> {
  return (script.runInThisContext() as Factory)<T>(R, state, code.constants);
}

/** A document under `data`: its value, or undefined. */
export function emitDocument(program: Program, reference: Term, instrumented = false): Code {
  const unit = new Unit(program, replacementsOf(program, []), instrumented);
  const lines: string[] = [];
  const scope = new Scope(unit, lines, new Map(), "return undefined;");
  lines.push(`return ${term(scope, reference)};`);
  scope.close();
  return code(unit, ["function run() {", ...lines, "}"]);
}

/** A query with variables: a row for each solution, the variables in their order and then one value an expression. */
export function emitQuery(program: Program, query: ResolvedQuery, instrumented = false): Code {
  const unit = new Unit(program, replacementsOf(program, query.body), instrumented);
  const lines: string[] = [];
  const scope = new Scope(unit, lines, new Map(), "return rows;");
  const captured = query.body.map(capture);
  body(
    scope,
    captured.map(({ expr }) => expr),
  );
  const values = [
    ...query.variables.map(({ name }) => scope.bound.get(name) ?? "null"),
    ...captured.map(({ variable }) =>
      variable === undefined ? "true" : (scope.bound.get(variable) ?? "true"),
    ),
  ];
  lines.push(`rows.push([${values.join(", ")}]);`);
  scope.close();
  return code(unit, ["function run() {", "const rows = [];", ...lines, "return rows;", "}"]);
}

function code(unit: Unit, main: readonly string[]): Code {
  return {
    source: `(function (R, S, K) {${unit.source(main)}\n})`,
    constants: unit.constants,
    sites: unit.sites,
  };
}

/** An expression that is a value answers with it, even with false: only the others are conditions (as OPA's queries do). */
function capture(expr: Expr, index: number): { readonly expr: Expr; readonly variable?: string } {
  if (expr.negated || expr.form.kind !== "term") return { expr };
  const value = expr.form.term;
  if (value.kind === "call" && value.operator.kind === "var") {
    const { name } = value.operator;
    if (name === "eq" || name === "assign" || name === "walk" || name === "internal.print") return { expr };
    if (value.args.length > arityOf(name)) return { expr };
  }
  const variable = `$value${index}`;
  const at = expr.at;
  return {
    variable,
    expr: {
      ...expr,
      form: {
        kind: "term",
        term: {
          kind: "call",
          at,
          operator: { kind: "var", at, name: "eq" },
          args: [{ kind: "var", at, name: variable }, value],
        },
      },
    },
  };
}
