/** Values as the YAML that Go's yaml.v3 writes: block style, literal texts for lines, keys in natural order. */
import {
  integerOf,
  isArray,
  isNumber,
  isObject,
  isSet,
  numberText,
  type RegoNumber,
  sortedEntries,
  type Value,
} from "../../values/index.ts";
import { formatFloat } from "../go-float.ts";
import { marshal } from "../json-text.ts";
import { isPlainText } from "./scalar.ts";

const OLD_BOOLEAN = /^(?:y|Y|yes|Yes|YES|on|On|ON|n|N|no|No|NO|off|Off|OFF)$/;
const BASE_60 = /^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$/;
const TIMESTAMP =
  /^\d{4}-\d{1,2}-\d{1,2}(?:[Tt\s]\s*\d{1,2}:\d{2}:\d{2}(?:\.\d*)?\s*(?:Z|[-+]\d{1,2}(?::?\d{2})?)?)?$/;

export function marshalYaml(value: Value): string {
  const lines = block(value, 0);
  return `${lines}\n`;
}

function isEmpty(value: Value): boolean {
  if (isArray(value)) return value.length === 0;
  if (isSet(value)) return value.size === 0;
  return isObject(value) && sortedEntries(value).length === 0;
}

/** A value from the place on where it stands; following lines are indented by so many spaces. */
function block(value: Value, indent: number): string {
  if (isEmpty(value)) return isObject(value) ? "{}" : "[]";
  const pad = " ".repeat(indent);
  if (isArray(value) || isSet(value))
    return (isSet(value) ? value.sorted() : value)
      .map((item) => `- ${block(item, indent + 2)}`)
      .join(`\n${pad}`);
  if (!isObject(value)) return scalar(value, indent);
  return members(value)
    .map(([key, item]) => {
      const name = text(key, indent, true);
      const nested = (isArray(item) || isSet(item) || isObject(item)) && !isEmpty(item);
      return nested ? `${name}:\n${pad}  ${block(item, indent + 2)}` : `${name}: ${block(item, indent + 2)}`;
    })
    .join(`\n${pad}`);
}

function members(value: Value): readonly (readonly [string, Value])[] {
  if (!isObject(value)) return [];
  const named = new Map(
    sortedEntries(value).map(([key, item]) => [typeof key === "string" ? key : marshal(key), item]),
  );
  return [...named].sort(([a], [b]) => natural(a, b));
}

/** Runs of digits by their number, letters after everything else. */
function natural(a: string, b: string): number {
  const left = Array.from(a);
  const right = Array.from(b);
  const isDigit = (character: string | undefined): boolean =>
    character !== undefined && /\p{Nd}/u.test(character);
  const isLetter = (character: string): boolean => /\p{L}/u.test(character);
  let digits = false;
  for (let i = 0; i < left.length && i < right.length; i++) {
    const x = left[i] as string;
    const y = right[i] as string;
    if (x === y) {
      digits = isDigit(x);
      continue;
    }
    const letters = [isLetter(x), isLetter(y)];
    if (letters[0] === true && letters[1] === true) return x < y ? -1 : 1;
    if (letters[0] === true || letters[1] === true)
      return (digits ? letters[0] : letters[1]) === true ? -1 : 1;
    const run = (characters: readonly string[]): string => {
      let end = i;
      while (isDigit(characters[end])) end++;
      return characters.slice(i, end).join("");
    };
    const [m, n] = [run(left), run(right)];
    const [p, q] = [Number(m || 0), Number(n || 0)];
    if (p !== q) return p < q ? -1 : 1;
    if (m.length !== n.length) return m.length < n.length ? -1 : 1;
    return x < y ? -1 : 1;
  }
  return left.length - right.length;
}

function scalar(value: Value, indent: number): string {
  if (typeof value === "string") return text(value, indent, false);
  return isNumber(value) ? number(value) : marshal(value);
}

/** Integers of 64 bits as they are, all else as a double. */
function number(value: RegoNumber): string {
  const raw = numberText(value);
  if (/^-?\d+$/.test(raw)) {
    const whole = integerOf(value) as bigint;
    if (whole >= -(2n ** 63n) && whole < 2n ** 64n) return String(whole);
  }
  const double = Number(raw);
  return Number.isFinite(double) ? formatFloat(double, "g", -1) : raw;
}

function text(value: string, indent: number, isKey: boolean): string {
  const plain =
    value === "<<" ||
    (isPlainText(value) && !OLD_BOOLEAN.test(value) && !BASE_60.test(value) && !TIMESTAMP.test(value));
  const special = hasSpecial(value);
  if (value.includes("\n")) {
    if (!special && !isKey && !/ \n| $/.test(value)) return literal(value, indent);
    return double(value);
  }
  if (!plain || special) return double(value);
  return needsQuotes(value) ? `'${value.replaceAll("'", "''")}'` : value;
}

/** Characters that only an escape can write. */
function hasSpecial(value: string): boolean {
  return /[^\n\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd]/.test(value);
}

function needsQuotes(value: string): boolean {
  return (
    value === "" ||
    /^[ #,[\]{}&*!|>'"%@`]|^[-?:](?: |$)|: |:$| #| $|^---|^\.\.\.|[\x85\u2028\u2029]/.test(value)
  );
}

function literal(value: string, indent: number): string {
  const end = value.endsWith("\n\n") || value === "\n" ? "+" : value.endsWith("\n") ? "" : "-";
  const hint = /^[ \n]/.test(value) ? "2" : "";
  const pad = " ".repeat(Math.max(indent, 2));
  const body = value.endsWith("\n") ? value.slice(0, -1) : value;
  const lines = body.split("\n").map((line) => (line === "" ? "" : pad + line));
  return `|${hint}${end}\n${lines.join("\n")}`;
}

const ESCAPES: Readonly<Record<string, string>> = {
  "\0": "\\0",
  "\x07": "\\a",
  "\b": "\\b",
  "\t": "\\t",
  "\n": "\\n",
  "\v": "\\v",
  "\f": "\\f",
  "\r": "\\r",
  "\x1b": "\\e",
  '"': '\\"',
  "\\": "\\\\",
  "\x85": "\\N",
  "\xa0": "\\_",
  "\u2028": "\\L",
  "\u2029": "\\P",
};

function double(value: string): string {
  // A byte order mark at the beginning has everything after it escaped too.
  const all = value.startsWith("\ufeff");
  const escaped = Array.from(value).map((character) => {
    const known = ESCAPES[character];
    const code = character.codePointAt(0) as number;
    if (!all && (known === undefined || character === "\xa0") && !hasSpecial(character)) return character;
    if (known !== undefined) return known;
    const digits = code.toString(16).toUpperCase();
    if (code <= 0xff) return `\\x${digits.padStart(2, "0")}`;
    return code <= 0xffff ? `\\u${digits.padStart(4, "0")}` : `\\U${digits.padStart(8, "0")}`;
  });
  return `"${escaped.join("")}"`;
}
