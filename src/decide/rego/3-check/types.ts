/** The algebra of static types (OPA "Type Checking"): what a term can be, as far as that is known before evaluation. */
import { canonicalText, compare, type Value } from "../values/index.ts";

export type Type =
  | { readonly kind: "null" | "boolean" | "number" | "string" }
  /** Any of these; of none, anything at all. */
  | { readonly kind: "any"; readonly of: readonly Type[] }
  | { readonly kind: "array"; readonly items: readonly (Type | undefined)[]; readonly rest: Type | undefined }
  | { readonly kind: "object"; readonly members: readonly Property[]; readonly rest: Rest | undefined }
  | { readonly kind: "set"; readonly of: Type | undefined }
  | { readonly kind: "function"; readonly operands: readonly Type[]; readonly result: Type | undefined };

export interface Property {
  readonly key: Value;
  readonly type: Type | undefined;
}
/** Members beyond those that are known. */
export interface Rest {
  readonly key: Type | undefined;
  readonly value: Type | undefined;
}

export const ANY: Type = { kind: "any", of: [] };
export const NULL: Type = { kind: "null" };
export const BOOLEAN: Type = { kind: "boolean" };
export const NUMBER: Type = { kind: "number" };
export const STRING: Type = { kind: "string" };

/** A text that tells types apart. */
export function typeText(type: Type | undefined): string {
  if (type === undefined) return "???";
  switch (type.kind) {
    case "any":
      return type.of.length === 0 ? "any" : `any<${type.of.map(typeText).sort().join(", ")}>`;
    case "array":
      return `array<${[...type.items.map(typeText), ...(type.rest === undefined ? [] : [`...${typeText(type.rest)}`])].join(", ")}>`;
    case "object": {
      const members = [...type.members]
        .sort((a, b) => compare(a.key, b.key))
        .map(({ key, type: value }) => `${canonicalText(key)}: ${typeText(value)}`);
      const rest =
        type.rest === undefined ? [] : [`[${typeText(type.rest.key)}]: ${typeText(type.rest.value)}`];
      return `object<${[...members, ...rest].join(", ")}>`;
    }
    case "set":
      return `set[${typeText(type.of)}]`;
    case "function":
      return `(${type.operands.map(typeText).join(", ")}) => ${typeText(type.result)}`;
    case "boolean":
    case "null":
    case "number":
    case "string":
      return type.kind;
  }
}

export function isAnything(type: Type | undefined): boolean {
  return type?.kind === "any" && type.of.length === 0;
}

/** Either of two types. */
export function or(a: Type | undefined, b: Type | undefined): Type | undefined {
  if (a === undefined) return b;
  if (b === undefined) return a;
  if (a === b || isAnything(a)) return a;
  if (isAnything(b)) return b;
  if (a.kind === "function" && b.kind === "function")
    return {
      kind: "function",
      operands: a.operands.map((operand, index) => or(operand, b.operands[index]) ?? ANY),
      result: or(a.result, b.result),
    };
  const all = new Map<string, Type>();
  for (const type of [a, b])
    for (const one of type.kind === "any" ? type.of : [type]) all.set(typeText(one), one);
  const [only] = all.values();
  return all.size === 1 && only !== undefined ? only : { kind: "any", of: [...all.values()] };
}

export function orAll(types: Iterable<Type | undefined>): Type | undefined {
  let all: Type | undefined;
  for (const type of types) all = or(all, type);
  return all;
}

/** Whether some value can be of both. What is not known can be nothing. */
export function unifies(a: Type | undefined, b: Type | undefined): boolean {
  if (a === undefined || b === undefined) return false;
  if (a.kind === "any")
    return b.kind !== "function" && (a.of.length === 0 || a.of.some((one) => unifies(one, b)));
  if (b.kind === "any") return unifies(b, a);
  if (a.kind !== b.kind) return false;
  if (a.kind === "array" && b.kind === "array")
    return (
      a.items.every((item, index) => unifiesWithin(item, itemOf(b, index))) &&
      b.items.every((item, index) => unifiesWithin(item, itemOf(a, index))) &&
      (a.rest === undefined || b.rest === undefined || unifiesWithin(a.rest, b.rest))
    );
  if (a.kind === "object" && b.kind === "object")
    return (
      a.members.every(({ key, type }) => unifiesWithin(type, memberOf(b, key))) &&
      b.members.every(({ key, type }) => unifiesWithin(type, memberOf(a, key))) &&
      (a.rest === undefined || b.rest === undefined || unifiesWithin(a.rest.value, b.rest.value))
    );
  // An empty set can be any other.
  if (a.kind === "set" && b.kind === "set")
    return a.of === undefined || b.of === undefined || unifiesWithin(a.of, b.of);
  return a.kind !== "function";
}

