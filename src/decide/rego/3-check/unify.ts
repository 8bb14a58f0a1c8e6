/** Matching of terms with types, which also finds what variables are (OPA "Type Checking"). */
import type { ObjectTerm, Term } from "../syntax.ts";
import { canonicalText } from "../values/index.ts";
import { constantOf } from "./constant.ts";
import type { Environment } from "./environment.ts";
import { ANY, isAnything, isUnknown, orAll, select, type Type, unifies } from "./types.ts";

/** Whether a term can be of a type. A variable that nothing was known of is of that type from here on. */
export function unifyTerm(environment: Environment, term: Term, type: Type, union: boolean): boolean {
  switch (term.kind) {
    case "array":
      if (type.kind === "any") return alternatives(environment, term, type, term.items);
      if (type.kind !== "array") return false;
      if (term.items.length !== type.items.length && type.rest === undefined) return false;
      return term.items.every((item, index) => {
        const wanted = index < type.items.length ? type.items[index] : type.rest;
        return (
          wanted !== undefined && !areEmptySets(item, wanted) && unifyTerm(environment, item, wanted, union)
        );
      });
    case "object":
      if (type.kind === "any")
        return alternatives(
          environment,
          term,
          type,
          term.members.flatMap((member) => [...member]),
        );
      return type.kind === "object" && unifyObject(environment, term, type, union);
    case "set":
      if (type.kind === "any") return alternatives(environment, term, type, term.items);
      if (type.kind !== "set") return false;
      return term.items.every(
        (item) => type.of !== undefined && unifyTerm(environment, item, type.of, union),
      );
    case "var": {
      const known = environment.typeOf(term);
      // An empty set that a variable holds may still be any other.
      if (known !== undefined && !isEmptySetType(known)) return unifies(known, type);
      if (known !== undefined && !union) return unifies(known, type) || known.kind === type.kind;
      environment.set(term.name, type);
      return true;
    }
    case "boolean":
    case "call":
    case "comprehension":
    case "null":
    case "number":
    case "ref":
    case "string":
    case "template":
      return unifies(environment.typeOf(term), type);
  }
}

function alternatives(
  environment: Environment,
  term: Term,
  type: Extract<Type, { kind: "any" }>,
  parts: readonly Term[],
): boolean {
  if (isAnything(type)) {
    // What was known of a variable that stands within is forgotten.
    for (const part of parts)
      if (part.kind === "var") environment.set(part.name, ANY);
      else unifyTerm(environment, part, ANY, true);
    return true;
  }
  // A variable that nothing was known of may be what any of the alternatives says.
  const fresh = variablesOf(term).filter((name) => environment.variable(name) === undefined);
  const types = new Map<string, (Type | undefined)[]>(fresh.map((name) => [name, []]));
  let found = false;
  for (const one of type.of) {
    for (const name of fresh) environment.set(name, undefined);
    found = unifyTerm(environment, term, one, true) || found;
    for (const [name, all] of types) all.push(environment.variable(name));
  }
  for (const [name, all] of types) environment.set(name, orAll(all));
  return found;
}

function unifyObject(
  environment: Environment,
  term: ObjectTerm,
  type: Extract<Type, { kind: "object" }>,
  union: boolean,
): boolean {
  if (term.members.length !== type.members.length && type.rest === undefined) return false;
  return term.members.every(([key, value]) => {
    const constant = constantOf(key);
    if (constant === undefined) {
      unifyTerm(environment, value, ANY, union);
      return true;
    }
    const wanted = select(type, constant);
    return (
      wanted !== undefined && !areEmptySets(value, wanted) && unifyTerm(environment, value, wanted, union)
    );
  });
}

/** Within composites OPA takes two empty sets for different, since it knows nothing of their members. */
function areEmptySets(term: Term, type: Type): boolean {
  return isEmptySet(term) && type.kind === "set" && type.of === undefined;
}

/** Whether two terms can be equal. */
export function unifyTerms(environment: Environment, a: Term, b: Term): boolean {
  if ((isEmptySet(a) && isEmptySet(b)) || repeatsEmptySet(a, b)) return false;
  const left = environment.typeOf(a);
  const right = environment.typeOf(b);
  const leftUnknown = isUnknown(left);
  const rightUnknown = isUnknown(right);
  if (!leftUnknown && !rightUnknown) return unifies(left, right);
  if (leftUnknown && !rightUnknown && right !== undefined) return unifyTerm(environment, a, right, false);
  if (rightUnknown && !leftUnknown && left !== undefined) return unifyTerm(environment, b, left, false);
  if (a.kind === "array" && b.kind === "array")
    return (
      a.items.length === b.items.length &&
      a.items.every((item, index) => unifyTerms(environment, item, b.items[index] as Term))
    );
  if (a.kind === "object" && b.kind === "object") return unifyMembers(environment, a, b);
  if (a.kind === "var" || b.kind === "var") {
    const [variable, other] = a.kind === "var" ? [a, b] : [b, a];
    if (other.kind === "array" || other.kind === "object") {
      unifyTerm(environment, other, ANY, false);
      return unifyTerm(environment, variable, environment.typeOf(other) ?? ANY, false);
    }
    unifyTerm(environment, variable, ANY, false);
    return unifyTerm(environment, other, environment.typeOf(variable) ?? ANY, false);
  }
  return a.kind === "comprehension" || b.kind === "comprehension";
}

function unifyMembers(environment: Environment, a: ObjectTerm, b: ObjectTerm): boolean {
  if (a.members.length !== b.members.length) return false;
  const others = new Map<string, Term>();
  for (const [key, value] of b.members) {
    const constant = constantOf(key);
    if (constant !== undefined) others.set(canonicalText(constant), value);
  }
  return a.members.every(([key, value]) => {
    const constant = constantOf(key);
    if (constant === undefined) return true;
    const other = others.get(canonicalText(constant));
    return other !== undefined && unifyTerms(environment, value, other);
  });
}

function isEmptySet(term: Term): boolean {
  return term.kind === "set" && term.items.length === 0;
}

/** The variables of a pattern. */
function variablesOf(term: Term): readonly string[] {
  switch (term.kind) {
    case "var":
      return [term.name];
    case "array":
    case "set":
      return term.items.flatMap(variablesOf);
    case "object":
      return term.members.flatMap((member) => member.flatMap(variablesOf));
    case "boolean":
    case "call":
    case "comprehension":
    case "null":
    case "number":
    case "ref":
    case "string":
    case "template":
      return [];
  }
}

/** `[x, x] = [set(), set()]`. */
function repeatsEmptySet(a: Term, b: Term): boolean {
  if (a.kind !== "array" || b.kind !== "array") return false;
  const names = a.items.flatMap((item, index) => {
    const other = b.items[index];
    return item.kind === "var" && other !== undefined && isEmptySet(other) ? [item.name] : [];
  });
  return new Set(names).size < names.length;
}

function isEmptySetType(type: Type): boolean {
  return type.kind === "set" && type.of === undefined;
}
