/** Matching of terms with types, which also finds what variables are (OPA "Type Checking"). */
import type { ObjectTerm, Term } from "../syntax.ts";
import { canonicalText } from "../values/index.ts";
import { constantOf } from "./constant.ts";
import type { Environment } from "./environment.ts";
import { select } from "./members.ts";
import {
  ANY,
  type AnyType,
  isAnything,
  isUnknown,
  itemOf,
  keyOf,
  type ObjectType,
  objectType,
  or,
  type Type,
  unifies,
} from "./types.ts";

/**
 * Whether a term can be of a type. A variable that nothing is known of is of that type from here on; where the type is one
 * of several alternatives (`widen`), one that is known can be of that type too.
 */
export function unifyTerm(environment: Environment, term: Term, type: Type, widen: boolean = false): boolean {
  switch (term.kind) {
    case "array":
      if (type.kind === "any") return unifyAny(environment, term, term.items, type);
      return (
        type.kind === "array" &&
        (term.items.length === type.items.length || type.rest !== undefined) &&
        term.items.every((item, index) => fits(environment, item, itemOf(type, index), widen))
      );
    case "set":
      if (type.kind === "any") return unifyAny(environment, term, term.items, type);
      return type.kind === "set" && term.items.every((item) => fits(environment, item, type.of, widen));
    case "object":
      if (type.kind === "any") return unifyAny(environment, term, term.members.flat(), type);
      return type.kind === "object" && unifyObject(environment, term, type, widen);
    case "var":
    case "call":
    case "comprehension": {
      const known = environment.typeOf(term);
      if (known !== undefined && !widen) return unifies(known, type);
      environment.learn(term, or(known, type) ?? type);
      return true;
    }
    case "boolean":
    case "null":
    case "number":
    case "ref":
    case "string":
    case "template":
      return unifies(environment.typeOf(term), type);
  }
}

function fits(environment: Environment, term: Term, type: Type | undefined, widen: boolean): boolean {
  return type !== undefined && unifyTerm(environment, term, type, widen);
}

function unifyAny(environment: Environment, term: Term, parts: readonly Term[], type: AnyType): boolean {
  if (isAnything(type)) {
    for (const part of parts) unifyTerm(environment, part, ANY, true);
    return true;
  }
  let found = false;
  for (const one of type.of) found = unifyTerm(environment, term, one, true) || found;
  return found;
}

function unifyObject(environment: Environment, term: ObjectTerm, type: ObjectType, widen: boolean): boolean {
  if (term.members.length !== type.members.size && type.rest === undefined) return false;
  return term.members.every(([key, value]) => {
    const constant = constantOf(key);
    // Which member a variable key names is not known.
    if (constant === undefined) {
      unifyTerm(environment, value, ANY, widen);
      return true;
    }
    return fits(environment, value, select(type, keyOf(constant)), widen);
  });
}

/** Whether two terms can be equal. A closure within another term (`nested`) has a name that it goes by. */
export function unifyTerms(
  environment: Environment,
  a: Term,
  b: Term,
  options: { readonly nested?: boolean } = {},
): boolean {
  const left = environment.typeOf(a);
  const right = environment.typeOf(b);
  const isLeftUnknown = isUnknown(left);
  const isRightUnknown = isUnknown(right);
  if (!isLeftUnknown && !isRightUnknown) return unifies(left, right);
  if (!isRightUnknown && right !== undefined) return unifyTerm(environment, a, right);
  if (!isLeftUnknown && left !== undefined) return unifyTerm(environment, b, left);
  if (a.kind === "array" && b.kind === "array")
    return (
      a.items.length === b.items.length &&
      a.items.every((item, index) => {
        const other = b.items[index];
        return other !== undefined && unifyTerms(environment, item, other, NESTED);
      })
    );
  if (a.kind === "object" && b.kind === "object") return unifyMembers(environment, a, b);
  const isNamed = ({ kind }: Term): boolean =>
    kind === "var" || kind === "call" || (kind === "comprehension" && options.nested === true);
  if (isNamed(a) && isNamed(b) && left !== undefined && right !== undefined)
    return agree(environment, a, right);
  if (isNamed(a) && isNamed(b)) return settle(environment, a, b);
  if (isNamed(a)) return bindTo(environment, a, b);
  return isNamed(b) && bindTo(environment, b, a);
}

const NESTED = { nested: true };

/** As it is compared with the type of a name: what is not known of it can be anything. */
function settled(type: Type | undefined): Type {
  if (type === undefined) return ANY;
  if (!isUnknown(type)) return type;
  switch (type.kind) {
    case "set":
      return { kind: "set", of: settled(type.of) };
    case "array":
      return {
        kind: "array",
        items: type.items.map(settled),
        rest: type.rest === undefined && type.items.length > 0 ? undefined : settled(type.rest),
      };
    case "object": {
      const members = [...type.members.values()].map((one) => ({ ...one, type: settled(one.type) }));
      const { rest } = type;
      return objectType(members, rest && { key: settled(rest.key), value: settled(rest.value) });
    }
    case "any":
    case "boolean":
    case "function":
    case "null":
    case "number":
    case "string":
      return type;
  }
}

/** What is known of neither side can be anything. Of a closure that is wrong nothing is to be known. */
function bindTo(environment: Environment, variable: Term, other: Term): boolean {
  switch (other.kind) {
    case "comprehension":
    case "set": {
      const type = environment.typeOf(other);
      return type !== undefined && unifyTerm(environment, variable, type);
    }
    case "array":
    case "object":
      unifyTerm(environment, other, ANY);
      return agree(environment, variable, environment.typeOf(other) ?? ANY);
    case "boolean":
    case "call":
    case "null":
    case "number":
    case "ref":
    case "string":
    case "template":
    case "var":
      return settle(environment, variable, other);
  }
}

/** Two names of which not all is known can be anything. */
function settle(environment: Environment, a: Term, b: Term): boolean {
  unifyTerm(environment, a, ANY);
  unifyTerm(environment, b, ANY);
  return true;
}

function agree(environment: Environment, variable: Term, type: Type): boolean {
  const known = environment.typeOf(variable);
  return known === undefined
    ? unifyTerm(environment, variable, type)
    : unifies(settled(known), settled(type));
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
    return other !== undefined && unifyTerms(environment, value, other, NESTED);
  });
}
