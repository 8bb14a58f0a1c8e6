/** Values of an execution, with the types that Go has for them: those of JSON documents, of constants and of functions. */
import {
  isArray,
  isNumber,
  isObject,
  member,
  numberText,
  type RegoObjectValue,
  sortedEntries,
  type Value,
} from "../../values/index.ts";

export type GoValue =
  | { readonly kind: "bool"; readonly value: boolean }
  | { readonly kind: "int"; readonly value: bigint }
  /** One byte of a text. */
  | { readonly kind: "uint8"; readonly value: bigint }
  | { readonly kind: "float64"; readonly value: number }
  | { readonly kind: "complex128"; readonly real: number; readonly imaginary: number }
  | { readonly kind: "string"; readonly value: string }
  /** Numbers of documents are texts. */
  | { readonly kind: "number"; readonly value: string }
  | { readonly kind: "slice"; readonly value: readonly Value[] }
  | { readonly kind: "map"; readonly value: RegoObjectValue };

/** What a variable or an operand holds; within a document everything is held by an interface, which may be nil. */
export interface Held {
  /** Undefined is nil. */
  readonly value: GoValue | undefined;
  readonly isInterface: boolean;
}

/** What is not there at all: a member of an object that does not have it. */
export const NOTHING: Held = { value: undefined, isInterface: false };

export function held(value: GoValue | undefined): Held {
  return { value, isInterface: false };
}

/** A value within a document. */
export function heldByDocument(value: Value): Held {
  return { value: goValueOf(value), isInterface: true };
}

/** The value of a document of JSON. */
export function goValueOf(value: Value): GoValue | undefined {
  if (value === null) return undefined;
  if (typeof value === "boolean") return { kind: "bool", value };
  if (typeof value === "string") return { kind: "string", value };
  if (isNumber(value)) return { kind: "number", value: numberText(value) };
  if (isArray(value)) return { kind: "slice", value };
  return isObject(value) ? { kind: "map", value } : undefined;
}

const TYPES: Readonly<Record<GoValue["kind"], string>> = {
  bool: "bool",
  int: "int",
  uint8: "uint8",
  float64: "float64",
  complex128: "complex128",
  string: "string",
  number: "json.Number",
  slice: "[]interface {}",
  map: "map[string]interface {}",
};

export function typeName({ kind }: GoValue): string {
  return TYPES[kind];
}

export function isText(
  value: GoValue | undefined,
): value is GoValue & { readonly kind: "string" | "number" } {
  return value?.kind === "string" || value?.kind === "number";
}

/** Whether `if` takes it for true. */
export function isTrue(value: GoValue | undefined): boolean {
  switch (value?.kind) {
    case undefined:
      return false;
    case "bool":
      return value.value;
    case "int":
    case "uint8":
      return value.value !== 0n;
    case "float64":
      return value.value !== 0;
    case "complex128":
      return value.real !== 0 || value.imaginary !== 0;
    case "string":
    case "number":
      return value.value !== "";
    case "slice":
      return value.value.length > 0;
    case "map":
      return entriesOf(value.value).length > 0;
  }
}

/** The members of an object of a document, in the order in which Go's templates come to them. */
export function entriesOf(object: RegoObjectValue): readonly (readonly [string, Value])[] {
  return sortedEntries(object).filter(
    (entry): entry is readonly [string, Value] => typeof entry[0] === "string",
  );
}

export function memberOf(object: RegoObjectValue, name: string): Held {
  const found = member(object, name);
  return found === undefined ? NOTHING : heldByDocument(found);
}
