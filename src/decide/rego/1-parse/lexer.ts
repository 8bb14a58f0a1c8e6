/**
 * Text to tokens (OPA policy reference, "Grammar"). The whole text is read before anything is parsed, so that parsing can go
 * back; text that is no token becomes a last token `illegal`, so that what is wrong before it is said first.
 */
import type { Source } from "../source.ts";
import { ParseFailure } from "./failure.ts";

export type TokenKind = "identifier" | "number" | "string" | "template" | "sign" | "illegal" | "eof";

export interface Token {
  readonly kind: TokenKind;
  /** The identifier, the sign, the number as written, the string's value. */
  readonly text: string;
  readonly start: number;
  readonly end: number;
  /** Whether a line ends between the token before and this one. */
  readonly newline: boolean;
  /** Of a string or template: written with backquotes. */
  readonly raw?: boolean;
  /** Of a template: its texts, and the tokens of its expressions. */
  readonly parts?: readonly (string | readonly Token[])[];
  /** Of what is illegal. */
  readonly failure?: ParseFailure;
}

export interface LexedComment {
  readonly start: number;
  readonly end: number;
}

export interface Lexed {
  readonly tokens: readonly Token[];
  readonly comments: readonly LexedComment[];
}

/** Reads a text to its end. The last token is `eof` or `illegal`. */
export function lex(source: Source): Lexed {
  const lexer = new Lexer(source);
  const tokens: Token[] = [];
  try {
    lexer.read(tokens, false);
  } catch (error) {
    if (!(error instanceof ParseFailure)) throw error;
    const end = source.text.length;
    tokens.push({ kind: "illegal", text: "", start: error.start, end, newline: false, failure: error });
  }
  return { tokens, comments: lexer.comments };
}

const LETTER = 1;
const DIGIT = 2;
const BLANK = 4;
const SIGN = 8;
const CLASSES = classesOfUnits();

function classesOfUnits(): Uint8Array {
  const classes = new Uint8Array(128);
  const mark = (units: string, kind: number): void => {
    for (const unit of units) classes[unit.charCodeAt(0)] = kind;
  };
  mark("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_", LETTER);
  mark("0123456789", DIGIT);
  mark(" \t\r\n", BLANK);
  mark(":=<>!+-*/%|&,;.()[]{}", SIGN);
  return classes;
}

/** Signs of one unit, each one text for all its tokens. */
const SINGLE: readonly string[] = Array.from({ length: 128 }, (_, unit) => String.fromCharCode(unit));

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['"', '"'],
  ["\\", "\\"],
  ["/", "/"],
  ["b", "\b"],
  ["f", "\f"],
  ["n", "\n"],
  ["r", "\r"],
  ["t", "\t"],
]);

class Lexer {
  readonly comments: LexedComment[] = [];
  readonly #source: Source;
  readonly #text: string;
  #at: number;
  constructor(source: Source) {
    this.#source = source;
    this.#text = source.text;
    this.#at = this.#text.charCodeAt(0) === 0xfeff ? 1 : 0;
  }

  /** Adds tokens up to the end, or within a template up to the bracket that closes an expression. The last is `eof`. */
  read(tokens: Token[], inTemplate: boolean): void {
    let depth = 0;
    for (;;) {
      const newline = this.#skip();
      const start = this.#at;
      if (start >= this.#text.length) {
        if (inTemplate) this.#fail("non-terminated string", start - 1, 1);
        tokens.push({ kind: "eof", text: "", start, end: start, newline });
        return;
      }
      if (inTemplate) {
        const unit = this.#text.charCodeAt(start);
        if (unit === 0x7b) depth++;
        if (unit === 0x7d && depth-- === 0) {
          tokens.push({ kind: "eof", text: "", start, end: start, newline });
          return;
        }
      }
      tokens.push(this.#token(newline));
    }
  }

  #class(at: number): number {
    const unit = this.#text.charCodeAt(at);
    return unit < 128 ? (CLASSES[unit] as number) : 0;
  }

