/** The algebra of static types (OPA "Type Checking"): what a term can be, as far as that is known before evaluation. */
import {
  canonicalText,
  compare,
  isArray,
  isNumber,
  isSet,
  objectOf,
  sortedEntries,
  type Value,
} from "../values/index.ts";

/** `undefined` in the place of a type: nothing is known, not even that it can be anything. */
export type Type = Scalar | AnyType | ArrayType | ObjectType | SetType | FunctionType;

export interface Scalar {
  readonly kind: "null" | "boolean" | "number" | "string";
}
/** Any of these; of none, anything at all. */
export interface AnyType {
  readonly kind: "any";
  readonly of: readonly Type[];
}
/** Items by their place, and what those beyond can be, if there may be any. */
export interface ArrayType {
  readonly kind: "array";
  readonly items: readonly (Type | undefined)[];
  readonly rest: Type | undefined;
}
/** Members by the canonical text of their key, and what others can be, if there may be any. */
export interface ObjectType {
  readonly kind: "object";
  readonly members: ReadonlyMap<string, Property>;
  readonly rest: Rest | undefined;
}
/** Of nothing known: an empty set. */
export interface SetType {
  readonly kind: "set";
  readonly of: Type | undefined;
}
export interface FunctionType {
  readonly kind: "function";
  readonly operands: readonly Type[];
  /** Absent where it gives nothing. */
  readonly result: Type | undefined;
  /** Takes any number of operands. */
  readonly variadic: boolean;
}

export interface Property {
  readonly key: Value;
  readonly type: Type | undefined;
}
export interface Rest {
  readonly key: Type | undefined;
  readonly value: Type | undefined;
}

export const ANY: Type = { kind: "any", of: [] };
export const NULL: Type = { kind: "null" };
export const BOOLEAN: Type = { kind: "boolean" };
export const NUMBER: Type = { kind: "number" };
export const STRING: Type = { kind: "string" };

const NO_MEMBERS: ReadonlyMap<string, Property> = new Map<string, Property>();

export function arrayOf(items: readonly (Type | undefined)[], rest?: Type): ArrayType {
  return { kind: "array", items, rest };
}

/** An object of members that are not known beforehand. */
export function dictionary(key: Type | undefined, value: Type | undefined): ObjectType {
  return { kind: "object", members: NO_MEMBERS, rest: { key, value } };
}

export function objectType(properties: Iterable<Property>, rest?: Rest): ObjectType {
  const members = new Map<string, Property>();
  for (const property of properties) members.set(canonicalText(property.key), property);
  return { kind: "object", members, rest };
}

export function isAnything(type: Type | undefined): boolean {
  return type?.kind === "any" && type.of.length === 0;
}

/** Whether some value can be of both. What is not known can be nothing. */
export function unifies(a: Type | undefined, b: Type | undefined): boolean {
  if (a === undefined || b === undefined) return false;
  if (a === b && a.kind !== "function" && !isUnknown(a)) return true;
  if (a.kind === "any" || b.kind === "any")
    return (a.kind === "any" && isAmong(a, b)) || (b.kind === "any" && isAmong(b, a));
  if (a.kind === "array" && b.kind === "array")
    return (
      a.items.every((item, index) => unifies(item, itemOf(b, index))) &&
      b.items.every((item, index) => unifies(item, itemOf(a, index))) &&
      (a.rest === undefined || b.rest === undefined || unifies(a.rest, b.rest))
    );
  if (a.kind === "object" && b.kind === "object")
    return (
      fitsMembers(a, b) &&
      fitsMembers(b, a) &&
      (!isOpen(a) || !isOpen(b) || unifies(a.rest?.value, b.rest?.value))
    );
  // An empty set can be any other, but as in OPA not another empty one.
  if (a.kind === "set" && b.kind === "set")
    return a.of === undefined || b.of === undefined ? a.of !== b.of : unifies(a.of, b.of);
  return a.kind === b.kind && a.kind !== "function";
}

