/** Text to tokens (OPA policy reference, "Grammar"). The whole text is read before anything is parsed, so that parsing can go back. */
import type { Source } from "../source.ts";
import { ParseFailure } from "./failure.ts";

export type TokenKind = "identifier" | "number" | "string" | "template" | "sign" | "eof";

export interface Token {
  readonly kind: TokenKind;
  /** The identifier, the sign, the number as written, the string's value. */
  readonly text: string;
  readonly start: number;
  readonly end: number;
  /** Whether a line ends between the token before and this one. */
  readonly newline: boolean;
  /** Of a string: written with backquotes. */
  readonly raw?: boolean;
  /** Of a template: its texts, and the tokens of its expressions. */
  readonly parts?: readonly (string | readonly Token[])[];
}

export interface LexedComment {
  readonly start: number;
  readonly end: number;
}

export interface Lexed {
  readonly tokens: readonly Token[];
  readonly comments: readonly LexedComment[];
}

const SIGNS = [":=", "==", "!=", "<=", ">=", ...Array.from("=<>+-*/%|&,;:.()[]{}")];
const SIGN_BY_UNIT = new Map<string, readonly string[]>();
for (const sign of SIGNS) {
  const first = sign.charAt(0);
  SIGN_BY_UNIT.set(first, [...(SIGN_BY_UNIT.get(first) ?? []), sign]);
}

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

/** @throws ParseFailure at the first text that is no token */
export function lex(source: Source): Lexed {
  const lexer = new Lexer(source);
  const tokens = lexer.until(undefined);
  return { tokens, comments: lexer.comments };
}

class Lexer {
  readonly comments: LexedComment[] = [];
  readonly #source: Source;
  readonly #text: string;
  #at = 0;
  constructor(source: Source) {
    this.#source = source;
    this.#text = source.text;
  }

  /** Tokens up to the end, or up to the bracket that closes a template's expression. The last is `eof`. */
  until(closer: "}" | undefined): readonly Token[] {
    const tokens: Token[] = [];
    let depth = 0;
    for (;;) {
      const newline = this.#space();
      const start = this.#at;
      if (start >= this.#text.length) {
        if (closer !== undefined) this.#fail("non-terminated template string", start, 1);
        tokens.push({ kind: "eof", text: "", start, end: start, newline });
        return tokens;
      }
      const token = this.#token(newline);
      if (closer !== undefined) {
        if (token.text === "{" && token.kind === "sign") depth++;
        if (token.text === "}" && token.kind === "sign" && depth-- === 0) {
          tokens.push({ kind: "eof", text: "", start, end: start, newline });
          return tokens;
        }
      }
      tokens.push(token);
    }
  }

  #space(): boolean {
    let newline = false;
    for (;;) {
      const unit = this.#text.charCodeAt(this.#at);
      if (unit === 0x0a) newline = true;
      if (unit === 0x20 || unit === 0x09 || unit === 0x0a || unit === 0x0d) this.#at++;
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
    const unit = this.#text.charAt(start);
    if (/[A-Za-z_]/.test(unit)) {
      while (/[A-Za-z0-9_]/.test(this.#text.charAt(this.#at))) this.#at++;
      return this.#make("identifier", this.#text.slice(start, this.#at), start, newline);
    }
    if (
      /[0-9]/.test(unit) ||
      (unit === "." && /[0-9]/.test(this.#text.charAt(start + 1)) && !this.#follows(start))
    )
      return this.#number(newline);
    if (unit === '"') return this.#string(newline);
    if (unit === "`") return this.#raw(newline);
    if (unit === "$" && /["`]/.test(this.#text.charAt(start + 1))) return this.#template(newline);
    for (const sign of SIGN_BY_UNIT.get(unit) ?? [])
      if (this.#text.startsWith(sign, start)) {
        this.#at += sign.length;
        return this.#make("sign", sign, start, newline);
      }
    if (unit === "!") this.#fail("illegal ! character", start, 1);
    return this.#fail(`illegal token`, start, 1);
  }

  /** Whether a reference may go on here: `a.5` is a dot, `.5` a number. */
  #follows(start: number): boolean {
    return start > 0 && /[A-Za-z0-9_\])}"`]/.test(this.#text.charAt(start - 1));
  }

  #number(newline: boolean): Token {
    const start = this.#at;
    const match =
      /^(?:\d+)?(?:\.\d*)?(?:[eE][+-]?\d*)?/.exec(this.#text.slice(start, start + 4_096))?.[0] ?? "";
    this.#at = start + match.length;
    const length = Math.max(1, match.length);
    if (/^0\d/.test(match)) this.#fail("expected number without leading zero", start, length);
    if (/^\d*\.(?!\d)/.test(match) || /[eE][+-]?$/.test(match))
      this.#fail("illegal number format", start, length);
    if (/[A-Za-z_]/.test(this.#text.charAt(this.#at))) this.#fail("illegal number format", start, length + 1);
    return this.#make("number", match, start, newline);
  }

  #string(newline: boolean): Token {
    const start = this.#at++;
    const value = this.#characters('"', start, false);
    this.#at++;
    return { ...this.#make("string", value, start, newline) };
  }

  #raw(newline: boolean): Token {
    const start = this.#at;
    const end = this.#text.indexOf("`", start + 1);
    if (end < 0) this.#fail("non-terminated string", start, 1);
    this.#at = end + 1;
    return {
      ...this.#make("string", this.#text.slice(start + 1, end), start, newline),
      raw: true,
    };
  }

  /** Up to a quote, or to a `{` of a template; the quote or bracket is left. */
  #characters(quote: '"' | "`", start: number, template: boolean): string {
    let value = "";
    for (;;) {
      const unit = this.#text.charAt(this.#at);
      if (unit === "" || (quote === '"' && unit === "\n"))
        this.#fail(template ? "non-terminated template string" : "non-terminated string", start, 1);
      if (unit === quote || (template && unit === "{")) return value.toWellFormed();
      if (unit !== "\\" || (quote === "`" && !(template && this.#text.charAt(this.#at + 1) === "{"))) {
        value += unit;
        this.#at++;
        continue;
      }
      const escaped = this.#text.charAt(this.#at + 1);
      if (template && escaped === "{") {
        value += "{";
        this.#at += 2;
      } else if (escaped === "u") {
        const digits = this.#text.slice(this.#at + 2, this.#at + 6);
        if (!/^[0-9a-fA-F]{4}$/.test(digits)) this.#fail("illegal string escape sequence", this.#at, 2);
        value += String.fromCharCode(Number.parseInt(digits, 16));
        this.#at += 6;
      } else {
        const character = ESCAPES[escaped];
        if (character === undefined) this.#fail("illegal string escape sequence", this.#at, 2);
        value += character;
        this.#at += 2;
      }
    }
  }

  #template(newline: boolean): Token {
    const start = this.#at;
    const quote = this.#text.charAt(start + 1) === "`" ? "`" : '"';
    this.#at += 2;
    const parts: (string | readonly Token[])[] = [];
    for (;;) {
      const text = this.#characters(quote, start, true);
      if (text !== "") parts.push(text);
      if (this.#text.charAt(this.#at) === quote) break;
      this.#at++;
      parts.push(this.until("}"));
    }
    this.#at++;
    return { ...this.#make("template", "", start, newline), parts, raw: quote === "`" };
  }

  #make(kind: TokenKind, text: string, start: number, newline: boolean): Token {
    return { kind, text, start, end: this.#at, newline };
  }

  #fail(message: string, start: number, length: number): never {
    throw new ParseFailure(this.#source, start, length, message);
  }
}
