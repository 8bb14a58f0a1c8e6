/**
 * Takes out of an expression what is evaluated before it. What is undefined within the operands of a negated one makes it
 * undefined, not true: `not count(input.xs) > 1` needs `input.xs`, while `not input.x == 1` does not need `input.x`.
 */
import type { Expr, Term, With } from "../syntax.ts";
import { equality, type Names } from "./draft.ts";
import { isEquality } from "./pieces.ts";
import { mapTerm } from "./walk.ts";

class Hoist {
  readonly before: Expr[] = [];
  readonly #names: Names;
  constructor(names: Names) {
    this.#names = names;
  }
  out(term: Term, withs: readonly With[]): Term {
    const variable = this.#names.generated(term.at);
    this.before.push({ ...equality(variable, term), with: withs });
    return variable;
  }
}

function mapParts(term: Term, map: (part: Term) => Term): Term {
  return mapTerm(term, { term: map, comprehension: (inner) => inner, part: (expr) => expr });
}

/** The expression with the calls of its operands before it, and the values of its `with` that must be evaluated. */
export function hoistCalls(expr: Expr, names: Names): readonly Expr[] {
  const hoist = new Hoist(names);
  const withs = expr.with.map((item): With => {
    const inner = inward(item.value, hoist, []);
    return { ...item, value: isComputed(inner) && !item.lenient ? hoist.out(inner, []) : inner };
  });
  const { form } = expr;
  if (form.kind === "every") {
    const domain = hoist.out(inward(form.domain, hoist, withs), withs);
    return [...hoist.before, { ...expr, form: { ...form, domain }, with: withs }];
  }
  if (form.kind === "some-in") {
    const collection = hoist.out(inward(form.collection, hoist, withs), withs);
    return [...hoist.before, { ...expr, form: { ...form, collection }, with: withs }];
  }
  if (form.kind === "some") return [expr];
  const term =
    form.term.kind === "call"
      ? { ...form.term, args: form.term.args.map((arg) => inward(arg, hoist, withs)) }
      : inward(form.term, hoist, withs, true);
  return [...hoist.before, { ...expr, form: { kind: "term", term }, with: withs }];
}

function isRoot(term: Term): boolean {
  return term.kind === "var" && (term.name === "input" || term.name === "data");
}

function inward(term: Term, hoist: Hoist, withs: readonly With[], whole = false): Term {
  const mapped = mapParts(term, (part) => inward(part, hoist, withs));
  if (mapped.kind === "call" && !whole) return hoist.out(mapped, withs);
  if (mapped.kind === "ref" && mapped.head.kind !== "var")
    return { ...mapped, head: hoist.out(mapped.head, withs) };
  return mapped;
}

/**
 * The expression with the references of its operands before it; those that it compares itself stay. `==` compares in rules
 * alone: in a query it is a call like others.
 */
export function hoistReferences(expr: Expr, names: Names, isQuery: boolean): readonly Expr[] {
  const hoist = new Hoist(names);
  const one = (term: Term): Term => {
    if (term.kind === "ref") return hoist.out({ ...term, path: term.path.map(one) }, expr.with);
    return isRoot(term) ? hoist.out(term, expr.with) : mapParts(term, one);
  };
  const outer = (term: Term): Term =>
    term.kind === "ref" ? { ...term, path: term.path.map(one) } : isRoot(term) ? term : one(term);
  const { form } = expr;
  if (form.kind !== "term") return [expr];
  const { term } = form;
  const compared =
    term.kind === "call" && (isEquality(term.operator) || (!isQuery && isEqual(term.operator)));
  const operand = compared ? outer : one;
  const mapped = term.kind === "call" ? { ...term, args: term.args.map(operand) } : outer(term);
  return [...hoist.before, { ...expr, form: { kind: "term", term: mapped } }];
}

function isEqual(operator: Term): boolean {
  return operator.kind === "var" && operator.name === "equal";
}

/** Whether a term must be evaluated: it holds a reference, a call or a comprehension. */
export function isComputed(term: Term): boolean {
  switch (term.kind) {
    case "ref":
    case "call":
    case "comprehension":
    case "template":
      return true;
    case "var":
      return term.name === "input" || term.name === "data";
    case "array":
    case "set":
      return term.items.some(isComputed);
    case "object":
      return term.members.some(([key, value]) => isComputed(key) || isComputed(value));
    case "boolean":
    case "null":
    case "number":
    case "string":
      return false;
  }
}
