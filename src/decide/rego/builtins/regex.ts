/** Regular expressions (OPA policy reference, "Regex"): RE2 syntax, linear time. Results are what Go's regexp package gives. */
import { BuiltinError } from "../errors.ts";
import type { Value } from "../values/index.ts";
import { type Evaluation, failure, type Implementations, stringOperand } from "./builtin.ts";
import { DataError } from "./data-error.ts";
import { integerOperand } from "./numbers.ts";
import { globsMeet } from "./regex/globs-meet.ts";
import { type Match, Pattern } from "./regex/pattern.ts";

function compiled(evaluation: Evaluation, name: string, source: string): Pattern {
  try {
    return evaluation.cache.get("regex", source, () => new Pattern(source));
  } catch (error) {
    if (error instanceof DataError) throw failure(name, error.message);
    throw error;
  }
}

function width(text: string, at: number): number {
  const unit = text.charCodeAt(at);
  return unit >= 0xd800 && unit < 0xdc00 ? 2 : 1;
}

/** At most `limit` matches that do not overlap; an empty one does not follow directly after another (Go's FindAll). */
function all(evaluation: Evaluation, pattern: Pattern, text: string, limit: number): readonly Match[] {
  const found: Match[] = [];
  let previous = -1;
  for (let at = 0; found.length < limit && at <= text.length; ) {
    evaluation.charge(1);
    const match = pattern.at(text, at);
    if (match === undefined) break;
    const [start, end] = match[0] as readonly [number, number];
    const accept = end !== at || start !== previous;
    at = end === at ? at + width(text, at) : end;
    previous = end;
    if (accept) found.push(match);
  }
  return found;
}

function part(text: string, group: readonly [number, number] | undefined): string {
  return group === undefined ? "" : text.slice(group[0], group[1]);
}

/** `$1`, `${name}` and `$$` of a replacement (Go's Regexp.Expand). */
function expand(template: string, pattern: Pattern, text: string, match: Match): string {
  return template.replace(/\$(?:\$|(\w+)|\{(\w+)\})/g, (_whole, bare?: string, braced?: string) => {
    const name = bare ?? braced;
    if (name === undefined) return "$";
    const number = /^\d+$/.test(name) ? Number(name) : pattern.named(name);
    return number === undefined ? "" : part(text, match[number]);
  });
}

function replace(evaluation: Evaluation, text: string, pattern: Pattern, template: string): string {
  let result = "";
  let last = 0;
  for (let at = 0; at <= text.length; ) {
    evaluation.charge(1);
    const match = pattern.at(text, at);
    if (match === undefined) break;
    const [start, end] = match[0] as readonly [number, number];
    result += text.slice(last, start);
    if (end > last || start === 0) result += expand(template, pattern, text, match);
    last = end;
    const step = at < text.length ? width(text, at) : 1;
    at = Math.max(end, at + step);
  }
  return result + text.slice(last);
}

function split(evaluation: Evaluation, pattern: Pattern, text: string): readonly string[] {
  if (pattern.source !== "" && text === "") return [""];
  const parts: string[] = [];
  let begin = 0;
  let end = 0;
  for (const match of all(evaluation, pattern, text, Number.POSITIVE_INFINITY)) {
    const [start, stop] = match[0] as readonly [number, number];
    end = start;
    if (stop !== 0) parts.push(text.slice(begin, end));
    begin = stop;
  }
  if (end !== text.length) parts.push(text.slice(begin));
  return parts;
}

function limitOf(name: string, value: Value): number {
  const limit = integerOperand(name, 3, value);
  return limit < 0n ? Number.POSITIVE_INFINITY : Number(limit);
}

/** A template's literal text and the patterns between its delimiters, as one pattern. */
function templatePattern(name: string, template: string, open: string, close: string): string {
  let source = "^";
  let depth = 0;
  let from = 0;
  for (const [at, character] of Array.from(template).entries()) {
    const characters = Array.from(template);
    if (character === open) {
      if (depth++ === 0) {
        source += quoteMeta(characters.slice(from, at).join(""));
        from = at + 1;
      }
    } else if (character === close) {
      if (--depth === 0) {
        source += `(${characters.slice(from, at).join("")})`;
        from = at + 1;
      } else if (depth < 0) throw failure(name, `unbalanced braces in ${JSON.stringify(template)}`);
    }
  }
  if (depth !== 0) throw failure(name, `unbalanced braces in ${JSON.stringify(template)}`);
  return `${source}${quoteMeta(Array.from(template).slice(from).join(""))}$`;
}

function quoteMeta(text: string): string {
  return text.replace(/[\\.+*?()|[\]{}^$]/g, "\\$&");
}

const match =
  (name: string): Implementations[string] =>
  (evaluation, pattern, text) =>
    compiled(evaluation, name, stringOperand(name, 1, pattern)).test(stringOperand(name, 2, text));

export const REGEX: Implementations = {
  "regex.match": match("regex.match"),
  re_match: match("re_match"),
  "regex.is_valid": (evaluation, pattern) => {
    if (typeof pattern !== "string") return false;
    try {
      compiled(evaluation, "regex.is_valid", pattern);
      return true;
    } catch (error) {
      if (error instanceof BuiltinError) return false;
      throw error;
    }
  },
  "regex.split": (evaluation, pattern, text) =>
    split(
      evaluation,
      compiled(evaluation, "regex.split", stringOperand("regex.split", 1, pattern)),
      stringOperand("regex.split", 2, text),
    ),
  "regex.find_n": (evaluation, pattern, value, limit) => {
    const text = stringOperand("regex.find_n", 2, value);
    const source = compiled(evaluation, "regex.find_n", stringOperand("regex.find_n", 1, pattern));
    return all(evaluation, source, text, limitOf("regex.find_n", limit)).map((found) => part(text, found[0]));
  },
  "regex.find_all_string_submatch_n": (evaluation, pattern, value, limit) => {
    const name = "regex.find_all_string_submatch_n";
    const text = stringOperand(name, 2, value);
    const source = compiled(evaluation, name, stringOperand(name, 1, pattern));
    return all(evaluation, source, text, limitOf(name, limit)).map((found) =>
      found.map((group) => part(text, group)),
    );
  },
  "regex.replace": (evaluation, value, pattern, template) =>
    replace(
      evaluation,
      stringOperand("regex.replace", 1, value),
      compiled(evaluation, "regex.replace", stringOperand("regex.replace", 2, pattern)),
      stringOperand("regex.replace", 3, template),
    ),
  "regex.template_match": (evaluation, template, text, open, close) => {
    const name = "regex.template_match";
    const delimiters = [stringOperand(name, 3, open), stringOperand(name, 4, close)] as const;
    if (delimiters.some((delimiter) => Array.from(delimiter).length !== 1))
      throw failure(name, "start and end delimiters must be one character long");
    const source = templatePattern(name, stringOperand(name, 1, template), ...delimiters);
    return compiled(evaluation, name, source).test(stringOperand(name, 2, text));
  },
  "regex.globs_match": (evaluation, a, b) =>
    globsMeet(evaluation, stringOperand("regex.globs_match", 1, a), stringOperand("regex.globs_match", 2, b)),
};
