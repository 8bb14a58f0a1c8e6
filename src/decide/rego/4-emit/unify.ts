/** `a = b`: matching, with every variable known to be bound or to bind here (OPA "Equality"). */
import type { ObjectTerm, Term } from "../syntax.ts";
import { canonicalText } from "../values/value.ts";
import { constantOf } from "./literal.ts";
import type { Scope } from "./scope.ts";
import { equality, isPattern, term } from "./terms.ts";
import { UnboundError } from "./unbound.ts";

export function unify(scope: Scope, a: Term, b: Term): void {
  const pending: [Term, Term][] = [[a, b]];
  // A pair of two patterns waits for the others to bind one of its sides.
  for (let waited = 0; pending.length > 0; ) {
    const [left, right] = pending.shift() as [Term, Term];
    if (!isPattern(scope, left)) {
      if (!isPattern(scope, right)) {
        const x = term(scope, left);
        scope.unless(equality(scope, left, x, right, term(scope, right)));
      } else unifyValue(scope, right, term(scope, left));
    } else if (!isPattern(scope, right)) unifyValue(scope, left, term(scope, right));
    else {
      const parts = partsOf(left, right);
      if (parts === "never") {
        scope.write(scope.fail);
        return;
      }
      if (parts === undefined) {
        if (++waited > pending.length) throw new UnboundError("neither side of an equality is ever bound");
        pending.push([left, right]);
        continue;
      }
      pending.unshift(...parts);
    }
    waited = 0;
  }
}

/** Two composites of one shape, member by member. */
function partsOf(a: Term, b: Term): readonly [Term, Term][] | "never" | undefined {
  if (a.kind === "array" && b.kind === "array") {
    if (a.items.length !== b.items.length) return "never";
    return a.items.map((item, index) => [item, b.items[index] as Term]);
  }
  if (a.kind === "object" && b.kind === "object") return membersOf(a, b);
  return a.kind === "var" || b.kind === "var" ? undefined : "never";
}

function membersOf(a: ObjectTerm, b: ObjectTerm): readonly [Term, Term][] | "never" | undefined {
  if (a.members.length !== b.members.length) return "never";
  const others = new Map<string, Term>();
  for (const [key, value] of b.members) {
    const constant = constantOf(key);
    if (constant === undefined) return undefined;
    others.set(canonicalText(constant), value);
  }
  const pairs: [Term, Term][] = [];
  for (const [key, value] of a.members) {
    const constant = constantOf(key);
    if (constant === undefined) return undefined;
    const other = others.get(canonicalText(constant));
    if (other === undefined) return "never";
    pairs.push([value, other]);
  }
  return pairs;
}

/** Matches a pattern against a value that is there. */
export function unifyValue(scope: Scope, pattern: Term, value: string): void {
  if (!isPattern(scope, pattern)) {
    const constant = constantOf(pattern);
    const expected = term(scope, pattern);
    scope.unless(equality(scope, undefined, value, constant === undefined ? undefined : pattern, expected));
    return;
  }
  switch (pattern.kind) {
    case "var":
      scope.bound.set(pattern.name, value);
      return;
    case "array":
      scope.unless(`Array.isArray(${value}) && ${value}.length === ${pattern.items.length}`);
      inTurn(
        scope,
        pattern.items.map((item, index) => [item, scope.keep(`${value}[${index}]`)]),
      );
      return;
    case "object": {
      scope.unless(`R.isObjectOf(${value}, ${pattern.members.length})`);
      inTurn(
        scope,
        pattern.members.map(([key, item]) => [item, scope.defined(`R.at(${value}, ${term(scope, key)})`)]),
      );
      return;
    }
    case "boolean":
    case "call":
    case "comprehension":
    case "null":
    case "number":
    case "ref":
    case "set":
    case "string":
    case "template":
      throw new UnboundError(`a ${pattern.kind} cannot be matched`);
  }
}

function inTurn(scope: Scope, pairs: readonly (readonly [Term, string])[]): void {
  // Those that need nothing first bind what the terms among the others may read.
  for (const [pattern, value] of pairs) unifyValue(scope, pattern, value);
}