/** Within composites two empty sets are never taken for equal. */
function unifiesWithin(a: Type | undefined, b: Type | undefined): boolean {
  const empty = a?.kind === "set" && b?.kind === "set" && a.of === undefined && b.of === undefined;
  return !empty && unifies(a, b);
}

function itemOf(type: Extract<Type, { kind: "array" }>, index: number): Type | undefined {
  return index < type.items.length ? type.items[index] : type.rest;
}

/** The type of a member by its constant key. */
function memberOf(type: Extract<Type, { kind: "object" }>, key: Value): Type | undefined {
  const found = type.members.find((property) => compare(property.key, key) === 0);
  if (found !== undefined) return found.type;
  return type.rest !== undefined && unifies(type.rest.key, ofValue(key)) ? type.rest.value : undefined;
}

/** The type of a constant. */
function ofValue(value: Value): Type {
  switch (typeof value) {
    case "string":
      return STRING;
    case "boolean":
      return BOOLEAN;
    case "number":
    case "bigint":
      return NUMBER;
    case "function":
    case "object":
    case "symbol":
    case "undefined":
      return value === null
        ? NULL
        : Array.isArray(value)
          ? { kind: "array", items: value.map(ofValue), rest: undefined }
          : compositeOf(value);
  }
}

function compositeOf(value: Value): Type {
  return typeof value === "object" && value !== null && "text" in value && "parts" in value ? NUMBER : ANY;
}

/** What a collection's keys can be; undefined of what has none. */
export function keysOf(type: Type | undefined): Type | undefined {
  switch (type?.kind) {
    case "array":
      return type.items.length === 0 && type.rest === undefined ? undefined : NUMBER;
    case "object":
      return orAll([...type.members.map(({ key }) => ofValue(key)), type.rest?.key]);
    case "set":
      return type.of;
    case "any":
      return type.of.length === 0 ? type : orAll(type.of.map(keysOf));
    case undefined:
    case "boolean":
    case "function":
    case "null":
    case "number":
    case "string":
      return undefined;
  }
}

/** What a collection's members can be; undefined of what has none. */
export function valuesOf(type: Type | undefined): Type | undefined {
  switch (type?.kind) {
    case "array":
      return orAll([...type.items, type.rest]);
    case "object":
      return orAll([...type.members.map((property) => property.type), type.rest?.value]);
    case "set":
      return type.of;
    case "any":
      return type.of.length === 0 ? type : orAll(type.of.map(valuesOf));
    case undefined:
    case "boolean":
    case "function":
    case "null":
    case "number":
    case "string":
      return undefined;
  }
}

/** The type of `value[key]` for a constant key; undefined where there is none. */
export function select(type: Type | undefined, key: Value): Type | undefined {
  switch (type?.kind) {
    case "array":
      return typeof key === "number" && Number.isInteger(key) && key >= 0 ? itemOf(type, key) : undefined;
    case "object":
      return memberOf(type, key);
    case "set": {
      const wanted = ofValue(key);
      if (type.of?.kind === "any")
        return type.of.of.length === 0 || type.of.of.some((one) => typeText(one) === typeText(wanted))
          ? wanted
          : undefined;
      return typeText(type.of) === typeText(wanted) ? type.of : undefined;
    }
    case "any":
      return type.of.length === 0 ? type : orAll(type.of.map((one) => select(one, key)));
    case undefined:
    case "boolean":
    case "function":
    case "null":
    case "number":
    case "string":
      return undefined;
  }
}

/** Whether something within is not known. */
export function isUnknown(type: Type | undefined): boolean {
  if (type === undefined) return true;
  switch (type.kind) {
    case "array":
      return type.items.some(isUnknownWithin);
    case "object":
      return (
        type.members.some((property) => isUnknownWithin(property.type)) ||
        (type.rest !== undefined && (isUnknown(type.rest.key) || isUnknown(type.rest.value)))
      );
    case "set":
      return type.of !== undefined && isUnknown(type.of);
    case "any":
    case "boolean":
    case "function":
    case "null":
    case "number":
    case "string":
      return false;
  }
}

function isUnknownWithin(type: Type | undefined): boolean {
  return isUnknown(type) || (type?.kind === "set" && type.of === undefined);
}

/** Whether it may have members. */
export function isCollection(type: Type | undefined): boolean {
  switch (type?.kind) {
    case "array":
    case "object":
    case "set":
      return true;
    case "any":
      return type.of.length === 0 || keysOf(type) !== undefined;
    case undefined:
    case "boolean":
    case "function":
    case "null":
    case "number":
    case "string":
      return false;
  }
}
