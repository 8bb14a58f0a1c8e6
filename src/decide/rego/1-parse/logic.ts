/**
 * The `and`, `or` and `not` over bodies of `import rego.v2` and `future.keywords`, said without them: a body holds where
 * `true in {true | body}`, and does not where `[true | body] == []`.
 */
import type { Span } from "../source.ts";
import type { Body, Expr, Operand, Term } from "../syntax.ts";

/** `not operand`; one of no `closed` kind is the plain `not` of an expression. */
export function negated(at: Span, { body, braces }: Operand, closed: boolean): Expr {
  const [only] = body;
  if (!closed && !braces && only?.logical === undefined && only !== undefined)
    return { at, negated: true, form: only.form, with: only.with };
  const none: Term = { kind: "array", at, items: [] };
  const term = call(at, "equal", [ways(at, "array", body), none]);
  return { ...statement(at, term), not: braces || only === undefined ? body : only };
}

/** `left and right`, `left or right`. */
export function joined(at: Span, kind: "and" | "or", left: Operand, right: Operand): Expr {
  const [first, second] = [ways(at, "set", left.body), ways(at, "set", right.body)];
  const both = [statement(at, among(at, first)), statement(at, among(at, second))];
  const held = kind === "or" ? call(at, "or", [first, second]) : ways(at, "set", both);
  return { ...statement(at, among(at, held)), logical: { kind, left, right } };
}

function statement(at: Span, term: Term): Expr {
  return { at, negated: false, form: { kind: "term", term }, with: [] };
}

/** One `true` where a body holds. */
function ways(at: Span, of: "array" | "set", body: Body): Term {
  return { kind: "comprehension", at, of, value: { kind: "boolean", at, value: true }, body };
}

function among(at: Span, set: Term): Term {
  return call(at, "internal.member_2", [{ kind: "boolean", at, value: true }, set]);
}

function call(at: Span, name: string, args: readonly Term[]): Term {
  return { kind: "call", at, operator: { kind: "var", at, name }, args };
}