  /** Skips blanks and comments; says whether a line ended. */
  #skip(): boolean {
    let newline = false;
    for (;;) {
      const unit = this.#text.charCodeAt(this.#at);
      if (unit === 0x0a) newline = true;
      if (unit < 128 && CLASSES[unit] === BLANK) this.#at++;
      else if (unit === 0x23) {
        const start = this.#at;
        const end = this.#text.indexOf("\n", start);
        this.#at = end < 0 ? this.#text.length : end;
        this.comments.push({ start, end: this.#at });
      } else return newline;
    }
  }

  #token(newline: boolean): Token {
    const start = this.#at;
    const unit = this.#text.charCodeAt(start);
    switch (this.#class(start)) {
      case LETTER:
        while ((this.#class(this.#at) & (LETTER | DIGIT)) !== 0) this.#at++;
        return {
          kind: "identifier",
          text: this.#text.slice(start, this.#at),
          start,
          end: this.#at,
          newline,
        };
      case DIGIT:
        return this.#number(start, newline);
      case SIGN:
        return this.#sign(start, unit, newline);
    }
    if (unit === 0x22) return this.#string(start, newline);
    if (unit === 0x60) return this.#raw(start, newline);
    const next = this.#text.charAt(start + 1);
    if (unit === 0x24 && (next === '"' || next === "`")) return this.#template(start, next, newline);
    const hint = unit === 0x27 ? "write texts within double quotes" : undefined;
    return this.#fail(unit === 0x24 ? "illegal $ character" : "illegal token", start, 1, hint);
  }

  #sign(start: number, unit: number, newline: boolean): Token {
    const equals = this.#text.charCodeAt(start + 1) === 0x3d;
    let text = SINGLE[unit] as string;
    if (equals && (text === ":" || text === "=" || text === "!" || text === "<" || text === ">")) text += "=";
    else if (text === "!") this.#fail("illegal ! character", start, 1, "did you mean `not`?");
    this.#at += text.length;
    return { kind: "sign", text, start, end: this.#at, newline };
  }

  #digits(): number {
    const start = this.#at;
    while (this.#class(this.#at) === DIGIT) this.#at++;
    return this.#at - start;
  }

  #number(start: number, newline: boolean): Token {
    this.#digits();
    if (this.#text.charCodeAt(this.#at) === 0x2e) {
      this.#at++;
      if (this.#digits() === 0) this.#fail("expected fraction", start, this.#at - start);
    }
    if ((this.#text.charCodeAt(this.#at) | 0x20) === 0x65) {
      this.#at++;
      const sign = this.#text.charCodeAt(this.#at);
      if (sign === 0x2b || sign === 0x2d) this.#at++;
      if (this.#digits() === 0) this.#fail("expected exponent", start, this.#at - start);
    }
    if (this.#class(this.#at) === LETTER) this.#fail("illegal number format", start, this.#at - start + 1);
    return { kind: "number", text: this.#text.slice(start, this.#at), start, end: this.#at, newline };
  }

  #string(start: number, newline: boolean): Token {
    this.#at++;
    const text = this.#characters('"', start, false);
    this.#at++;
    return { kind: "string", text, start, end: this.#at, newline };
  }

  #raw(start: number, newline: boolean): Token {
    const end = this.#text.indexOf("`", start + 1);
    if (end < 0) this.#fail("non-terminated string", start, 1);
    this.#at = end + 1;
    const text = this.#text.slice(start + 1, end).toWellFormed();
    return { kind: "string", text, start, end: this.#at, newline, raw: true };
  }

  /** Up to a quote, or to a `{` of a template; the quote or bracket is left. Of a raw template only `\{` is an escape. */
  #characters(quote: string, start: number, template: boolean): string {
    const stop = quote.charCodeAt(0);
    let value = "";
    let from = this.#at;
    for (;;) {
      const unit = this.#text.charCodeAt(this.#at);
      if (Number.isNaN(unit) || (unit === 0x0a && quote === '"'))
        this.#fail("non-terminated string", start, this.#at - start);
      if (unit === stop || (template && unit === 0x7b))
        return (value + this.#text.slice(from, this.#at)).toWellFormed();
      const isBracket = template && this.#text.charCodeAt(this.#at + 1) === 0x7b;
      if (unit !== 0x5c || (quote === "`" && !isBracket)) {
        this.#at++;
        continue;
      }
      value += this.#text.slice(from, this.#at) + (isBracket ? "{" : this.#escape(start));
      if (isBracket) this.#at += 2;
      from = this.#at;
    }
  }

  #escape(start: number): string {
    const escaped = this.#text.charAt(this.#at + 1);
    if (escaped === "u") {
      const digits = this.#text.slice(this.#at + 2, this.#at + 6);
      if (!/^[0-9a-fA-F]{4}$/.test(digits))
        this.#fail("illegal escape sequence", start, this.#at + 2 - start);
      this.#at += 6;
      return String.fromCharCode(Number.parseInt(digits, 16));
    }
    const character = ESCAPES.get(escaped);
    if (character === undefined) {
      const hint = "write `\\\\` for a backslash, or the text within backquotes";
      this.#fail("illegal escape sequence", start, this.#at + 2 - start, hint);
    }
    this.#at += 2;
    return character;
  }

  #template(start: number, quote: string, newline: boolean): Token {
    this.#at += 2;
    const parts: (string | readonly Token[])[] = [];
    for (;;) {
      const text = this.#characters(quote, start, true);
      if (text !== "") parts.push(text);
      if (this.#text.charAt(this.#at) === quote) break;
      this.#at++;
      const tokens: Token[] = [];
      this.read(tokens, true);
      this.#at++;
      parts.push(tokens);
    }
    this.#at++;
    return { kind: "template", text: "", start, end: this.#at, newline, parts, raw: quote === "`" };
  }

  #fail(message: string, start: number, length: number, hint?: string): never {
    throw new ParseFailure(this.#source, start, length, message, hint);
  }
}
