/**
 * `not` under `future.keywords.not` is a closure, `[true | …] == []`. Without braces it has no variables of its own: what it
 * names is around it, as in a plain `not`.
 */
import type { Expr } from "../syntax.ts";
import { mapExpr, mapTerm } from "./walk.ts";

/** Of such a `not` without braces: what it negates. */
export function negatedOf({ not, form }: Expr): Expr | undefined {
  if (not === undefined || !("form" in not)) return undefined;
  if (form.kind !== "term" || form.term.kind !== "call") return undefined;
  const [ways] = form.term.args;
  return ways?.kind === "comprehension" ? ways.body[0] : undefined;
}

/** The same `not`, of another expression. */
export function negationOf(expr: Expr, negated: Expr): Expr {
  return mapExpr(
    expr,
    (call) =>
      mapTerm(call, {
        term: (part) => (part.kind === "comprehension" ? { ...part, body: [negated] } : part),
        comprehension: (closure) => closure,
        part: (inner) => inner,
      }),
    (body) => body,
  );
}
