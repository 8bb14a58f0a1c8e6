/** Queries: bodies of their own, whose variables are the answer. */
import type { SourceFinding } from "../errors.ts";
import type { Body, Expr, Import, Term, With } from "../syntax.ts";
import { separateQueryScopes, visitScope } from "./closures.ts";
import { Findings, isAnonymous, labelOf, Names } from "./draft.ts";
import { builtinName, Functions } from "./functions.ts";
import { isComputed } from "./hoisting.ts";
import { Locals } from "./locals.ts";
import { rewriteQueryPrinting } from "./printing.ts";
import type { Program, ResolvedQuery } from "./program.ts";
import { exportedNames, globalsOf, resolveBody } from "./references.ts";
import { Safety } from "./safety.ts";
import { surveyBody } from "./survey.ts";
import { addUnsafe } from "./unsafe.ts";
import { partsOf, rewriteBody } from "./walk.ts";

export interface QueryOptions {
  /** The package whose names the query uses, after `data`. */
  readonly package?: readonly string[];
  readonly imports?: readonly Import[];
  readonly strict?: boolean;
}

interface QueryResolution {
  readonly query?: ResolvedQuery;
  readonly findings: readonly SourceFinding[];
}

/** Resolves a query against a program. */
export function resolveQuery(program: Program, body: Body, options: QueryOptions = {}): QueryResolution {
  const findings = new Findings();
  const query = queryOf(program, body, options, findings);
  return { ...(query && !findings.any && { query }), findings: findings.all };
}

function queryOf(
  program: Program,
  written: Body,
  options: QueryOptions,
  findings: Findings,
): ResolvedQuery | undefined {
  const names = new Names();
  const functions = new Functions(program.tree, findings);
  const path = options.package ?? [];
  const exported = options.package ? (exportedNames(program.modules).get(JSON.stringify(path)) ?? []) : [];
  let body = resolveBody(written, globalsOf(path, new Set(exported), options.imports ?? []));
  body = new Locals(names, findings, findings, { strict: options.strict === true, v1: false }).query(body);
  if (findings.any) return undefined;
  body = rewriteQueryPrinting(body, names, functions.arity, findings);
  if (findings.any) return undefined;
  body = rewriteBody(leniently(separateQueryScopes(body, names)), {
    term: (term) => functions.withoutCall(term),
    expr: (expr) =>
      expr.with.length === 0 ? expr : { ...expr, with: expr.with.map((item) => functions.checkWith(item)) },
  });
  const { calls, alone } = surveyBody(body);
  for (const call of calls) functions.checkCall(call, alone.has(call));
  if (findings.any) return undefined;
  const variables = queryVariables(body);
  const around = (): Iterable<string> => variables.map(({ label }) => label);
  const ordered = new Safety(
    functions.arity,
    (variable) => addUnsafe(variable, around, findings),
    names,
  ).query(body);
  functions.checkRuleCalls();
  return { body: ordered, variables };
}

/**
 * The query with the `with`s marked whose value OPA leaves in its place. In rules, and at the top of a query, it takes out a
 * value that is a reference or holds some; in the closures of a query it takes out none.
 */
function leniently(body: Body): Body {
  const mark = (expr: Expr): Expr =>
    expr.with.length === 0
      ? expr
      : {
          ...expr,
          with: expr.with.map((item) => withLenience(item, isInPlace(item.value))),
        };
  const unmark = (expr: Expr): Expr =>
    expr.with.length === 0 ? expr : { ...expr, with: expr.with.map((item) => withLenience(item, false)) };
  return rewriteBody(body, { term: (term) => term, expr: mark }).map(unmark);
}

function withLenience({ at, target, value }: With, lenient: boolean): With {
  return { at, target, value, ...(lenient && { lenient }) };
}

/** A built-in's name that is one word is taken for a variable there. */
function isInPlace(value: Term): boolean {
  const isBuiltin = builtinName(value) !== undefined;
  return value.kind === "var" ? isBuiltin : !isBuiltin && isComputed(value) && !holdsCall(value);
}

function holdsCall(value: Term): boolean {
  if (value.kind === "call" || value.kind === "comprehension" || value.kind === "template") return true;
  return partsOf(value).some(holdsCall);
}

/** The variables of the query itself, those within closures aside. */
function queryVariables(body: Body): ResolvedQuery["variables"] {
  const labels = new Map<string, string>();
  for (const expr of body) {
    visitScope(expr, (variable) => {
      const { name } = variable;
      if (!isAnonymous(name) && name !== "input" && name !== "data") labels.set(name, labelOf(variable));
    });
  }
  return [...labels].map(([name, label]) => ({ label, name }));
}
