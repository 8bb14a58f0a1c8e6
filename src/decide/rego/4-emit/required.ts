/**
 * What OPA's rule index excludes before it evaluates a body: references by names alone, to the input or to base documents, that an
 * expression needs and that are not there, or are another constant. Looking first is cheap, and keeps built-ins from failing for
 * nothing.
 */
import type { Body, CallTerm, Expr, Term } from "../syntax.ts";
import { termText } from "../term-text.ts";
import { constantOf } from "./literal.ts";
import type { Scope } from "./scope.ts";
import { equality, term } from "./terms.ts";

/** `head` are the terms of the rule's head, which are evaluated after the body. */
export function requireReferences(scope: Scope, body: Body, head: readonly Term[]): void {
  // Before the first call there is nothing to keep from failing.
  const first = body.findIndex((expr) => !isPlain(scope, expr));
  if ((first < 0 && !head.some((node) => mayFail(scope, node))) || body.some(isPrint)) return;
  const known = new Set<string>();
  const require = (reference: Term): void => {
    const text = termText(reference);
    if (known.has(text)) return;
    known.add(text);
    term(scope, reference);
  };
  for (const expr of first < 0 ? [] : body.slice(first)) {
    for (const { value } of expr.with) for (const reference of references(scope, value)) require(reference);
    if (expr.negated || expr.with.length > 0) continue;
    if (expr.form.kind === "some-in" || expr.form.kind === "every") {
      const isLoop = expr.form.kind === "every";
      const collection = expr.form.kind === "every" ? expr.form.domain : expr.form.collection;
      if (isLoop || collection.kind !== "ref")
        for (const reference of references(scope, collection)) require(reference);
      continue;
    }
    if (expr.form.kind !== "term") continue;
    const { term: node } = expr.form;
    const compared = comparisonOf(scope, node);
    if (compared !== undefined) {
      compare(scope, compared.reference, compared.other);
      for (const reference of references(scope, compared.other)) require(reference);
    } else if (node.kind === "call" && mayHold(scope, node)) continue;
    else if (isEquality(node)) {
      // Two references that are compared are no condition of the index; those within composites are.
      for (const arg of node.args)
        if (arg.kind !== "ref") for (const reference of references(scope, arg)) require(reference);
    } else if (node.kind !== "var") for (const reference of references(scope, node)) require(reference);
  }
  for (const node of head) for (const reference of references(scope, node)) require(reference);
}

/**
 * Looks first whether a membership or a prefix of what is known to be there can hold, and an equality with some member of it.
 * Answers whether the call is of that kind.
 */
function mayHold(scope: Scope, { operator, args }: CallTerm): boolean {
  const [a, b] = args;
  if (operator.kind !== "var" || a === undefined || b === undefined || args.length !== 2) return false;
  const { name } = operator;
  if (name === "internal.member_2") {
    if (!(scope.unit.isBase(b) && isConstantScalar(a)) && !(scope.unit.isBase(a) && isOfScalars(b)))
      return false;
    scope.unless(`R.contains(${term(scope, b)}, ${term(scope, a)})`);
    return true;
  }
  if (name === "eq" || name === "equal") {
    const [reference, other] = isConstantScalar(a) ? [b, a] : [a, b];
    const base = membersOf(scope, reference);
    if (base === undefined || !isConstantScalar(other)) return false;
    scope.unless(`R.contains(${term(scope, base)}, ${term(scope, other)})`);
    return true;
  }
  const ends = ENDS.get(name);
  if (ends === undefined || !scope.unit.isBase(a)) return false;
  const several = ends.several && (b.kind === "array" || b.kind === "set") ? b.items : [b];
  if (several.length === 0 || !several.every((item) => item.kind === "string")) return false;
  scope.unless(
    `R.${ends.test}(${term(scope, a)}, [${several.map((item) => term(scope, item)).join(", ")}], ${ends.several})`,
  );
  return true;
}

/** Tests of how texts begin and end: by several, and of several texts, where the built-in takes them. */
const ENDS: ReadonlyMap<string, { readonly test: string; readonly several: boolean }> = new Map([
  ["startswith", { test: "beginsAny", several: false }],
  ["endswith", { test: "endsAny", several: false }],
  ["strings.any_prefix_match", { test: "beginsAny", several: true }],
  ["strings.any_suffix_match", { test: "endsAny", several: true }],
]);

