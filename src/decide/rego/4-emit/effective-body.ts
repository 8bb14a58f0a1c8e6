/** What OPA makes of a body that can never hold. */
import type { Body, Term } from "../syntax.ts";
import { constantOf } from "./literal.ts";

/**
 * OPA takes a body of `not true` alone for the empty one, where the head has something to evaluate: it then holds. Its answers
 * are ours.
 */
export function effectiveBody(expressions: Body, head: readonly Term[]): Body {
  const [only] = expressions;
  const isNotTrue =
    expressions.length === 1 &&
    only?.negated === true &&
    only.form.kind === "term" &&
    only.form.term.kind === "boolean" &&
    only.form.term.value;
  return isNotTrue && head.some((node) => node.kind !== "var" && constantOf(node) === undefined)
    ? []
    : expressions;
}
