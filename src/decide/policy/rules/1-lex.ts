import type { Findings } from "../findings.ts";
import type { SourceText } from "../source-text.ts";

/** Text to tokens. What is no token is found fault with here, and skipped, so that parsing can go on. */
export interface Token {
  readonly kind: "word" | "number" | "text" | "symbol" | "end";
  /** A text's characters after escapes; otherwise as written. */
  readonly value: string;
  readonly start: number;
  readonly end: number;
}

export interface Comment {
  /** Without `#` and surrounding space. */
  readonly value: string;
  readonly line: number;
}

export interface Lexed {
  readonly tokens: readonly Token[];
  /** Comments that have a line to themselves. */
  readonly comments: readonly Comment[];
}

const SPACE = /[\s\uFEFF]+/y;
const WORD = /[A-Za-z_][A-Za-z0-9_-]*(?:\.[A-Za-z0-9_][A-Za-z0-9_-]*)*/y;
const NUMBER = /-?[0-9]+(?:\.[0-9]+)?/y;
const AFTER_NUMBER = /[A-Za-z_%:.][A-Za-z0-9_%:.]*/y;
const SYMBOL = /==|!=|<=|>=|<|>|\(|\)|,|\[|\]/y;

/** What people write from other languages, what to write here, and the token it is taken for so that parsing can go on. */
const FOREIGN: readonly (readonly [mark: string, hint: string, meant?: string])[] = [
  ["&&", "write AND", "AND"],
  ["||", "write OR", "OR"],
  ["=~", "write MATCHES", "MATCHES"],
  ["<>", "write !=", "!="],
  ["=", "write ==", "=="],
  ["!", "write NOT", "NOT"],
  ["“", 'write straight quotes: "'],
  ["”", 'write straight quotes: "'],
  ["‘", "write straight quotes: '"],
  ["’", "write straight quotes: '"],
  ["//", "a comment begins with #"],
  ["{", "a list stands in parentheses: ( … )"],
];

const SIMPLE_ESCAPES: ReadonlyMap<string, string> = new Map([
  ['"', '"'],
  ["'", "'"],
  ["\\", "\\"],
  ["n", "\n"],
  ["t", "\t"],
  ["r", "\r"],
]);

export function lex(source: SourceText, findings: Findings): Lexed {
  const { text } = source;
  const tokens: Token[] = [];
  const comments: Comment[] = [];
  let at = 0;

  const take = (pattern: RegExp, from: number): string | undefined => {
    pattern.lastIndex = from;
    return pattern.exec(text)?.[0];
  };

  while (at < text.length && !findings.full) {
    const space = take(SPACE, at);
    if (space !== undefined) {
      at += space.length;
      continue;
    }
    const char = text[at] ?? "";
    if (char === "#") {
      const end = endOfLine(text, at);
      const lineStart = text.lastIndexOf("\n", at - 1) + 1;
      if (/^[\s\uFEFF]*$/.test(text.slice(lineStart, at)))
        comments.push({ value: text.slice(at, end).replace(/^#+/, "").trim(), line: source.lineAt(at) });
      at = end;
      continue;
    }
    if (char === '"' || char === "'") {
      const token = lexText(source, at, char, findings);
      tokens.push(token);
      at = token.end;
      continue;
    }
    const foreign = FOREIGN.find(
      ([mark]) => text.startsWith(mark, at) && !text.startsWith("==", at) && !text.startsWith("!=", at),
    );
    if (foreign !== undefined) {
      const [mark, hint, meant] = foreign;
      findings.error(
        "rule.syntax",
        source.place(at, at + mark.length),
        `"${mark}" has no meaning here`,
        hint,
      );
      if (meant !== undefined) {
        const kind = meant.endsWith("=") ? "symbol" : "word";
        tokens.push({ kind, value: meant, start: at, end: at + mark.length });
      }
      at += mark.length;
      continue;
    }
    const [kind, value] = takeSimple(take, at);
    if (kind === undefined) {
      const width = String.fromCodePoint(text.codePointAt(at) ?? 0).length;
      const shown = text.slice(at, at + width);
      findings.error(
        "rule.syntax",
        source.place(at, at + width),
        `unexpected character ${JSON.stringify(shown)}`,
      );
      at += width;
      continue;
    }
    const end = at + value.length;
    tokens.push({ kind, value, start: at, end });
    const tail = kind === "number" ? take(AFTER_NUMBER, end) : undefined;
    if (tail !== undefined) {
      findings.error(
        "rule.syntax",
        source.place(at, end + tail.length),
        `"${value}${tail}" is not a number`,
        hintForTail(tail),
      );
    }
    at = end + (tail?.length ?? 0);
  }
  tokens.push({ kind: "end", value: "", start: text.length, end: text.length });
  return { tokens, comments };
}

type Simple = readonly ["word" | "number" | "symbol", string] | readonly [undefined, ""];

function takeSimple(take: (pattern: RegExp, from: number) => string | undefined, at: number): Simple {
  const word = take(WORD, at);
  if (word !== undefined) return ["word", word];
  const number = take(NUMBER, at);
  if (number !== undefined) return ["number", number];
  const symbol = take(SYMBOL, at);
  return symbol === undefined ? [undefined, ""] : ["symbol", symbol];
}

function endOfLine(text: string, from: number): number {
  const newline = text.indexOf("\n", from);
  return newline === -1 ? text.length : newline;
}

function hintForTail(tail: string): string {
  if (tail.startsWith(":")) return "an hour is a whole number: 22, not 22:00";
  if (tail.startsWith("%")) return "write the number alone";
  return "a number has no unit; the table of facts says in which unit each fact is";
}

/** A text in either quotes, on one line. */
function lexText(source: SourceText, start: number, quote: string, findings: Findings): Token {
  const { text } = source;
  const lineEnd = endOfLine(text, start);
  let value = "";
  let at = start + 1;
  while (at < lineEnd) {
    const char = text[at] ?? "";
    if (char === quote) return { kind: "text", value, start, end: at + 1 };
    if (char !== "\\") {
      value += char;
      at++;
      continue;
    }
    const read = readEscape(text, at);
    if (read === undefined) {
      const seen = text.slice(at, Math.min(at + 2, lineEnd));
      findings.error(
        "rule.syntax",
        source.place(at, at + 2),
        `${seen} is no escape`,
        `write \\\\ for a backslash: \\${seen}`,
      );
      value += seen;
      at += 2;
      continue;
    }
    value += read.value;
    at += read.length;
  }
  const end = text[lineEnd - 1] === "\r" ? lineEnd - 1 : lineEnd;
  findings.error(
    "rule.syntax",
    source.place(start, end),
    "this text does not end",
    `close it with ${quote} on the same line`,
  );
  return { kind: "text", value, start, end: Math.max(start + 1, end) };
}

function readEscape(
  text: string,
  at: number,
): { readonly value: string; readonly length: number } | undefined {
  const simple = SIMPLE_ESCAPES.get(text[at + 1] ?? "");
  if (simple !== undefined) return { value: simple, length: 2 };
  const hex = /^\\u(?:([0-9A-Fa-f]{4})|\{([0-9A-Fa-f]{1,6})\})/.exec(text.slice(at, at + 10));
  if (hex === null) return undefined;
  const code = Number.parseInt(hex[1] ?? hex[2] ?? "", 16);
  return code > 0x10ffff ? undefined : { value: String.fromCodePoint(code), length: hex[0].length };
}
