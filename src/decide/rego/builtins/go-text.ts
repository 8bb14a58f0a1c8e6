/** Texts as Go writes them: quoted strings, and values as OPA prints terms. */
import { isArray, isNumber, isSet, numberText, sortedEntries, type Value } from "../values/index.ts";
import { byteOf } from "./byte-text.ts";
import { isNewer } from "./newer-characters.ts";

/** Text that stands for itself within double quotes. */
const PLAIN = /^[ !#-[\]-~]*$/;
const PRINTABLE = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u;
const SHORT: Readonly<Record<string, string>> = {
  "\x07": "\\a",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\v": "\\v",
  "\\": "\\\\",
};

/** One character within quotes, as Go's strconv.Quote and QuoteToASCII write it. */
export function goEscape(character: string, quote: string, ascii: boolean): string {
  if (character === quote) return `\\${character}`;
  const short = SHORT[character];
  if (short !== undefined) return short;
  const byte = byteOf(character);
  if (byte !== undefined) return `\\x${byte.toString(16)}`;
  const code = character.codePointAt(0) as number;
  if (PRINTABLE.test(character) && !isNewer(character) && (!ascii || code < 0x80)) return character;
  if (code < 0x20 || code === 0x7f) return `\\x${code.toString(16).padStart(2, "0")}`;
  return code < 0x10000
    ? `\\u${code.toString(16).padStart(4, "0")}`
    : `\\U${code.toString(16).padStart(8, "0")}`;
}

export function goQuote(text: string, ascii = false): string {
  if (PLAIN.test(text)) return `"${text}"`;
  return `"${Array.from(text)
    .map((character) => goEscape(character, '"', ascii))
    .join("")}"`;
}

/** A value as OPA prints a term: `{"a": [1, "x"]}`, `{1, 2}`, `set()`. */
export function termText(value: Value): string {
  if (typeof value === "string") return goQuote(value);
  if (isNumber(value)) return numberText(value);
  if (value === null || typeof value === "boolean") return String(value);
  if (isArray(value)) return `[${value.map(termText).join(", ")}]`;
  if (isSet(value)) return value.size === 0 ? "set()" : `{${value.sorted().map(termText).join(", ")}}`;
  return `{${sortedEntries(value)
    .map(([key, item]) => `${termText(key)}: ${termText(item)}`)
    .join(", ")}}`;
}
