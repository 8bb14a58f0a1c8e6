/** The functions that every template has (Go's text/template, "Functions"); `and` and `or` are the execution's own. */

import { compareTexts } from "../../values/index.ts";
import type { Evaluation } from "../builtin.ts";
import { bytesOfText, textOfBytes } from "../byte-text.ts";
import { DataError } from "../data-error.ts";
import { PLAIN } from "../format-argument.ts";
import { goEscape } from "../go-text.ts";
import { sprint, sprintf, sprintln, write } from "./printing.ts";
import {
  type GoValue,
  type Held,
  held,
  heldByDocument,
  isText,
  isTrue,
  memberOf,
  typeName,
} from "./values.ts";

export interface TemplateFunction {
  /** How many operands it takes at least, and whether it takes more. */
  readonly count: number;
  readonly isVariadic: boolean;
  /** @throws DataError */
  readonly call: (evaluation: Evaluation, operands: readonly Held[]) => Held;
}

function fixed(count: number, call: TemplateFunction["call"]): TemplateFunction {
  return { count, isVariadic: false, call };
}

function variadic(count: number, call: TemplateFunction["call"]): TemplateFunction {
  return { count, isVariadic: true, call };
}

const bool = (value: boolean): Held => held({ kind: "bool", value });
const text = (value: string): Held => held({ kind: "string", value });
const int = (value: number): Held => held({ kind: "int", value: BigInt(value) });

function length(operand: Held | undefined): Held {
  const value = operand?.value;
  if (value === undefined)
    throw new DataError(
      operand?.isInterface === true
        ? "len of nil pointer"
        : "reflect: call of reflect.Value.Type on zero Value",
    );
  if (isText(value)) return int(bytesOfText(value.value).length);
  if (value.kind === "slice") return int(value.value.length);
  if (value.kind === "map") return int(Object.keys(value.value).length);
  throw new DataError(`len of type ${typeName(value)}`);
}

/** An operand that says a place within something of that length. */
function place({ value, isInterface }: Held, size: number): number {
  if (value?.kind !== "int" && value?.kind !== "uint8")
    throw new DataError(
      `cannot index slice/array with ${value === undefined ? "nil" : `type ${isInterface ? "interface {}" : typeName(value)}`}`,
    );
  if (value.value < 0n || value.value > BigInt(size))
    throw new DataError(`index out of range: ${value.value}`);
  return Number(value.value);
}

function index([operand, ...steps]: readonly Held[]): Held {
  if (operand?.value === undefined) throw new DataError("index of untyped nil");
  let item = operand;
  for (const step of steps) item = indexed(item, held(step.value));
  return item;
}

function indexed({ value }: Held, step: Held): Held {
  if (value === undefined) throw new DataError("index of nil pointer");
  if (value.kind === "map") {
    const { value: key } = step;
    if (key === undefined) throw new DataError("value is nil; should be of type string");
    if (key.kind !== "string") throw new DataError(`value has type ${typeName(key)}; should be string`);
    const found = memberOf(value.value, key.value);
    return found.isInterface ? found : { value: undefined, isInterface: true };
  }
  if (value.kind === "slice") {
    const found = value.value[place(step, value.value.length)];
    if (found === undefined) throw new DataError("reflect: slice index out of range");
    return heldByDocument(found);
  }
  if (!isText(value)) throw new DataError(`can't index item of type ${typeName(value)}`);
  const bytes = bytesOfText(value.value);
  const byte = bytes[place(step, bytes.length)];
  if (byte === undefined) throw new DataError("reflect: string index out of range");
  return held({ kind: "uint8", value: BigInt(byte) });
}

function slice([operand, ...places]: readonly Held[]): Held {
  const value = operand?.value;
  if (value === undefined) throw new DataError("slice of untyped nil");
  if (places.length > 3) throw new DataError(`too many slice indexes: ${places.length}`);
  if (!isText(value) && value.kind !== "slice")
    throw new DataError(`can't slice item of type ${typeName(value)}`);
  if (isText(value) && places.length === 3) throw new DataError("cannot 3-index slice a string");
  const size = isText(value) ? bytesOfText(value.value).length : value.value.length;
  const room = isText(value) ? size : capacity(size);
  const [from = 0, to = size, end = room] = places.map((at) => place(at, room));
  if (from > to) throw new DataError(`invalid slice index: ${from} > ${to}`);
  if (to > end) throw new DataError(`invalid slice index: ${to} > ${end}`);
  if (value.kind === "slice") {
    const beyond = Array<null>(Math.max(0, to - size)).fill(null);
    return held({ kind: "slice", value: [...value.value, ...beyond].slice(from, to) });
  }
  return held({ kind: value.kind, value: textOfBytes(bytesOfText(value.value).subarray(from, to)) });
}

/** How many items Go's JSON decoder makes room for, which a slice may come to see: nil. */
function capacity(size: number): number {
  return size === 0 || size > 256 ? size : 2 ** Math.ceil(Math.log2(size));
}

/** Kinds of which values can be compared. */
function basicKind(value: GoValue | undefined): string | undefined {
  switch (value?.kind) {
    case "string":
    case "number":
      return "string";
    case "int":
    case "uint8":
      return "int";
    case "slice":
    case "map":
    case undefined:
      return undefined;
    case "bool":
    case "float64":
    case "complex128":
      return value.kind;
  }
}

