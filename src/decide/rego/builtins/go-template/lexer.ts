/** Tokens of Go's text/template. A template is text with actions between `{{` and `}}`, whose spaces are tokens too. */

export type TokenKind =
  | "error"
  | "bool"
  | "char"
  | "character"
  | "complex"
  | "assign"
  | "declare"
  | "end of text"
  | "field"
  | "identifier"
  | "left"
  | "left paren"
  | "number"
  | "pipe"
  | "raw string"
  | "right"
  | "right paren"
  | "space"
  | "string"
  | "text"
  | "variable"
  | "dot"
  | "keyword"
  | "nil";

export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  readonly at: number;
  readonly line: number;
}

const KEYWORDS = new Set([
  "block",
  "break",
  "continue",
  "define",
  "else",
  "end",
  "if",
  "range",
  "template",
  "with",
]);
const SPACES = " \t\r\n";
const ALPHANUMERIC = /^[_\p{L}\p{Nd}]$/u;

/** What is wrong ends the tokens. */
class LexError extends Error {}

export function tokensOf(source: string): readonly Token[] {
  return new Lexer(source).tokens();
}

class Lexer {
  readonly #source: string;
  readonly #tokens: Token[] = [];
  #at = 0;
  #start = 0;
  #line = 1;
  #startLine = 1;
  #parens = 0;
  constructor(source: string) {
    this.#source = source;
  }

  tokens(): readonly Token[] {
    try {
      while (this.#text()) this.#action();
      this.#emit("end of text");
    } catch (error) {
      if (!(error instanceof LexError)) throw error;
      this.#tokens.push({ kind: "error", text: error.message, at: this.#start, line: this.#startLine });
    }
    return this.#tokens;
  }

  #starts(text: string, at = this.#at): boolean {
    return this.#source.startsWith(text, at);
  }