function isAmong({ of }: AnyType, type: Type): boolean {
  return type.kind !== "function" && (of.length === 0 || of.some((one) => unifies(one, type)));
}

/** Whether it can have other members, of which something is known. */
function isOpen({ rest }: ObjectType): boolean {
  return rest?.value !== undefined;
}

/** Whether each member of one can be that of the other. As in OPA, what has other members too need not have that one. */
function fitsMembers(a: ObjectType, b: ObjectType): boolean {
  const open = isOpen(a) || isOpen(b);
  for (const [text, { key, type }] of a.members) {
    const other = memberOf(b, text, key);
    if (other === undefined ? !open || b.members.has(text) : !unifies(type, other)) return false;
  }
  return true;
}

/** The type of an item by its place. */
export function itemOf({ items, rest }: ArrayType, index: number): Type | undefined {
  return index < items.length ? items[index] : rest;
}

/** The type of a member by its key and that key's canonical text. */
export function memberOf({ members, rest }: ObjectType, text: string, key: Value): Type | undefined {
  const found = members.get(text);
  if (found !== undefined) return found.type;
  return rest !== undefined && unifies(rest.key, ofValue(key)) ? rest.value : undefined;
}

/** The type of a constant. */
export function ofValue(value: Value): Type {
  if (value === null) return NULL;
  if (typeof value === "boolean") return BOOLEAN;
  if (typeof value === "string") return STRING;
  if (isNumber(value)) return NUMBER;
  if (isArray(value)) return arrayOf(value.map(ofValue));
  if (isSet(value)) return arrayOf(value.sorted().map(ofValue));
  return objectType(sortedEntries(value).map(([key, item]) => ({ key, type: ofValue(item) })));
}

/** As keys of objects OPA takes sets for arrays. */
export function keyOf(value: Value): Value {
  if (isSet(value)) return value.sorted().map(keyOf);
  if (isArray(value)) return value.map(keyOf);
  if (value === null || typeof value !== "object" || isNumber(value)) return value;
  return objectOf(sortedEntries(value).map(([key, item]) => [keyOf(key), keyOf(item)] as const));
}

const UNKNOWN = new WeakMap<Type, boolean>();

/** Whether something within is not known. */
export function isUnknown(type: Type | undefined): boolean {
  if (type === undefined) return true;
  let unknown = UNKNOWN.get(type);
  if (unknown === undefined) {
    unknown = holdsUnknown(type);
    UNKNOWN.set(type, unknown);
  }
  return unknown;
}

function holdsUnknown(type: Type): boolean {
  switch (type.kind) {
    case "array":
      return type.items.some(isUnknown) || (type.rest !== undefined && isUnknown(type.rest));
    case "object":
      if (type.rest !== undefined && (isUnknown(type.rest.key) || isUnknown(type.rest.value))) return true;
      for (const property of type.members.values()) if (isUnknown(property.type)) return true;
      return false;
    case "set":
      return isUnknown(type.of);
    case "any":
    case "boolean":
    case "function":
    case "null":
    case "number":
    case "string":
      return false;
  }
}

/** Either of two types. */
export function or(a: Type | undefined, b: Type | undefined): Type | undefined {
  if (a === undefined || a === b || isAnything(b)) return b;
  if (b === undefined || isAnything(a)) return a;
  return orAll([a, b]);
}

/** Any of many types; what is not known adds nothing. */
export function orAll(types: Iterable<Type | undefined>): Type | undefined {
  const all = new Map<string, Type>();
  for (const type of types) {
    if (type === undefined) continue;
    if (isAnything(type)) return type;
    for (const one of type.kind === "any" ? type.of : [type]) all.set(typeText(one), one);
  }
  const [only] = all.values();
  if (all.size < 2) return only;
  const sorted = [...all].sort(([a, one], [b, other]) => rank(one) - rank(other) || (a < b ? -1 : 1));
  return { kind: "any", of: sorted.map(([, one]) => one) };
}

