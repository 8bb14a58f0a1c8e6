/** Terms and expressions: recursive descent, from `in` down to references. */
import type { Source } from "../source.ts";
import type { ArrayTerm, Body, CallTerm, Expr, ExprForm, RefTerm, Term, VarTerm, With } from "../syntax.ts";
import { numberOf } from "../values/index.ts";
import { ParseFailure } from "./failure.ts";
import type { Token } from "./lexer.ts";

/** Deeper nesting is refused; JavaScript's own stack would end not much later. */
const MAX_DEPTH = 500;

const OPERATORS: Readonly<Record<string, string>> = {
  "==": "equal",
  "!=": "neq",
  "<": "lt",
  "<=": "lte",
  ">": "gt",
  ">=": "gte",
  "|": "or",
  "&": "and",
  "+": "plus",
  "-": "minus",
  "*": "mul",
  "/": "div",
  "%": "rem",
};
/** Signs of one precedence, from the loosest to the tightest. */
const LEVELS: readonly (readonly string[])[] = [
  ["==", "!=", "<", "<=", ">", ">="],
  ["|"],
  ["&"],
  ["+", "-"],
  ["*", "/", "%"],
];

/** Never a variable, in any dialect. */
const RESERVED: ReadonlySet<string> = new Set([
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

export class TermParser {
  readonly source: Source;
  /** Future keywords that are on here: `in`, `if`, `contains`, `every`. */
  readonly keywords: Set<string>;
  protected tokens: readonly Token[];
  protected at = 0;
  /** The token that is the head of a reference although it is a keyword. */
  protected keywordHead = -1;
  #depth = 0;
  #wildcards: { count: number };

  constructor(
    source: Source,
    tokens: readonly Token[],
    keywords: Set<string>,
    wildcards: { count: number } = { count: 0 },
  ) {
    this.source = source;
    this.tokens = tokens;
    this.keywords = keywords;
    this.#wildcards = wildcards;
  }

  protected get token(): Token {
    return this.tokens[Math.min(this.at, this.tokens.length - 1)] as Token;
  }
  protected get previous(): Token {
    return this.tokens[Math.max(0, this.at - 1)] as Token;
  }

  protected isSign(text: string): boolean {
    return this.token.kind === "sign" && this.token.text === text;
  }
  protected isWord(text: string): boolean {
    return this.token.kind === "identifier" && this.token.text === text;
  }
  /** A keyword, if it is one here. */
  protected isKeyword(text: string): boolean {
    // Before a dot it is a name: `x` of one line, and `if.y := 1` on the next.
    if (this.beginsReference && this.tokens[this.at + 1]?.text === ".") return false;
    return (
      this.isWord(text) && this.keywordHead !== this.at && (RESERVED.has(text) || this.keywords.has(text))
    );
  }
  /** Nothing, not even a space, stands before this token. */
  protected get adjoins(): boolean {
    return this.at > 0 && this.previous.end === this.token.start;
  }
  protected next(): Token {
    const { token } = this;
    if (token.kind !== "eof") this.at++;
    return token;
  }
  protected take(sign: string): boolean {
    if (!this.isSign(sign)) return false;
    this.at++;
    return true;
  }
  protected expect(sign: string, expected: string = sign): Token {
    if (!this.isSign(sign)) this.unexpected(expected);
    return this.next();
  }

  protected fail(
    message: string,
    at: { readonly start: number; readonly end: number },
    hint?: string,
  ): never {
    throw new ParseFailure(this.source, at.start, at.end - at.start, message, hint);
  }
  protected unexpected(expected?: string, hint?: string): never {
    const { token } = this;
    return this.fail(
      `unexpected ${nameOf(token, this.keywords)}${expected === undefined ? "" : `: expected ${expected}`}`,
      token,
      hint,
    );
  }

  protected span(start: number, end?: number): { at: { source: Source; start: number; end: number } } {
    return { at: { source: this.source, start, end: end ?? this.previous.end } };
  }

  /** Expressions up to a closing sign, which is left. */
  body(end: "}" | "]" | "eof"): Body {
    const expressions: Expr[] = [];
    if (this.#isEnd(end)) this.fail("found empty body", this.token);
    for (;;) {
      expressions.push(this.literal());
      if (this.take(";")) continue;
      if (this.#isEnd(end)) return expressions;
      if (!this.token.newline) this.unexpected(`\\n or ; or ${end}`);
    }
  }

  #isEnd(end: string): boolean {
    return end === "eof" ? this.token.kind === "eof" : this.isSign(end);
  }

  /** Whether a keyword is the head of a reference here: `if.foo`. Only the beginning of a statement or expression may be one. */
  protected get beginsReference(): boolean {
    const { token } = this;
    const after = this.tokens[this.at + 1];
    return (
      token.kind === "identifier" &&
      after?.kind === "sign" &&
      (after.text === "." || after.text === "[") &&
      after.start === token.end
    );
  }

  /** One expression with its `not` and its `with`s. */
  literal(): Expr {
    const { start } = this.token;
    if (this.beginsReference) this.keywordHead = this.at;
    const negated = this.isKeyword("not");
    if (negated) this.next();
    if (negated && this.keywords.has("not")) return this.#closure(start);
    if (this.isKeyword("some")) {
      if (negated) this.unexpected();
      return this.#some(start);
    }
    if (this.isKeyword("every")) {
      if (negated) this.unexpected();
      return this.#every(start);
    }
    const form: ExprForm = { kind: "term", term: this.assignment() };
    const replacements = this.#withs();
    return { ...this.span(start), negated, form, with: replacements };
  }

  /** `not` of `future.keywords.not`, with an expression or a body in braces. */
  #closure(start: number): Expr {
    const before = this.at;
    const body = this.isSign("{")
      ? this.attempt(() => {
          this.next();
          const inner = this.body("}");
          this.next();
          return inner;
        })
      : undefined;
    if (body === undefined) this.at = before;
    const inner = body ?? this.literal();
    const at = this.span(start);
    const comprehension: Term = {
      kind: "comprehension",
      ...at,
      of: "array",
      value: { kind: "boolean", ...at, value: true },
      body: Array.isArray(inner) ? (inner as Body) : [inner as Expr],
    };
    const term: Term = {
      kind: "call",
      ...at,
      operator: { kind: "var", ...at, name: "equal" },
      args: [comprehension, { kind: "array", ...at, items: [] }],
    };
    return { ...at, negated: false, form: { kind: "term", term }, with: [], not: inner };
  }

  /** A term, or `a := b`, or `a = b`. */
  assignment(): Term {
    const left = this.term(true);
    for (const [sign, name] of [
      [":=", "assign"],
      ["=", "eq"],
    ] as const) {
      if (!this.isSign(sign)) continue;
      const operator = this.#operator(name, this.next());
      const right = this.term(true);
      return { kind: "call", ...this.span(left.at.start), operator, args: [left, right], infix: sign };
    }
    return left;
  }

  #some(start: number): Expr {
    this.next();
    const first = this.token;
    const names: VarTerm[] = [];
    const before = this.at;
    // Names alone declare variables; a term with `in` behind iterates.
    for (;;) {
      const { token } = this;
      if (token.kind !== "identifier" || RESERVED.has(token.text)) break;
      this.next();
      names.push({ kind: "var", ...this.span(token.start), name: this.#nameOf(token) });
      if (!this.take(",")) break;
    }
    const ends = names.length > 0 && !this.isKeyword("in") && !this.#goesOn();
    if (ends) return { ...this.span(start), negated: false, form: { kind: "some", names }, with: [] };
    this.at = before;
    const term = this.term(true);
    if (
      term.kind !== "call" ||
      term.operator.kind !== "var" ||
      !term.operator.name.startsWith("internal.member_")
    )
      this.fail(`unexpected ${nameOf(first, this.keywords)}: expected var`, first);
    const { args } = term as CallTerm;
    const collection = args[args.length - 1] as Term;
    const value = args[args.length - 2] as Term;
    const key = args.length === 3 ? args[0] : undefined;
    const form: ExprForm = { kind: "some-in", ...(key === undefined ? {} : { key }), value, collection };
    const replacements = this.#withs();
    return { ...this.span(start), negated: false, form, with: replacements };
  }

  /** Whether a name that was read is the beginning of more than a name. */
  #goesOn(): boolean {
    return this.adjoins && (this.isSign(".") || this.isSign("[") || this.isSign("("));
  }

  #every(start: number): Expr {
    this.next();
    const first = this.token;
    const term = this.term(true);
    if (
      term.kind !== "call" ||
      term.operator.kind !== "var" ||
      !term.operator.name.startsWith("internal.member_")
    )
      this.fail(
        `unexpected ${nameOf(first, this.keywords)}: expected \`x[, y] in xs { ... }\` expression`,
        first,
      );
    const { args } = term as CallTerm;
    const domain = args[args.length - 1] as Term;
    const value = args[args.length - 2] as Term;
    const key = args.length === 3 ? args[0] : undefined;
    for (const variable of [key, value])
      if (variable !== undefined && variable.kind !== "var")
        this.fail("expected value to be a variable", { start: variable.at.start, end: variable.at.end });
    this.expect("{");
    const body = this.body("}");
    this.next();
    const form: ExprForm = { kind: "every", ...(key === undefined ? {} : { key }), value, domain, body };
    const replacements = this.#withs();
    return { ...this.span(start), negated: false, form, with: replacements };
  }

  #withs(): readonly With[] {
    const found: With[] = [];
    while (this.isKeyword("with")) {
      const { start } = this.next();
      const target = this.primary();
      if (target.kind !== "ref" && target.kind !== "var")
        this.fail("expected with target to be a ref", { start: target.at.start, end: target.at.end });
      if (!this.isKeyword("as")) this.unexpected("as keyword");
      this.next();
      const value = this.term(true);
      found.push({ ...this.span(start), target, value });
    }
    return found;
  }

  /** A term with its operators. `pairs` allows `key, value in collection`, which a list's commas do not. */
  term(pairs: boolean): Term {
    const { start } = this.token;
    let left = this.#level(0);
    if (pairs && this.isSign(",") && this.keywords.has("in")) {
      const before = this.at;
      this.next();
      const pair = this.attempt(() => {
        const middle = this.#level(0);
        if (!this.isKeyword("in")) this.unexpected();
        const operator = this.#operator("internal.member_3", this.next());
        const right = this.#level(0);
        return {
          kind: "call" as const,
          ...this.span(start),
          operator,
          args: [left, middle, right],
          infix: "in",
        };
      });
      if (pair === undefined) this.at = before;
      else left = pair;
    }
    while (this.isKeyword("in")) {
      const operator = this.#operator("internal.member_2", this.next());
      const right = this.#level(0);
      left = { kind: "call", ...this.span(start), operator, args: [left, right], infix: "in" };
    }
    return left;
  }

  protected attempt<T>(read: () => T): T | undefined {
    const before = this.at;
    const depth = this.#depth;
    try {
      return read();
    } catch (error) {
      if (!(error instanceof ParseFailure)) throw error;
      this.at = before;
      this.#depth = depth;
      return undefined;
    }
  }

  #level(level: number): Term {
    const signs = LEVELS[level];
    if (signs === undefined) return this.primary();
    const { start } = this.token;
    let left = this.#level(level + 1);
    while (this.token.kind === "sign" && signs.includes(this.token.text)) {
      const sign = this.next();
      const operator = this.#operator(OPERATORS[sign.text] as string, sign);
      const right = this.#level(level + 1);
      left = { kind: "call", ...this.span(start), operator, args: [left, right], infix: sign.text };
    }
    return left;
  }

  #operator(name: string, token: Token): VarTerm {
    return { kind: "var", ...this.span(token.start, token.end), name };
  }

  /** A term without operators around it. */
  primary(): Term {
    if (++this.#depth > MAX_DEPTH) this.fail("nested too deeply", this.token);
    const found = this.#head();
    this.#depth--;
    return found;
  }

  #head(): Term {
    const { token } = this;
    const { start } = token;
    switch (token.kind) {
      case "number":
        this.next();
        return this.#finish(this.#number(token, token.text, start));
      case "string":
        this.next();
        return this.#finish({
          kind: "string",
          ...this.span(start),
          value: token.text,
          ...(token.raw === true ? { raw: true } : {}),
        });
      case "template":
        this.next();
        return this.#template(token);
      case "identifier":
        return this.#word(token);
      case "sign":
        return this.#finish(this.#bracket(token));
      case "eof":
        return this.unexpected();
    }
  }

  #number(token: Token, text: string, start: number): Term {
    try {
      return { kind: "number", ...this.span(start), value: numberOf(text) };
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      return this.fail(error.message, token);
    }
  }

  #word(token: Token): Term {
    const { start, text } = token;
    if (this.keywordHead === this.at) {
      this.next();
      return this.#finish({ kind: "var", ...this.span(start), name: this.#nameOf(token) });
    }
    if (text === "null" || text === "true" || text === "false") {
      this.next();
      return this.#finish(
        text === "null"
          ? { kind: "null", ...this.span(start) }
          : { kind: "boolean", ...this.span(start), value: text === "true" },
      );
    }
    // `contains` names a built-in too.
    const call =
      text === "contains" &&
      this.tokens[this.at + 1]?.text === "(" &&
      this.tokens[this.at + 1]?.start === token.end;
    if (RESERVED.has(text) || (this.keywords.has(text) && !call)) this.unexpected();
    this.next();
    return this.#finish({ kind: "var", ...this.span(start), name: this.#nameOf(token) });
  }

  #nameOf(token: Token): string {
    return token.text === "_" ? `$${this.#wildcards.count++}` : token.text;
  }

  #bracket(token: Token): Term {
    const { start } = token;
    switch (token.text) {
      case "(": {
        this.next();
        const inner = this.term(true);
        this.expect(")");
        return inner.kind === "call"
          ? { ...inner, ...this.span(start), grouped: true }
          : { ...inner, ...this.span(start) };
      }
      case "[":
        this.next();
        return this.#array(start);
      case "{":
        this.next();
        return this.#braces(start);
      case "-": {
        this.next();
        const number = this.token;
        if (number.kind !== "number" || !this.adjoins) this.unexpected("number");
        this.next();
        return this.#number(number, `-${number.text}`, start);
      }
      default:
        return this.unexpected();
    }
  }

  #array(start: number): Term {
    const done = (items: readonly Term[]): ArrayTerm => ({ kind: "array", ...this.span(start), items });
    if (this.take("]")) return done([]);
    const comma = this.take(",");
    const before = this.at;
    // A head without operators, so that `[x | …]` is a comprehension and no disjunction of sets.
    const head = this.primary();
    if (this.take("]")) return done([head]);
    if (this.take(",")) return done(this.take("]") ? [head] : [head, ...this.#list("]")]);
    if (!comma && this.take("|")) {
      const body = this.#comprehensionBody("]");
      if (body !== undefined)
        return { kind: "comprehension", ...this.span(start), of: "array", value: head, body };
    }
    this.at = before;
    return done(this.#list("]"));
  }

  /** The body of a comprehension, or undefined where the `|` turns out to be an operator in a list. */
  #comprehensionBody(end: "]" | "}"): Body | undefined {
    try {
      const body = this.body(end);
      this.next();
      return body;
    } catch (error) {
      if (error instanceof ParseFailure && this.isSign(",")) return undefined;
      throw error;
    }
  }

  /** Terms up to a closing sign, which is taken. */
  #list(end: string): readonly Term[] {
    const items: Term[] = [];
    for (;;) {
      items.push(this.term(false));
      if (this.take(end)) return items;
      if (!this.take(",")) this.unexpected(`"," or "${end}"`);
      if (this.take(end)) return items;
    }
  }

  #braces(start: number): Term {
    if (this.take("}")) return { kind: "object", ...this.span(start), members: [] };
    const comma = this.take(",");
    const before = this.at;
    const head = this.primary();
    if (this.take("}")) return { kind: "set", ...this.span(start), items: [head] };
    if (this.isSign(",")) return this.#set(start, head);
    if (this.take(":")) return this.#object(start, head, comma);
    if (!comma && this.take("|")) {
      const body = this.#comprehensionBody("}");
      if (body !== undefined)
        return { kind: "comprehension", ...this.span(start), of: "set", value: head, body };
    }
    this.at = before;
    const first = this.term(false);
    if (this.take(":")) return this.#object(start, first, comma);
    return this.#set(start, first);
  }

  #set(start: number, first: Term): Term {
    if (this.take("}")) return { kind: "set", ...this.span(start), items: [first] };
    if (!this.take(",")) this.unexpected(`"," or "}"`);
    const items = this.take("}") ? [] : this.#list("}");
    return { kind: "set", ...this.span(start), items: [first, ...items] };
  }

  #object(start: number, key: Term, comma: boolean): Term {
    const before = this.at;
    let value = this.primary();
    if (!comma && this.take("|")) {
      const body = this.#comprehensionBody("}");
      if (body !== undefined)
        return { kind: "comprehension", ...this.span(start), of: "object", key, value, body };
      this.at = before;
    }
    if (!this.isSign("}") && !this.isSign(",")) {
      this.at = before;
      value = this.term(false);
    }
    const members: [Term, Term][] = [[key, value]];
    for (;;) {
      if (this.take("}")) break;
      if (!this.take(",")) this.unexpected(`"," or "}"`);
      if (this.take("}")) break;
      const name = this.term(false);
      if (!this.take(":")) this.unexpected(":");
      members.push([name, this.term(false)]);
    }
    return { kind: "object", ...this.span(start), members };
  }

  #template(token: Token): Term {
    const parts = (token.parts ?? []).map((part): string | Expr => {
      if (typeof part === "string") return part;
      const inner = new TermParser(this.source, part, this.keywords, this.#wildcards);
      return inner.templateExpression();
    });
    return {
      kind: "template",
      ...this.span(token.start),
      parts,
      ...(token.raw === true ? { raw: true } : {}),
    };
  }

  templateExpression(): Expr {
    const { start } = this.token;
    if (this.token.kind === "eof") this.fail("invalid template-string expression", this.token);
    const term = this.term(true);
    const replacements = this.#withs();
    if (!this.#isEnd("eof")) this.unexpected("}");
    return { ...this.span(start), negated: false, form: { kind: "term", term }, with: replacements };
  }

  /** What goes on without a space between: `.name`, `[term]`, `(arguments)`. */
  #finish(head: Term): Term {
    let term = head;
    let path: Term[] = [];
    const { start } = head.at;
    const close = (): Term =>
      path.length === 0 ? term : { kind: "ref", ...this.span(start), head: term, path };
    for (;;) {
      if (!this.adjoins || this.token.kind !== "sign") return close();
      if (this.isSign("(")) {
        const operator = close();
        if (operator.kind !== "var" && (operator.kind !== "ref" || operator.head.kind !== "var"))
          return operator;
        this.next();
        const args = this.take(")") ? [] : this.#list(")");
        if (operator.kind === "var" && operator.name === "set" && args.length === 0)
          return this.#finish({ kind: "set", ...this.span(start), items: [] });
        term = { kind: "call", ...this.span(start), operator: operator as VarTerm | RefTerm, args };
        path = [];
        if (this.isSign("(") && this.adjoins) return term;
      } else if (this.isSign(".")) {
        this.#headOfRef(term);
        this.next();
        const name = this.token;
        if (!this.adjoins) this.fail("unexpected whitespace token: expected identifier", name);
        if (name.kind !== "identifier") this.unexpected("identifier");
        this.next();
        path.push({ kind: "string", ...this.span(name.start), value: name.text });
      } else if (this.isSign("[")) {
        this.#headOfRef(term);
        this.next();
        path.push(this.term(true));
        this.expect("]");
      } else return close();
    }
  }

  #headOfRef(head: Term): void {
    if (head.kind === "null" || head.kind === "boolean" || head.kind === "number" || head.kind === "string")
      this.fail(`illegal ref (head cannot be ${head.kind})`, { start: head.at.start, end: head.at.end });
  }
}

/** A token in OPA's words: `not keyword`, `identifier token`, `} token`. */
function nameOf(token: Token, keywords: ReadonlySet<string>): string {
  switch (token.kind) {
    case "eof":
      return "eof token";
    case "identifier":
      return RESERVED.has(token.text) || keywords.has(token.text)
        ? `${token.text} keyword`
        : "identifier token";
    case "sign":
      return `${NAMES_OF_SIGNS[token.text] ?? token.text} token`;
    case "number":
    case "string":
    case "template":
      return `${token.kind} token`;
  }
}

const NAMES_OF_SIGNS: Readonly<Record<string, string>> = {
  ":=": "assign",
  "=": "eq",
  "==": "equal",
  "!=": "neq",
  "<": "lt",
  "<=": "lte",
  ">": "gt",
  ">=": "gte",
  "+": "plus",
  "-": "minus",
  "*": "mul",
  "/": "div",
  "%": "rem",
  "|": "or",
  "&": "and",
};
