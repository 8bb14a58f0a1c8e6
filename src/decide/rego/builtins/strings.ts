/** Strings (OPA policy reference, "Strings"). Positions and lengths count code points, as OPA's do. */
import { BuiltinError } from "../errors.ts";
import { isArray, isSet, type RegoObjectValue, sortedEntries, type Value } from "../values/index.ts";
import {
  type Evaluation,
  failure,
  type Implementations,
  itemError,
  objectOperand,
  operandError,
  stringOperand,
} from "./builtin.ts";
import { joined } from "./byte-text.ts";
import { codePoints, isAscii } from "./code-points.ts";
import { lower, upper } from "./letter-case.ts";
import { integerOperand } from "./numbers.ts";
import { chargeForLength, replaceAll, replaceMany } from "./replacing.ts";
import { trimEnd, trimSpace, trimStart } from "./trimming.ts";

function texts(name: string, position: number, value: Value): readonly string[] {
  if (!isArray(value) && !isSet(value)) throw operandError(name, position, "one of {set, array}", value);
  const items = isSet(value) ? value.sorted() : value;
  for (const item of items)
    if (typeof item !== "string") throw itemError(name, position, value, "strings", item);
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

/** Whether some text begins, or ends, with some of the others. */
function anyMatch(
  name: string,
  matches: (text: string, affix: string) => boolean,
): (evaluation: Evaluation, a: Value, b: Value) => boolean {
  return (evaluation, a, b) => {
    const found = oneOrMore(name, 1, a);
    const affixes = oneOrMore(name, 2, b);
    return found.some((text) => {
      evaluation.charge(1 + (affixes.length >> 4));
      return affixes.some((affix) => matches(text, affix));
    });
  };
}

/** Every position at which the search text begins, overlaps too. */
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

function split(text: string, separator: string): readonly string[] {
  return separator === "" ? Array.from(text) : text.split(separator);
}

function pairsOf(patterns: RegoObjectValue): readonly (readonly [string, string])[] {
  return sortedEntries(patterns).map(([from, to]) => {
    const bad = typeof from !== "string" ? "key" : typeof to !== "string" ? "value" : undefined;
    if (bad !== undefined)
      throw new BuiltinError(
        "eval_type_error",
        `strings.replace_n: operand 1 non-string ${bad} found in pattern object`,
      );
    return [from as string, to as string];
  });
}

export const STRINGS: Implementations = {
  concat: (evaluation, a, b) => {
    const separator = stringOperand("concat", 1, a);
    const parts = texts("concat", 2, b);
    let length = parts.length * separator.length;
    for (const part of parts) length += part.length;
    chargeForLength(evaluation, length);
    return joined(parts.join(separator));
  },
  contains: two("contains", (a, b) => a.includes(b)),
  startswith: two("startswith", (a, b) => a.startsWith(b)),
  endswith: two("endswith", (a, b) => a.endsWith(b)),
  indexof: two("indexof", (a, b) => {
    if (b === "") throw failure("indexof", "empty search character");
    const at = a.indexOf(b);
    return at < 0 ? -1 : codePoints(a, at);
  }),
  indexof_n: two("indexof_n", (a, b) => {
    if (b === "") throw failure("indexof_n", "empty search character");
    return positions(a, b);
  }),
  lower: one("lower", lower),
  upper: one("upper", upper),
  replace: (evaluation, a, b, c) =>
    replaceAll(
      evaluation,
      stringOperand("replace", 1, a),
      stringOperand("replace", 2, b),
      stringOperand("replace", 3, c),
    ),
  "strings.reverse": one("strings.reverse", (a) => joined(Array.from(a).reverse().join(""))),
  "strings.replace_n": (evaluation, a, b) => {
    const patterns = objectOperand("strings.replace_n", 1, a);
    const text = stringOperand("strings.replace_n", 2, b);
    return replaceMany(evaluation, text, pairsOf(patterns));
  },
  "strings.count": two("strings.count", (a, b) => (b === "" ? codePoints(a) + 1 : a.split(b).length - 1)),
  "strings.any_prefix_match": anyMatch("strings.any_prefix_match", (text, prefix) => text.startsWith(prefix)),
  "strings.any_suffix_match": anyMatch("strings.any_suffix_match", (text, suffix) => text.endsWith(suffix)),
  "strings.split_n": (_, a, b, c) => {
    const parts = split(stringOperand("strings.split_n", 1, a), stringOperand("strings.split_n", 2, b));
    const count = Number(integerOperand("strings.split_n", 3, c));
    return count < 0 ? parts.slice(count) : parts.slice(0, count);
  },
  split: two("split", split),
  substring: (_, a, b, c) => {
    const text = stringOperand("substring", 1, a);
    const start = Number(integerOperand("substring", 2, b));
    const length = Number(integerOperand("substring", 3, c));
    if (start < 0) throw failure("substring", "negative offset");
    const end = length < 0 ? text.length : start + length;
    if (isAscii(text)) return text.slice(start, end);
    return Array.from(text).slice(start, end).join("").toWellFormed();
  },
  trim: two("trim", (a, b) => trimEnd(trimStart(a, b), b)),
  trim_left: two("trim_left", trimStart),
  trim_right: two("trim_right", trimEnd),
  trim_prefix: two("trim_prefix", (a, b) => (a.startsWith(b) ? a.slice(b.length) : a)),
  trim_suffix: two("trim_suffix", (a, b) => (a.endsWith(b) ? a.slice(0, a.length - b.length) : a)),
  trim_space: one("trim_space", trimSpace),
};
