/** Tokens of GraphQL (October 2021, §2.1) with the comments before each, as gqlparser tells them apart. */
import { DataError } from "../data-error.ts";
import type { CommentGroup } from "./syntax.ts";

export type TokenKind = "punctuator" | "Name" | "Int" | "Float" | "String" | "BlockString" | "<EOF>";

export interface Position {
  readonly line: number;
  readonly column: number;
}

export interface Token extends Position {
  readonly kind: TokenKind;
  /** Of a string its contents. */
  readonly value: string;
  readonly comments: CommentGroup | undefined;
}

/** The failure that OPA gives for a place in a document. */
export function errorAt(message: string, { line, column }: Position): DataError {
  return new DataError(`${message} in GraphQL string at location ${line}:${column}`);
}

const IGNORED = /[\t ,\n\r\ufeff]+/y;
const COMMENT = /#[^\n\r]*/y;
const NAME = /[_A-Za-z][_0-9A-Za-z]*/y;
const NUMBER = /-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y;
const PUNCTUATOR = /\.\.\.|[!$&():=@[\]{|}]/y;
const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  "\\": "\\",
  "/": "/",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
};

export class Lexer {
  readonly #text: string;
  #at = 0;
  #line = 1;
  #lineStart = 0;
  constructor(text: string) {
    this.#text = text;
  }

  next(): Token {
    const comments = this.#skip();
    const text = this.#text;
    const start = this.#at;
    const place = { line: this.#line, column: start - this.#lineStart + 1, comments };
    if (start >= text.length) return { ...place, kind: "<EOF>", value: "" };
    const punctuator = this.#match(PUNCTUATOR);
    if (punctuator !== undefined) return { ...place, kind: "punctuator", value: punctuator };
    const name = this.#match(NAME);
    if (name !== undefined) return { ...place, kind: "Name", value: name };
    if (text.startsWith('"""', start)) return { ...place, kind: "BlockString", value: this.#block(place) };
    // A string's place is counted from within its quotes.
    if (text[start] === '"')
      return { ...place, column: place.column + 1, kind: "String", value: this.#string(place) };
    const number = this.#match(NUMBER);
    if (number === undefined || /[0-9.eE]/.test(text[this.#at] ?? "")) throw invalid(place);
    return { ...place, kind: /[.eE]/.test(number) ? "Float" : "Int", value: number };
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match === null) return undefined;
    this.#at = pattern.lastIndex;
    return match[0];
  }

  /** Passes over what means nothing, and gives the comments in it. */
  #skip(): CommentGroup | undefined {
    const comments: { readonly Value: string }[] = [];
    for (;;) {
      const start = this.#at;
      if (this.#match(IGNORED) !== undefined) this.#countLines(start);
      const comment = this.#match(COMMENT);
      if (comment === undefined) break;
      comments.push({ Value: comment });
    }
    return comments.length === 0 ? undefined : { List: comments };
  }

  #countLines(from: number): void {
    for (let at = from; at < this.#at; at++) {
      const unit = this.#text[at];
      if (unit !== "\n" && unit !== "\r") continue;
      if (unit === "\r" && this.#text[at + 1] === "\n") at++;
      this.#line++;
      this.#lineStart = at + 1;
    }
  }

  #string(place: Position): string {
    let value = "";
    for (let at = this.#at + 1; at < this.#text.length; at++) {
      const unit = this.#text[at] as string;
      if (unit === '"') {
        this.#at = at + 1;
        return value;
      }
      if (unit < " " && unit !== "\t") throw invalid(place);
      if (unit !== "\\") {
        value += unit;
        continue;
      }
      const escaped = this.#text[++at] ?? "";
      const hex = escaped === "u" ? /^[0-9A-Fa-f]{4}/.exec(this.#text.slice(at + 1, at + 5))?.[0] : undefined;
      if (hex !== undefined) {
        // Each half of a pair stands alone, and so is no character.
        value += String.fromCharCode(Number.parseInt(hex, 16)).toWellFormed();
        at += 4;
      } else {
        const character = ESCAPES[escaped];
        if (character === undefined) throw invalid(place);
        value += character;
      }
    }
    throw invalid(place);
  }

  #block(place: Position): string {
    const start = this.#at;
    let value = "";
    for (let at = start + 3; at < this.#text.length; at++) {
      const unit = this.#text[at] as string;
      if (this.#text.startsWith('\\"""', at)) {
        value += '"""';
        at += 3;
      } else if (this.#text.startsWith('"""', at) && this.#text[at + 3] !== '"') {
        this.#at = at + 3;
        this.#countLines(start);
        return dedent(value);
      } else {
        if (unit < " " && unit !== "\t" && unit !== "\n" && unit !== "\r") throw invalid(place);
        value += unit;
      }
    }
    throw invalid(place);
  }
}

function invalid(place: Position): DataError {
  return errorAt("Unexpected <Invalid>", place);
}

/** The lines without the indentation that all have; unlike GraphQL's, the first line counts and keeps its own. */
function dedent(raw: string): string {
  const lines = raw.split(/\r\n|\n|\r/);
  const indents = lines
    .filter((line) => /[^ \t]/.test(line))
    .map((line) => line.length - line.replace(/^[ \t]+/, "").length);
  const common = indents.length === 0 ? 0 : Math.min(...indents);
  const cut = lines.map((line, at) => (at === 0 ? line : line.slice(common)));
  while (cut.length > 0 && /^[ \t]*$/.test(cut[0] as string)) cut.shift();
  while (cut.length > 0 && /^[ \t]*$/.test(cut.at(-1) as string)) cut.pop();
  return cut.join("\n");
}
