/** Strings (OPA policy reference, "Strings"). Positions and lengths count code points, as OPA's do. */
import { BuiltinError } from "../errors.ts";
import {
  ceil,
  compareNumbers,
  floor,
  integerOf,
  isArray,
  isObject,
  isSet,
  numberText,
  type RegoNumber,
  sortedEntries,
  typeName,
  type Value,
} from "../values/index.ts";
import { failure, type Implementations, numberOperand, operandError, stringOperand } from "./builtin.ts";
import { integerOperand } from "./numbers.ts";

function texts(name: string, position: number, value: Value): readonly string[] {
  if (!isArray(value) && !isSet(value)) throw operandError(name, position, "one of {array, set}", value);
  const items = isSet(value) ? value.sorted() : value;
  for (const item of items)
    if (typeof item !== "string") {
      const kind = typeName(value);
      throw new BuiltinError(
        "eval_type_error",
        `${name}: operand ${position} must be ${kind} of strings but got ${kind} containing ${typeName(item)}`,
      );
    }
  return items as readonly string[];
}

/** A string, or a collection of strings. */
function oneOrMore(name: string, position: number, value: Value): readonly string[] {
  if (typeof value === "string") return [value];
  if (!isArray(value) && !isSet(value))
    throw operandError(name, position, "one of {string, set, array}", value);
  return texts(name, position, value);
}

const two =
  (name: string, answer: (a: string, b: string) => Value | undefined) =>
  (_: unknown, a: Value, b: Value): Value | undefined =>
    answer(stringOperand(name, 1, a), stringOperand(name, 2, b));

const one =
  (name: string, answer: (a: string) => Value) =>
  (_: unknown, a: Value): Value =>
    answer(stringOperand(name, 1, a));

function codePoints(text: string): number {
  let count = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit >= 0xd800 && unit < 0xdc00) i++;
    count++;
  }
  return count;
}

/** Every position, in code points, at which the search text begins, overlaps too. */
function positions(text: string, search: string): readonly number[] {
  const found: number[] = [];
  let counted = 0;
  let last = 0;
  for (let at = text.indexOf(search); at >= 0; at = text.indexOf(search, at + 1)) {
    counted += codePoints(text.slice(last, at));
    last = at;
    found.push(counted);
  }
  return found;
}

function trimStart(text: string, cutset: string): string {
  const cut = new Set(cutset);
  let start = 0;
  for (const character of text) {
    if (!cut.has(character)) break;
    start += character.length;
  }
  return text.slice(start);
}

function trimEnd(text: string, cutset: string): string {
  const cut = new Set(cutset);
  const characters = [...text];
  while (characters.length > 0 && cut.has(characters[characters.length - 1] as string)) characters.pop();
  return characters.join("");
}

/** Go's simple case mapping: one code point to one, without the special cases of words and languages. */
function mapCase(text: string, convert: (character: string) => string): string {
  if (/^[\0-\x7f]*$/.test(text)) return convert(text);
  let mapped = "";
  for (const character of text) {
    const other = convert(character);
    const simple = [...other].length === 1 ? other : character === "İ" ? "i" : character;
    mapped += simple;
  }
  return mapped;
}

function replaceAll(text: string, from: string, to: string): string {
  if (from !== "") return text.replaceAll(from, () => to);
  return to + [...text].map((character) => character + to).join("");
}

/** Replaces with all pairs at once: at each place the first pair, in order, that fits. */
function replaceMany(text: string, pairs: readonly (readonly [string, string])[]): string {
  let result = "";
  let at = 0;
  // An empty text fits before every character, and once at the end, unless a replacement has just been made there.
  let empty = true;
  while (at <= text.length) {
    const pair = pairs.find(([from]) => (from === "" ? empty : text.startsWith(from, at)));
    if (pair !== undefined && pair[0] !== "") {
      result += pair[1];
      at += pair[0].length;
      empty = true;
      continue;
    }
    if (pair !== undefined) result += pair[1];
    if (at === text.length) break;
    const character = String.fromCodePoint(text.codePointAt(at) as number);
    result += character;
    at += character.length;
    empty = true;
  }
  return result;
}

function split(text: string, separator: string): readonly string[] {
  if (separator !== "") return text.split(separator);
  return [...text];
}