const RANKS: readonly Type["kind"][] = [
  "null",
  "boolean",
  "number",
  "string",
  "array",
  "object",
  "set",
  "any",
  "function",
];

function rank(type: Type): number {
  return RANKS.indexOf(type.kind);
}

/**
 * What several rules add to one document, in their order: members that are not known beforehand become one dictionary, and
 * so do theirs; sets become one set until something else is added.
 */
export function merge(types: readonly (Type | undefined)[]): Type | undefined {
  const rests: Rest[] = [];
  const sets: (Type | undefined)[] = [];
  const others: (Type | undefined)[] = [];
  for (const type of types) {
    if (type?.kind === "object" && type.members.size === 0 && type.rest !== undefined) rests.push(type.rest);
    else if (type?.kind === "set" && rests.length === 0 && others.length === 0) sets.push(type.of);
    else if (type !== undefined) others.push(type);
  }
  if (rests.length > 0)
    others.push(dictionary(orAll(rests.map(({ key }) => key)), merge(rests.map(({ value }) => value))));
  if (sets.length > 0) others.push({ kind: "set", of: orAll(sets) });
  return orAll(others);
}

/** Beyond so many parts a type is taken for anything: rules that double each other's value would fill the memory. */
const MAX_SIZE = 100_000;
const SIZES = new WeakMap<Type, number>();

function sizeOf(type: Type | undefined): number {
  if (type === undefined || type.kind === "function") return 1;
  let size = SIZES.get(type);
  if (size === undefined) {
    size = 1;
    for (const part of partsOf(type)) size += sizeOf(part);
    SIZES.set(type, size);
  }
  return size;
}

function partsOf(type: Type): readonly (Type | undefined)[] {
  switch (type.kind) {
    case "array":
      return [...type.items, type.rest];
    case "object":
      return [
        ...Array.from(type.members.values(), (property) => property.type),
        type.rest?.key,
        type.rest?.value,
      ];
    case "set":
      return [type.of];
    case "any":
      return type.of;
    case "boolean":
    case "function":
    case "null":
    case "number":
    case "string":
      return [];
  }
}

/** The type, or anything where it has too many parts to be of use. */
export function bounded(type: Type): Type {
  return sizeOf(type) > MAX_SIZE ? ANY : type;
}

const TEXTS = new WeakMap<Type, string>();

function isName(key: Value): key is string {
  return typeof key === "string" && /^[A-Za-z_]\w*$/.test(key);
}

/** As OPA writes it: `any<number, array[string]>`, `object<a: number>[string: any]`. Types of one text are one type. */
export function typeText(type: Type | undefined): string {
  if (type === undefined) return "???";
  if (type.kind !== "array" && type.kind !== "object" && type.kind !== "any") return writeType(type);
  let text = TEXTS.get(type);
  if (text === undefined) {
    text = writeType(type);
    TEXTS.set(type, text);
  }
  return text;
}

function writeType(type: Type): string {
  switch (type.kind) {
    case "any":
      return type.of.length === 0 ? "any" : `any<${type.of.map(typeText).join(", ")}>`;
    case "array": {
      const items = type.items.length === 0 ? "" : `<${type.items.map(typeText).join(", ")}>`;
      return `array${items}${type.rest === undefined ? "" : `[${typeText(type.rest)}]`}`;
    }
    case "object": {
      const members = [...type.members]
        .sort(([, a], [, b]) => compare(a.key, b.key))
        .map(([text, { key, type: value }]) => `${isName(key) ? key : text}: ${typeText(value)}`);
      const known = members.length === 0 ? "" : `<${members.join(", ")}>`;
      const { rest } = type;
      return `object${known}${rest === undefined ? "" : `[${typeText(rest.key)}: ${typeText(rest.value)}]`}`;
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
