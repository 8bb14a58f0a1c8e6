/**
 * What OPA's rule index excludes before it evaluates a body: a reference to a base document or to the input that an equality needs,
 * and that is not there or is another constant. Looking first is cheap, and keeps built-ins from failing for nothing.
 */
import type { Body, Expr, Term } from "../syntax.ts";
import { constantOf } from "./literal.ts";
import type { Scope } from "./scope.ts";
import { equality, term } from "./terms.ts";

export function requireReferences(scope: Scope, body: Body): void {
  // Before the first call there is nothing to keep from failing.
  const first = body.findIndex((expr) => !isPlain(expr));
  if (first < 0) return;
  for (const expr of body.slice(first + 1)) {
    const required = requirementOf(scope, expr);
    if (required === undefined) continue;
    const value = term(scope, required.reference);
    const { constant } = required;
    if (constant !== undefined && constantOf(constant) !== undefined)
      scope.unless(equality(scope, undefined, value, constant, term(scope, constant)));
  }
}

/** An expression that cannot fail: an equality without calls. */
function isPlain({ form, negated, with: replacements }: Expr): boolean {
  return !negated && replacements.length === 0 && form.kind === "term" && !mayFail(form.term);
}

function mayFail(node: Term): boolean {
  if (node.kind === "ref") return node.path.some((step) => step.kind !== "string");
  if (node.kind !== "call") return node.kind !== "var" && constantOf(node) === undefined;
  const name = node.operator.kind === "var" ? node.operator.name : "";
  return (name !== "eq" && name !== "equal") || node.args.some(mayFail);
}

function requirementOf(
  scope: Scope,
  { form, negated, with: replacements }: Expr,
): { readonly reference: Term; readonly constant?: Term } | undefined {
  if (negated || replacements.length > 0 || form.kind !== "term" || form.term.kind !== "call")
    return undefined;
  const { operator, args } = form.term;
  const [a, b] = args;
  if (operator.kind !== "var" || (operator.name !== "eq" && operator.name !== "equal")) return undefined;
  if (a === undefined || b === undefined || args.length !== 2) return undefined;
  for (const [reference, other] of [
    [a, b],
    [b, a],
  ] as const)
    if (scope.unit.isBase(reference) && isIndexable(other)) {
      return isScalar(other) && other.kind !== "var" ? { reference, constant: other } : { reference };
    }
  return undefined;
}

function isScalar(node: Term): boolean {
  return ["null", "boolean", "number", "string", "var"].includes(node.kind);
}

function isIndexable(node: Term): boolean {
  return isScalar(node) || (node.kind === "array" && node.items.every(isScalar));
}