const SPACE =
  /^[\t\n\v\f\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+|[\t\n\v\f\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+$/g;

export const STRINGS: Implementations = {
  concat: (_, a, b) => texts("concat", 2, b).join(stringOperand("concat", 1, a)),
  contains: two("contains", (a, b) => a.includes(b)),
  startswith: two("startswith", (a, b) => a.startsWith(b)),
  endswith: two("endswith", (a, b) => a.endsWith(b)),
  indexof: two("indexof", (a, b) => {
    if (b === "") throw failure("indexof", "empty search character");
    const at = a.indexOf(b);
    return at < 0 ? -1 : codePoints(a.slice(0, at));
  }),
  indexof_n: two("indexof_n", (a, b) => {
    if (b === "") throw failure("indexof_n", "empty search character");
    return positions(a, b);
  }),
  lower: one("lower", (a) => mapCase(a, (character) => character.toLowerCase())),
  upper: one("upper", (a) => mapCase(a, (character) => character.toUpperCase())),
  replace: (_, a, b, c) =>
    replaceAll(
      stringOperand("replace", 1, a),
      stringOperand("replace", 2, b),
      stringOperand("replace", 3, c),
    ),
  "strings.reverse": one("strings.reverse", (a) => [...a].reverse().join("")),
  "strings.replace_n": (_, a, b) => {
    if (!isObject(a)) throw operandError("strings.replace_n", 1, "object", a);
    const pairs = sortedEntries(a).map(([from, to]): [string, string] => {
      if (typeof from !== "string")
        throw new BuiltinError(
          "eval_type_error",
          "strings.replace_n: operand 1 non-string key found in pattern object",
        );
      if (typeof to !== "string")
        throw new BuiltinError(
          "eval_type_error",
          "strings.replace_n: operand 1 non-string value found in pattern object",
        );
      return [from, to];
    });
    const text = stringOperand("strings.replace_n", 2, b);
    if (pairs.every(([from]) => from !== "")) return replaceMany(text, pairs);
    // An empty text is found between any two bytes, also within a character, which then is none any more.
    const bytes = (characters: string): string => Buffer.from(characters).toString("latin1");
    const replaced = replaceMany(
      bytes(text),
      pairs.map(([from, to]) => [bytes(from), bytes(to)]),
    );
    return Buffer.from(replaced, "latin1").toString("utf8");
  },
  "strings.count": two("strings.count", (a, b) => {
    if (b === "") return codePoints(a) + 1;
    return a.split(b).length - 1;
  }),
  "strings.any_prefix_match": (_, a, b) => {
    const prefixes = oneOrMore("strings.any_prefix_match", 2, b);
    return oneOrMore("strings.any_prefix_match", 1, a).some((text) =>
      prefixes.some((prefix) => text.startsWith(prefix)),
    );
  },
  "strings.any_suffix_match": (_, a, b) => {
    const suffixes = oneOrMore("strings.any_suffix_match", 2, b);
    return oneOrMore("strings.any_suffix_match", 1, a).some((text) =>
      suffixes.some((suffix) => text.endsWith(suffix)),
    );
  },
  "strings.split_n": (_, a, b, c) => {
    const parts = split(stringOperand("strings.split_n", 1, a), stringOperand("strings.split_n", 2, b));
    const count = Number(integerOperand("strings.split_n", 3, c));
    return count < 0 ? parts.slice(count) : parts.slice(0, count);
  },
  split: two("split", split),
  substring: (_, a, b, c) => {
    const text = stringOperand("substring", 1, a);
    const start = integerOperand("substring", 2, b);
    const length = integerOperand("substring", 3, c);
    if (start < 0n) throw failure("substring", "negative offset");
    const characters = /^[\0-\x7f]*$/.test(text) ? text : [...text];
    if (start >= BigInt(characters.length)) return "";
    const from = Number(start);
    const to = length < 0n ? characters.length : Number(start + length);
    const found = characters.slice(from, to);
    return typeof found === "string" ? found : found.join("");
  },
  trim: two("trim", (a, b) => trimEnd(trimStart(a, b), b)),
  trim_left: two("trim_left", trimStart),
  trim_right: two("trim_right", trimEnd),
  trim_prefix: two("trim_prefix", (a, b) => (a.startsWith(b) ? a.slice(b.length) : a)),
  trim_suffix: two("trim_suffix", (a, b) => (a.endsWith(b) ? a.slice(0, a.length - b.length) : a)),
  trim_space: one("trim_space", (a) => a.replace(SPACE, "")),
  format_int: (_, a, b) => {
    const number = numberOperand("format_int", 1, a);
    const base = numberOperand("format_int", 2, b);
    const radix = [2, 8, 10, 16].find((known) => integerOf(base) === BigInt(known));
    if (radix === undefined) throw operandError("format_int", 2, "one of {2, 8, 10, 16}", b);
    return truncated(number).toString(radix);
  },
};

/** Cut off towards zero, of the value as a binary fraction of 64 bits. */
function truncated(value: RegoNumber): bigint {
  const whole = compareNumbers(value, 0) < 0 ? ceil(value) : floor(value);
  return BigInt(numberText(whole));
}
