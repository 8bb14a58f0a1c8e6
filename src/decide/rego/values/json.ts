/** JSON text to values and back, with every number exact (RFC 8259). */
import { numberOf, numberText, partsOfNumber, type RegoNumber } from "./number.ts";
import { isArray, isNumber, isObject, RegoSet, sortedEntries, sortTexts, type Value } from "./value.ts";

/** Deeper nesting is refused. */
const MAX_DEPTH = 10_000;

/** The texts of numbers that JavaScript would not give back as they are: long, tiny, with an exponent, a trailing zero, or `-0`. */
const INEXACT = /[\d.]{16}|0\.000000|\d[eE]|\.\d*0(?!\d)|-0(?![.\d])/;

/**
 * Reads one JSON text. Of members of one name the last counts. A lone surrogate becomes U+FFFD, as in OPA.
 * @throws SyntaxError on anything else, and on nesting deeper than 10,000.
 */
export function parseValue(text: string): Value {
  if (depthOf(text) > MAX_DEPTH) throw new SyntaxError(`JSON nested deeper than ${MAX_DEPTH}`);
  if (INEXACT.test(text)) return reread(JSON.parse(text, exact));
  const value = JSON.parse(text) as Value;
  return text.includes("\\u") || !text.isWellFormed() ? wellFormed(value) : value;
}

/** The reviver sees each number's own text (ECMAScript "JSON.parse source text access"). */
function exact(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  return typeof value === "number" && context?.source !== undefined ? numberOf(context.source) : value;
}

function reread(value: unknown): Value {
  return wellFormed(value as Value);
}

function wellFormed(value: Value): Value {
  if (typeof value === "string") return value.isWellFormed() ? value : value.toWellFormed();
  if (isArray(value)) return value.map(wellFormed);
  if (value === null || typeof value !== "object" || isNumber(value)) return value;
  const members = Object.entries(value).map(([key, item]) => [key.toWellFormed(), wellFormed(item)] as const);
  return Object.fromEntries(members);
}

/** How deep brackets nest in a JSON text, those within strings aside. */
function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit === 0x22) {
      for (i++; i < text.length && text.charCodeAt(i) !== 0x22; i++) if (text.charCodeAt(i) === 0x5c) i++;
    } else if (unit === 0x7b || unit === 0x5b) {
      depth++;
      if (depth > deepest) deepest = depth;
    } else if (unit === 0x7d || unit === 0x5d) depth--;
  }
  return deepest;
}

/**
 * Writes a value as JSON: sets as sorted arrays, keys that are no strings as their JSON text, members in the order of these
 * texts. Of keys that then read alike the last stays. Numbers keep their spelling where JSON has it; a byte that is no UTF-8 is
 * U+FFFD.
 */
export function stringify(value: Value): string {
  if (typeof value === "string") return quoted(value);
  if (isNumber(value)) return numberJson(value);
  if (value === null || typeof value === "boolean") return String(value);
  if (isArray(value)) return `[${value.map(stringify).join(",")}]`;
  if (value instanceof RegoSet) return `[${value.sorted().map(stringify).join(",")}]`;
  const members = new Map<string, string>();
  let isSorted = true;
  for (const [key, item] of sortedEntries(value)) {
    if (typeof key !== "string") isSorted = false;
    members.set(typeof key === "string" ? key : keyText(key), stringify(item));
  }
  const keys = isSorted ? [...members.keys()] : sortTexts([...members.keys()]);
  return `{${keys.map((key) => `${quoted(key)}:${members.get(key) ?? ""}`).join(",")}}`;
}

function quoted(text: string): string {
  return JSON.stringify(text.isWellFormed() ? text : text.toWellFormed());
}

const JSON_NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** Whether the number's spelling is one of JSON (RFC 8259 §6): `to_number` takes others too. */
export function isJsonNumber(value: RegoNumber): boolean {
  return typeof value !== "object" || JSON_NUMBER.test(value.text);
}

function numberJson(value: RegoNumber): string {
  if (isJsonNumber(value)) return numberText(value);
  const { digits, exponent } = partsOfNumber(value);
  return exponent === 0 ? String(digits) : `${digits}e${exponent}`;
}

/** A key that is no text, as Go's encoder writes it: members by their text, with `<`, `>`, `&` and two line ends escaped. */
function keyText(key: Value): string {
  return byText(key).replace(
    /[<>&\u2028\u2029]/g,
    (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function byText(value: Value): string {
  if (isArray(value)) return `[${value.map(byText).join(",")}]`;
  if (value instanceof RegoSet) return `[${value.sorted().map(byText).join(",")}]`;
  if (!isObject(value)) return stringify(value);
  const members = new Map(
    sortedEntries(value).map(([key, item]) => [typeof key === "string" ? key : byText(key), item]),
  );
  return `{${sortTexts([...members.keys()])
    .map((key) => `${JSON.stringify(key)}:${byText(members.get(key) as Value)}`)
    .join(",")}}`;
}
