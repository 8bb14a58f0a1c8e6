/** Globs (OPA policy reference, "Glob"): compiled to an RE2 pattern, kept from one evaluation to the next. */
import { isArray, type Value } from "../values/index.ts";
import {
  type Evaluation,
  failure,
  type Implementations,
  itemError,
  operandError,
  stringOperand,
} from "./builtin.ts";
import { Pattern } from "./regex/pattern.ts";

/** Characters that `*` and `?` do not match. `null` is none, and an empty list the dot. */
function delimitersOf(value: Value): readonly string[] {
  if (value === null) return [];
  if (!isArray(value)) throw operandError("glob.match", 2, "one of {array, null}", value);
  if (value.length === 0) return ["."];
  return value.map((delimiter) => {
    if (typeof delimiter !== "string") throw operandError("glob.match", 2, "array of {string}", delimiter);
    if (Array.from(delimiter).length !== 1) throw itemError("glob.match", 2, value, "runes", delimiter);
    return delimiter;
  });
}

const quote = (text: string): string => text.replace(/[\\.+*?()|[\]{}^$-]/g, "\\$&");

/** @throws BuiltinError for a glob that cannot be read */
function patternOf(glob: string, delimiters: readonly string[]): string {
  const characters = Array.from(glob);
  const any = delimiters.length === 0 ? "(?s:.)" : `[^${delimiters.map(quote).join("")}]`;
  let at = 0;
  const bad = (): never => {
    throw failure("glob.match", "syntax error in glob");
  };
  const bracket = (): string => {
    let negated = false;
    if (characters[at] === "!") {
      negated = true;
      at++;
    }
    const inner: string[] = [];
    while (characters[at] !== "]") {
      if (at >= characters.length) bad();
      if (characters[at] === "\\") at++;
      inner.push(characters[at++] ?? bad());
    }
    at++;
    const isRange = inner.length === 3 && inner[1] === "-";
    if (inner.length === 0) bad();
    const [from = "", , to = ""] = inner;
    if (isRange && (from.codePointAt(0) as number) > (to.codePointAt(0) as number)) bad();
    const source = isRange ? `${quote(from)}-${quote(to)}` : inner.map(quote).join("");
    return `[${negated ? "^" : ""}${source}]`;
  };
  const sequence = (depth: number): string => {
    let source = "";
    while (at < characters.length) {
      const character = characters[at] as string;
      if (depth > 0 && (character === "," || character === "}")) return source;
      at++;
      switch (character) {
        case "*":
          if (characters[at] === "*") {
            at++;
            source += "(?s:.*)";
          } else source += `${any}*`;
          break;
        case "?":
          source += any;
          break;
        case "[":
          source += bracket();
          break;
        case "{": {
          const options: string[] = [];
          for (;;) {
            options.push(sequence(depth + 1));
            if (characters[at] === ",") at++;
            else if (characters[at] === "}") break;
            else bad();
          }
          at++;
          source += `(?:${options.join("|")})`;
          break;
        }
        case "\\":
          source += quote(characters[at++] ?? bad());
          break;
        default:
          source += quote(character);
      }
    }
    return depth === 0 ? source : bad();
  };
  return `^${sequence(0)}$`;
}

function compiled(evaluation: Evaluation, glob: string, delimiters: readonly string[]): Pattern {
  const key = `${delimiters.join("")}\0${glob}`;
  return evaluation.cache.get("glob", key, () => new Pattern(patternOf(glob, delimiters)));
}

export const GLOB: Implementations = {
  "glob.match": (evaluation, glob, delimiters, text) =>
    compiled(evaluation, stringOperand("glob.match", 1, glob), delimitersOf(delimiters)).test(
      stringOperand("glob.match", 3, text),
    ),
  "glob.quote_meta": (_, glob) => stringOperand("glob.quote_meta", 1, glob).replace(/[*?\\[\]{}]/g, "\\$&"),
};