function isConstantScalar(node: Term): boolean {
  return isScalar(node) && constantOf(node) !== undefined;
}

function isOfScalars(node: Term): boolean {
  return (
    (node.kind === "array" || node.kind === "set") &&
    node.items.length > 0 &&
    node.items.every(isConstantScalar)
  );
}

/** Of `input.xs[i]`: `input.xs`. */
function membersOf(scope: Scope, node: Term): Term | undefined {
  if (node.kind !== "ref" || node.path.at(-1)?.kind !== "var") return undefined;
  const base = { ...node, path: node.path.slice(0, -1) };
  return scope.unit.isBase(base) ? base : undefined;
}

/** What prints is not looked up in the index, so that it prints. */
function isPrint({ form }: Expr): boolean {
  if (form.kind !== "term" || form.term.kind !== "call") return false;
  const { operator } = form.term;
  return operator.kind === "var" && operator.name === "internal.print";
}

/** An expression that cannot fail: an equality without calls, and without rules that may have some. */
function isPlain(scope: Scope, { form, negated, with: replacements }: Expr): boolean {
  return !negated && replacements.length === 0 && form.kind === "term" && !mayFail(scope, form.term);
}

function mayFail(scope: Scope, node: Term): boolean {
  if (node.kind === "ref") {
    const isRule = node.head.kind === "var" && node.head.name === "data" && !scope.unit.isBase(node);
    return isRule || node.path.some((step) => step.kind !== "string");
  }
  if (node.kind !== "call") return node.kind !== "var" && constantOf(node) === undefined;
  const name = node.operator.kind === "var" ? node.operator.name : "";
  return (name !== "eq" && name !== "equal") || node.args.some((arg) => mayFail(scope, arg));
}

function isEquality(node: Term): node is CallTerm {
  if (node.kind !== "call" || node.operator.kind !== "var" || node.args.length !== 2) return false;
  return node.operator.name === "eq" || node.operator.name === "equal";
}

/** `input.x == "a"`, `x := input.y`, `[a, 1] := input.z`. */
function comparisonOf(
  scope: Scope,
  node: Term,
): { readonly reference: Term; readonly other: Term } | undefined {
  if (!isEquality(node)) return undefined;
  const [a, b] = node.args as readonly [Term, Term];
  if (scope.unit.isBase(a) && isIndexable(b)) return { reference: a, other: b };
  return scope.unit.isBase(b) && isIndexable(a) ? { reference: b, other: a } : undefined;
}

function compare(scope: Scope, reference: Term, other: Term): void {
  const value = term(scope, reference);
  if (other.kind === "array") {
    scope.unless(`Array.isArray(${value}) && ${value}.length === ${other.items.length}`);
    for (const [index, item] of other.items.entries())
      if (constantOf(item) !== undefined)
        scope.unless(equality(scope, undefined, scope.keep(`${value}[${index}]`), item, term(scope, item)));
  } else if (constantOf(other) !== undefined)
    scope.unless(equality(scope, undefined, value, other, term(scope, other)));
}

function isIndexable(node: Term): boolean {
  return isScalar(node) || (node.kind === "array" && node.items.every(isScalar));
}

/** A call is a variable that stands for its result. */
function isScalar(node: Term): boolean {
  return (
    node.kind === "var" ||
    node.kind === "call" ||
    node.kind === "null" ||
    node.kind === "boolean" ||
    node.kind === "number" ||
    node.kind === "string"
  );
}

/** The references within a term, those within closures aside. */
function references(scope: Scope, node: Term): readonly Term[] {
  switch (node.kind) {
    case "var":
      return scope.unit.isBase(node) ? [node] : [];
    case "ref":
      return scope.unit.isBase(node) ? [node] : node.path.flatMap((step) => references(scope, step));
    case "call":
      return node.args.flatMap((arg) => references(scope, arg));
    case "array":
    case "set":
      return node.items.flatMap((item) => references(scope, item));
    case "object":
      return node.members.flatMap((member) => member.flatMap((part) => references(scope, part)));
    case "boolean":
    case "comprehension":
    case "null":
    case "number":
    case "string":
    case "template":
      return [];
  }
}
