/** A place among the tokens of a text, what stands there, and what is said of it when it does not fit. */
import type { Source, Span } from "../source.ts";
import { ParseFailure } from "./failure.ts";
import { hintOf } from "./hints.ts";
import type { Token, TokenKind } from "./lexer.ts";

/** Never a variable, in any dialect. */
export const RESERVED: ReadonlySet<string> = new Set([
  "as",
  "default",
  "else",
  "false",
  "import",
  "not",
  "null",
  "package",
  "some",
  "true",
  "with",
]);

export class TokenReader {
  readonly source: Source;
  /** Future keywords that are on here: of `in`, `if`, `contains`, `every`, and of `and`, `or`, `not`. */
  readonly keywords: Set<string>;
  protected tokens: readonly Token[];
  protected at = 0;
  /** By where each stands, so that one that is read again keeps its name. */
  readonly #wildcards = new Map<number, string>();

  constructor(source: Source, tokens: readonly Token[], keywords: Iterable<string>) {
    this.source = source;
    this.tokens = tokens;
    this.keywords = new Set(keywords);
  }

  protected get token(): Token {
    return this.tokens[this.at] as Token;
  }
  protected get following(): Token | undefined {
    return this.tokens[this.at + 1];
  }
  /** Where the token before this one ends. */
  protected get lastEnd(): number {
    return this.tokens[this.at - 1]?.end ?? this.token.start;
  }

  protected is(kind: TokenKind): boolean {
    return this.token.kind === kind;
  }
  protected isSign(text: string): boolean {
    const { token } = this;
    return token.text === text && token.kind === "sign";
  }
  protected isWord(text: string): boolean {
    const { token } = this;
    return token.text === text && token.kind === "identifier";
  }
  /** A keyword, unless a `.` or `[` behind it makes it the head of a reference, which an expression may begin with. */
  protected isKeyword(text: string): boolean {
    return this.isWord(text) && (RESERVED.has(text) || this.keywords.has(text)) && !this.isHeadOfReference();
  }
  protected isHeadOfReference(): boolean {
    const { token, following } = this;
    return (
      token.kind === "identifier" &&
      following !== undefined &&
      following.kind === "sign" &&
      (following.text === "." || following.text === "[") &&
      following.start === token.end
    );
  }
  /** Whether nothing, not even a space, stands before this token. */
  protected adjoins(): boolean {
    return this.at > 0 && this.lastEnd === this.token.start;
  }

  protected next(): Token {
    const { token } = this;
    if (token.kind !== "eof" && token.kind !== "illegal") this.at++;
    return token;
  }
  protected take(sign: string): boolean {
    if (!this.isSign(sign)) return false;
    this.at++;
    return true;
  }

  protected nameOf(token: Token): string {
    if (token.text !== "_") return token.text;
    const name = this.#wildcards.get(token.start) ?? `$${this.#wildcards.size}`;
    this.#wildcards.set(token.start, name);
    return name;
  }

  protected span(start: number, end?: number): Span {
    return { source: this.source, start, end: end ?? this.lastEnd };
  }

  protected fail(
    message: string,
    at: { readonly start: number; readonly end: number },
    hint?: string | (() => string | undefined),
  ): never {
    throw new ParseFailure(this.source, at.start, at.end - at.start, message, hint);
  }

  /** Refuses the token that stands here, in OPA's words. */
  protected unexpected(expected?: string, hint?: string): never {
    const { token } = this;
    if (token.failure !== undefined) throw token.failure;
    const message = `unexpected ${this.#wordsFor(token)}${expected === undefined ? "" : `: ${expected}`}`;
    return this.fail(message, this.placeOf(token), hint ?? this.#hint(this.tokens, this.at));
  }

  /** Refuses with a message of its own, unless the token that stands here is the reason. */
  protected refuse(message: string, hint?: string): never {
    const { token } = this;
    if (token.failure !== undefined) throw token.failure;
    return this.fail(message, this.placeOf(token), hint ?? this.#hint(this.tokens, this.at));
  }

  /** The end of a text has no width: the last token before it stands for it. */
  protected placeOf(token: Token): { readonly start: number; readonly end: number } {
    if (token.kind !== "eof" || token.start < this.source.text.length) return token;
    const end = this.tokens[this.tokens.length - 2]?.end ?? 1;
    return { start: Math.max(0, end - 1), end };
  }

  #hint(tokens: readonly Token[], at: number): () => string | undefined {
    return () => hintOf(this.source, tokens, at, this.keywords);
  }

  #wordsFor(token: Token): string {
    switch (token.kind) {
      case "eof":
        return token.start < this.source.text.length ? "} token" : "eof token";
      case "identifier":
        return RESERVED.has(token.text) || this.keywords.has(token.text)
          ? `${token.text} keyword`
          : "identifier token";
      case "sign":
        return `${NAMES_OF_SIGNS.get(token.text) ?? token.text} token`;
      case "template":
        return "template-string-part token";
      case "illegal":
      case "number":
      case "string":
        return `${token.kind} token`;
    }
  }
}

const NAMES_OF_SIGNS: ReadonlyMap<string, string> = new Map([
  [":=", "assign"],
  ["=", "eq"],
  ["==", "equal"],
  ["!=", "neq"],
  ["<", "lt"],
  ["<=", "lte"],
  [">", "gt"],
  [">=", "gte"],
  ["+", "plus"],
  ["-", "minus"],
  ["*", "mul"],
  ["/", "div"],
  ["%", "rem"],
  ["|", "or"],
  ["&", "and"],
]);