  #peek(): string {
    const code = this.#source.codePointAt(this.#at);
    return code === undefined ? "" : String.fromCodePoint(code);
  }

  #accept(characters: string): boolean {
    const next = this.#source.charAt(this.#at);
    if (next === "" || !characters.includes(next)) return false;
    this.#at++;
    return true;
  }

  #acceptAll(characters: string): void {
    while (this.#accept(characters));
  }

  #emit(kind: TokenKind): void {
    const text = this.#source.slice(this.#start, this.#at);
    this.#tokens.push({ kind, text, at: this.#start, line: this.#startLine });
    this.#skip();
  }

  #skip(): void {
    for (let at = this.#start; at < this.#at; at++) if (this.#source[at] === "\n") this.#line++;
    this.#start = this.#at;
    this.#startLine = this.#line;
  }

  /** Text up to the next action; whether there is one. */
  #text(): boolean {
    const open = this.#source.indexOf("{{", this.#at);
    const end = open < 0 ? this.#source.length : open;
    const trims = open >= 0 && this.#trimsLeft(open + 2);
    let last = end;
    while (trims && last > this.#start && SPACES.includes(this.#source.charAt(last - 1))) last--;
    this.#at = last;
    if (this.#at > this.#start) this.#emit("text");
    this.#at = end;
    this.#skip();
    return open >= 0;
  }

  #trimsLeft(at: number): boolean {
    return this.#source[at] === "-" && SPACES.includes(this.#source.charAt(at + 1) || "x");
  }

  /** `}}`, or ` -}}`, of which the space has been read or not. */
  #atRight(): "no" | "plain" | "trimming" {
    if (this.#starts("}}")) return "plain";
    const trims = SPACES.includes(this.#source.charAt(this.#at) || "x") && this.#starts("-}}", this.#at + 1);
    return trims ? "trimming" : "no";
  }

  #close(trims: boolean): void {
    if (trims) {
      this.#at += 2;
      this.#skip();
    }
    this.#at += 2;
    this.#emit("right");
    if (trims) this.#trimFollowing();
  }

  #trimFollowing(): void {
    this.#acceptAll(SPACES);
    this.#skip();
  }

  #action(): void {
    const marker = this.#trimsLeft(this.#at + 2) ? 2 : 0;
    if (this.#starts("/*", this.#at + 2 + marker)) {
      this.#comment(marker);
      return;
    }
    this.#at += 2;
    this.#emit("left");
    this.#at += marker;
    this.#skip();
    this.#parens = 0;
    for (;;) {
      const right = this.#atRight();
      if (right !== "no") {
        if (this.#parens > 0) throw new LexError("unclosed left paren");
        this.#close(right === "trimming");
        return;
      }
      this.#inside();
    }
  }

  #comment(marker: number): void {
    this.#at += 2 + marker;
    this.#skip();
    const end = this.#source.indexOf("*/", this.#at);
    if (end < 0) throw new LexError("unclosed comment");
    this.#at = end + 2;
    const right = this.#atRight();
    if (right === "no") throw new LexError("comment ends before closing delimiter");
    this.#at += right === "trimming" ? 4 : 2;
    this.#skip();
    if (right === "trimming") this.#trimFollowing();
  }

  #inside(): void {
    const character = this.#peek();
    if (character === "") throw new LexError("unclosed action");
    if (SPACES.includes(character)) this.#space();
    else if (this.#starts(":=")) this.#take(2, "declare");
    else if (character === "=") this.#take(1, "assign");
    else if (character === ":") throw new LexError("expected :=");
    else if (character === "|") this.#take(1, "pipe");
    else if (character === '"') this.#quoted('"', "string", "unterminated quoted string");
    else if (character === "`") this.#raw();
    else if (character === "'") this.#quoted("'", "character", "unterminated character constant");
    else if (character === "$") this.#name("variable");
    else if (character === "." && /[^0-9]/.test(this.#source.charAt(this.#at + 1))) this.#name("field");
    else if (/[-+.0-9]/.test(character)) this.#number();
    else if (ALPHANUMERIC.test(character)) this.#identifier();
    else if (character === "(") {
      this.#parens++;
      this.#take(1, "left paren");
    } else if (character === ")") {
      if (--this.#parens < 0) throw new LexError("unexpected right paren");
      this.#take(1, "right paren");
    } else if (/^[\x21-\x7e]$/.test(character)) this.#take(1, "char");
    else throw new LexError(`unrecognized character in action: ${unicode(character)}`);
  }

  #take(length: number, kind: TokenKind): void {
    this.#at += length;
    this.#emit(kind);
  }

  #space(): void {
    // The last space may belong to the closing delimiter.
    while (SPACES.includes(this.#source.charAt(this.#at) || "x") && this.#atRight() === "no") this.#at++;
    this.#emit("space");
  }

  #quoted(quote: string, kind: TokenKind, message: string): void {
    for (this.#at++; ; this.#at++) {
      const character = this.#source.charAt(this.#at);
      if (character === quote) break;
      if (character === "\\") this.#at++;
      const taken = this.#source.charAt(this.#at);
      if (taken === "" || taken === "\n") throw new LexError(message);
    }
    this.#take(1, kind);
  }

  #raw(): void {
    const end = this.#source.indexOf("`", this.#at + 1);
    if (end < 0) throw new LexError("unterminated raw quoted string");
    this.#take(end + 1 - this.#at, "raw string");
  }

  #alphanumerics(): void {
    for (let next = this.#peek(); ALPHANUMERIC.test(next); next = this.#peek()) this.#at += next.length;
  }

  /** `.name` or `$name`; alone, the dot and the variable without a name. */
  #name(kind: "field" | "variable"): void {
    this.#at++;
    const before = this.#at;
    this.#alphanumerics();
    this.#mustEnd();
    this.#emit(kind === "field" && this.#at === before ? "dot" : kind);
  }

  #identifier(): void {
    this.#alphanumerics();
    this.#mustEnd();
    const word = this.#source.slice(this.#start, this.#at);
    if (word === "nil") this.#emit("nil");
    else if (KEYWORDS.has(word)) this.#emit("keyword");
    else this.#emit(word === "true" || word === "false" ? "bool" : "identifier");
  }

  #mustEnd(): void {
    const next = this.#peek();
    if (next === "" || /[ \t\r\n.,|:)(]/.test(next) || this.#starts("}}")) return;
    throw new LexError(`bad character ${unicode(next)}`);
  }

  #number(): void {
    let isGood = this.#digits();
    const isComplex = isGood && (this.#source[this.#at] === "+" || this.#source[this.#at] === "-");
    if (isComplex) isGood = this.#digits() && this.#source[this.#at - 1] === "i";
    if (!isGood)
      throw new LexError(`bad number syntax: ${JSON.stringify(this.#source.slice(this.#start, this.#at))}`);
    this.#emit(isComplex ? "complex" : "number");
  }

  #digits(): boolean {
    this.#accept("+-");
    let digits = "0123456789_";
    if (this.#accept("0")) {
      if (this.#accept("xX")) digits = "0123456789abcdefABCDEF_";
      else if (this.#accept("oO")) digits = "01234567_";
      else if (this.#accept("bB")) digits = "01_";
    }
    this.#acceptAll(digits);
    if (this.#accept(".")) this.#acceptAll(digits);
    const exponent = { 11: "eE", 23: "pP" }[digits.length];
    if (exponent !== undefined && this.#accept(exponent)) {
      this.#accept("+-");
      this.#acceptAll("0123456789_");
    }
    this.#accept("i");
    const next = this.#peek();
    if (!ALPHANUMERIC.test(next)) return true;
    this.#at += next.length;
    return false;
  }
}

/** Go's `%#U`. */
function unicode(character: string): string {
  const code = (character.codePointAt(0) as number).toString(16).toUpperCase().padStart(4, "0");
  return /\p{Cc}/u.test(character) ? `U+${code}` : `U+${code} '${character}'`;
}