function incompatible(a: GoValue, b: GoValue): DataError {
  return new DataError(`incompatible types for comparison: ${typeName(a)} and ${typeName(b)}`);
}

function isEqual(a: GoValue | undefined, b: GoValue | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  const kind = basicKind(a);
  if (kind !== basicKind(b)) throw incompatible(a, b);
  if (kind === undefined)
    throw new DataError(
      a.kind === b.kind
        ? `non-comparable type ${write(b, "s", PLAIN)}: ${typeName(b)}`
        : `non-comparable types ${write(a, "s", PLAIN)}: ${typeName(a)}, ${typeName(b)}: ${sprint([b])}`,
    );
  if (a.kind === "complex128" || b.kind === "complex128")
    return (
      a.kind === "complex128" && b.kind === "complex128" && a.real === b.real && a.imaginary === b.imaginary
    );
  return a.value === b.value;
}

function equals([first, ...rest]: readonly Held[]): boolean {
  if (rest.length === 0) throw new DataError("missing argument for comparison");
  return rest.some((operand) => isEqual(first?.value, operand.value));
}

function isLess(a: GoValue | undefined, b: GoValue | undefined): boolean {
  const kinds = [basicKind(a), basicKind(b)];
  if (a === undefined || b === undefined || kinds.includes(undefined))
    throw new DataError("invalid type for comparison");
  if (kinds[0] !== kinds[1]) throw incompatible(a, b);
  if (isText(a) && isText(b)) return compareTexts(a.value, b.value) < 0;
  if ((a.kind === "int" || a.kind === "uint8") && (b.kind === "int" || b.kind === "uint8"))
    return a.value < b.value;
  if (a.kind === "float64" && b.kind === "float64") return a.value < b.value;
  throw new DataError("invalid type for comparison");
}

const compared = (holds: (a: GoValue | undefined, b: GoValue | undefined) => boolean): TemplateFunction =>
  fixed(2, (_, [a, b]) => bool(holds(a?.value, b?.value)));

/** What is escaped: a text as it is, anything else as it is printed. */
function printed(operands: readonly Held[]): string {
  const [only] = operands;
  if (operands.length === 1 && only?.value?.kind === "string") return only.value.value;
  return sprint(
    operands.map(({ value }) => value ?? ({ kind: "string", value: "<no value>" } satisfies GoValue)),
  );
}

const HTML: ReadonlyMap<string, string> = new Map([
  ["\0", "\ufffd"],
  ['"', "&#34;"],
  ["'", "&#39;"],
  ["&", "&amp;"],
  ["<", "&lt;"],
  [">", "&gt;"],
]);

function html(value: string): string {
  return Array.from(value, (character) => HTML.get(character) ?? character).join("");
}

function javascript(value: string): string {
  return Array.from(value, (character) => {
    if (/^[\\'"]$/.test(character)) return `\\${character}`;
    const code = character.codePointAt(0) as number;
    const isEscaped = /^[<>&=]$/.test(character) || code < 0x20;
    if (!isEscaped && (code < 0x80 || goEscape(character, "", false) === character)) return character;
    return `\\u${code.toString(16).toUpperCase().padStart(4, "0")}`;
  }).join("");
}

function query(value: string): string {
  return Array.from(bytesOfText(value), (byte) => {
    const character = String.fromCharCode(byte);
    if (/^[A-Za-z0-9\-_.~]$/.test(character)) return character;
    return character === " " ? "+" : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }).join("");
}

const escaped = (write: (value: string) => string): TemplateFunction =>
  variadic(0, (_, operands) => text(write(printed(operands))));

const values = (operands: readonly Held[]): readonly (GoValue | undefined)[] =>
  operands.map(({ value }) => value);

export const FUNCTIONS: ReadonlyMap<string, TemplateFunction> = new Map<string, TemplateFunction>([
  ["html", escaped(html)],
  ["index", variadic(1, (_, operands) => index(operands))],
  ["js", escaped(javascript)],
  ["len", fixed(1, (_, [operand]) => length(operand))],
  ["not", fixed(1, (_, [operand]) => bool(!isTrue(operand?.value)))],
  ["print", variadic(0, (_, operands) => text(sprint(values(operands))))],
  [
    "printf",
    variadic(1, (evaluation, [format, ...rest]) => {
      const pattern = format?.value?.kind === "string" ? format.value.value : "";
      return text(sprintf(evaluation, pattern, values(rest)));
    }),
  ],
  ["println", variadic(0, (_, operands) => text(sprintln(values(operands))))],
  ["slice", variadic(1, (_, operands) => slice(operands))],
  ["urlquery", escaped(query)],
  ["eq", variadic(1, (_, operands) => bool(equals(operands)))],
  ["ne", compared((a, b) => !isEqual(a, b))],
  ["lt", compared(isLess)],
  ["le", compared((a, b) => isLess(a, b) || isEqual(a, b))],
  // Greater or equal is not less, even where neither holds.
  ["gt", compared((a, b) => !(isLess(a, b) || isEqual(a, b)))],
  ["ge", compared((a, b) => !isLess(a, b))],
]);

/** All names that a template may call. */
export const FUNCTION_NAMES: ReadonlySet<string> = new Set([...FUNCTIONS.keys(), "and", "or", "call"]);
