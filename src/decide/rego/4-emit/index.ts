/**
 * Phase 4: JavaScript. A query and the rules that it reaches become one function, whose source is built of generated names and
 * escaped literals alone.
 */
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

export interface Emitted<T> {
  readonly run: () => T;
  /** To be called before the first run, and whenever the data is another. */
  readonly setData: (data: PlainObject) => void;
  /** What instrumented code tells its probe of, by number. */
  readonly sites: readonly Span[];
  /** The JavaScript, for those who want to see it. */
  readonly source: string;
}

/** One solution: values of the query's variables, then of its expressions. */
export type Row = readonly Value[];

const R = { ...operations, RegoObject, RegoSet, equal };

type Factory = (
  runtime: typeof R,
  state: State,
  constants: readonly unknown[],
) => Pick<Emitted<never>, "run" | "setData">;

function assemble<T>(unit: Unit, state: State, main: readonly string[]): Emitted<T> {
  const source = unit.source(main);
  // The only place where code is made: its text holds generated names, numbers and literals that `textLiteral` escaped.
  // oxlint-disable-next-line no-implied-eval, no-new-func
  const factory = new Function("R", "S", "K", source) as Factory;
  return { ...factory(R, state, unit.constants), sites: unit.sites, source };
}

/** A document under `data`: its value, or undefined. */
export function emitDocument(
  program: Program,
  state: State,
  reference: Term,
  instrumented = false,
): Emitted<Value | undefined> {
  const unit = new Unit(program, replacementsOf(program, []), instrumented);
  const lines: string[] = [];
  const scope = new Scope(unit, lines, new Map(), "return undefined;");
  lines.push(`return ${term(scope, reference)};`);
  scope.close();
  return assemble(unit, state, ["function run() {", ...lines, "}"]);
}

/** A query with variables: a row for each solution, the variables in their order and then one value an expression. */
export function emitQuery(
  program: Program,
  state: State,
  query: ResolvedQuery,
  instrumented = false,
): Emitted<readonly Row[]> {
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
  return assemble(unit, state, ["function run() {", "const rows = [];", ...lines, "return rows;", "}"]);
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
