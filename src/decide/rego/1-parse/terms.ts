/** Terms and expressions, by recursive descent: one grammar, whose parts are in each other, so one file. */
import type { Source } from "../source.ts";
import type { Body, CallTerm, Expr, ExprForm, Operand, RefTerm, Term, VarTerm, With } from "../syntax.ts";
import { numberOf } from "../values/index.ts";
import { ParseFailure } from "./failure.ts";
import type { Token } from "./lexer.ts";
import { joined, negated } from "./logic.ts";
import { RESERVED, TokenReader } from "./reader.ts";

/** Deeper nesting is refused: what comes after walks the tree by recursion too. */
const MAX_DEPTH = 1_000;

/** What signs stand for, and how tightly they bind. */
const INFIX: ReadonlyMap<string, { readonly name: string; readonly level: number }> = new Map([
  ["==", { name: "equal", level: 1 }],
  ["!=", { name: "neq", level: 1 }],
  ["<", { name: "lt", level: 1 }],
  ["<=", { name: "lte", level: 1 }],
  [">", { name: "gt", level: 1 }],
  [">=", { name: "gte", level: 1 }],
  ["|", { name: "or", level: 2 }],
  ["&", { name: "and", level: 3 }],
  ["+", { name: "plus", level: 4 }],
  ["-", { name: "minus", level: 4 }],
  ["*", { name: "mul", level: 5 }],
  ["/", { name: "div", level: 5 }],
  ["%", { name: "rem", level: 5 }],
]);

export interface TermOptions {
  readonly keywords: Iterable<string>;
  readonly templates: boolean;
}

export class TermParser extends TokenReader {
  readonly #templates: boolean;
  #depth = 0;
  /** Bracketed terms by where they begin, so that going back over them costs nothing, however they are nested. */
  readonly #read = new Map<number, { readonly term: Term; readonly at: number } | ParseFailure>();

  constructor(source: Source, tokens: readonly Token[], options: TermOptions) {
    super(source, tokens, options.keywords);
    this.#templates = options.templates;
  }

  /** Expressions up to a closing sign or the end, which is left. */
  body(end: "}" | "]" | "eof"): Body {
    this.#enter();
    const expressions: Expr[] = [];
    if (this.#isEnd(end)) this.refuse("found empty body");
    for (;;) {
      expressions.push(this.literal());
      if (this.take(";")) continue;
      if (this.#isEnd(end)) break;
      if (this.is("illegal") || !this.token.newline)
        this.unexpected(`expected \\n or ; or ${end === "eof" ? "eof" : end}`);
    }
    this.#depth--;
    return expressions;
  }

  #isEnd(end: string): boolean {
    return end === "eof" ? this.is("eof") : this.isSign(end);
  }

  /** Expressions within braces, of which the first stands here. */
  protected braced(): Body {
    this.next();
    const body = this.body("}");
    this.next();
    return body;
  }

  /** One expression with its `not` and its `with`s. */
  literal(): Expr {
    const { start } = this.token;
    if (this.#isLogical && !this.#declares()) return this.#logical(start);
    const negated = this.isKeyword("not");
    if (negated) this.next();
    const isSome = this.isKeyword("some");
    if (isSome || this.isKeyword("every")) {
      if (negated) this.unexpected(`illegal negation of '${this.token.text}'`);
      return isSome ? this.#some(start) : this.#every(start);
    }
    return this.#expression(start, negated, { kind: "term", term: this.#assignment(!negated) });
  }

  /** Whether `and`, `or` or `not` of bodies are on. */
  get #isLogical(): boolean {
    return this.keywords.has("and") || this.keywords.has("or") || this.keywords.has("not");
  }

  #declares(): boolean {
    return this.isKeyword("some") || this.isKeyword("every");
  }

  /** Expressions with `and`, `or` and `not`, where these take bodies. */
  #logical(start: number): Expr {
    const operand = this.#disjunction();
    const [only] = operand.body;
    if (operand.braces || only === undefined) return this.unexpected();
    const replacements = this.#withs();
    return { ...only, at: this.span(start), with: [...only.with, ...replacements] };
  }

  #disjunction(): Operand {
    let left = this.#conjunction(false);
    while (this.isKeyword("or")) left = this.#joined("or", left, () => this.#conjunction(true));
    return left;
  }

  #conjunction(isRight: boolean): Operand {
    let left = this.#operand(isRight);
    while (this.isKeyword("and")) left = this.#joined("and", left, () => this.#operand(true));
    return left;
  }

  #joined(kind: "and" | "or", left: Operand, read: () => Operand): Operand {
    const [first] = left.body;
    if (!left.braces && first !== undefined && this.source.text.charAt(first.at.start) === "{")
      this.fail(
        `operand of \`${kind}\` cannot begin with \`{\` unless the braces hold a body`,
        first.at,
        "write `(…)` around it to keep the value",
      );
    this.next();
    const right = read();
    const start = left.body[0]?.at.start ?? this.token.start;
    return { body: [joined(this.span(start), kind, left, right)], braces: false };
  }

  #operand(isRight: boolean): Operand {
    const { start } = this.token;
    if (this.isKeyword("not")) {
      this.next();
      if (this.isKeyword("not") || this.#declares()) this.unexpected();
      const isBody = this.keywords.has("not") && this.isSign("{");
      const operand = isBody ? { body: this.braced(), braces: true } : this.#operand(false);
      const at = this.span(start);
      return { body: [negated(at, operand, this.keywords.has("not"))], braces: false };
    }
    if (this.#declares()) this.unexpected();
    if (this.isSign("{")) {
      const body = isRight ? this.braced() : this.attempt(() => this.#operandInBraces());
      if (body !== undefined) {
        if (isRight) this.#checkAmbiguous(body);
        return { body, braces: true };
      }
    }
    const term = this.isSign("(") ? this.attempt(() => this.#assignment(true)) : this.#assignment(true);
    if (term !== undefined) {
      const form: ExprForm = { kind: "term", term };
      return { body: [{ at: this.span(start), negated: false, form, with: [] }], braces: false };
    }
    this.next();
    const inner = this.literal();
    if (!this.take(")")) this.refuse("non-terminated expression");
    return { body: [{ ...inner, at: this.span(start) }], braces: false };
  }

  /** `{a | b}` could be a comprehension. */
  #checkAmbiguous([only, ...more]: Body): void {
    const form = only?.form;
    if (form?.kind !== "term" || form.term.kind !== "call" || more.length > 0) return;
    if (form.term.infix === "|" && form.term.grouped !== true)
      this.fail(
        "ambiguous `{ ... | ... }` operand: read as a body holding a set-union expression, not as a comprehension",
        form.term.at,
        "write `({ … | … })` for the comprehension, or `{( … | … )}` for the set union",
      );
  }

  #operandInBraces(): Body {
    const body = this.braced();
    if (!this.isKeyword("and") && !this.isKeyword("or")) this.unexpected();
    return body;
  }

  #expression(start: number, negated: boolean, form: ExprForm): Expr {
    const replacements = this.#withs();
    return { at: this.span(start), negated, form, with: replacements };
  }

  /** A term, or `a := b`, or `a = b`. */
  #assignment(leads: boolean): Term {
    const left = this.term(true, leads ? this.#leading() : this.primary());
    const { text, kind } = this.token;
    if (kind !== "sign" || (text !== ":=" && text !== "=")) return left;
    return this.#infix(left, text === "=" ? "eq" : "assign", () => this.term(true));
  }

  /** A term that an expression begins with: a keyword with a path behind it is a name there. */
  #leading(): Term {
    return this.isHeadOfReference() ? this.keywordReference() : this.primary();
  }

  protected keywordReference(): Term {
    const token = this.next();
    return this.#path({ kind: "var", at: this.span(token.start), name: this.nameOf(token) });
  }

  #infix(left: Term, name: string, right: () => Term): Term {
    const sign = this.next();
    const operator: VarTerm = { kind: "var", at: this.span(sign.start, sign.end), name };
    const args = [left, right()];
    return { kind: "call", at: this.span(left.at.start), operator, args, infix: sign.text };
  }

  #some(start: number): Expr {
    this.next();
    if (this.keywords.has("in")) {
      const membership = this.attempt(() => this.#membership("expected var"));
      if (membership !== undefined) return this.#expression(start, false, { kind: "some-in", ...membership });
    }
    const names: VarTerm[] = [];
    do {
      const { token } = this;
      if (token.kind !== "identifier" || RESERVED.has(token.text) || this.keywords.has(token.text))
        this.unexpected("expected var");
      this.next();
      names.push({ kind: "var", at: this.span(token.start), name: this.nameOf(token) });
    } while (this.take(","));
    return { at: this.span(start), negated: false, form: { kind: "some", names }, with: [] };
  }

  /** `value in collection` or `key, value in collection`. */
  #membership(otherwise: string): { key?: Term; value: Term; collection: Term } {
    const term = this.term(true);
    const isCall = term.kind === "call" && term.infix === "in";
    const args = isCall ? term.args : this.unexpected(otherwise);
    const [first, second, third] = args as [Term, Term, Term?];
    return third === undefined
      ? { value: first, collection: second }
      : { key: first, value: second, collection: third };
  }

  #every(start: number): Expr {
    this.next();
    const { key, value, collection } = this.#membership("expected `x[, y] in xs { ... }` expression");
    for (const variable of [key, value])
      if (variable !== undefined && variable.kind !== "var")
        this.fail("expected value to be a variable", variable.at);
    if (!this.isSign("{")) this.unexpected("missing body", "write `every x in xs { … }`");
    const body = this.braced();
    const variables = { ...(key === undefined ? {} : { key }), value };
    return this.#expression(start, false, { kind: "every", ...variables, domain: collection, body });
  }

  #withs(): readonly With[] {
    if (!this.isKeyword("with")) return [];
    const found: With[] = [];
    while (this.isKeyword("with")) {
      const { start } = this.next();
      const { token } = this;
      if (token.kind !== "identifier" || RESERVED.has(token.text) || this.keywords.has(token.text))
        this.unexpected("expected ident");
      const target = this.primary();
      if (target.kind !== "var" && (target.kind !== "ref" || target.head.kind !== "var"))
        this.unexpected("expected with target path");
      if (!this.isWord("as")) this.unexpected("expected as keyword");
      this.next();
      const value = this.term(true);
      found.push({ at: this.span(start), target, value });
    }
    return found;
  }

  /** A term with its operators. `pairs` allows `key, value in collection`, which a list's commas do not. */
  term(pairs: boolean, begun: Term = this.primary()): Term {
    let left = this.#operators(0, begun);
    if (pairs && this.isSign(",") && this.keywords.has("in"))
      left = this.attempt(() => this.#pairIn(left)) ?? left;
    while (this.isKeyword("in"))
      left = this.#infix(left, "internal.member_2", () => this.#operators(0, this.primary()));
    return left;
  }

  #pairIn(key: Term): Term {
    this.next();
    const value = this.#operators(0, this.primary());
    if (!this.isKeyword("in")) this.unexpected();
    const sign = this.next();
    const operator: VarTerm = {
      kind: "var",
      at: this.span(sign.start, sign.end),
      name: "internal.member_3",
    };
    const args = [key, value, this.#operators(0, this.primary())];
    return { kind: "call", at: this.span(key.at.start), operator, args, infix: "in" };
  }

  /** Operators that bind more tightly than a level, the left operand being read. */
  #operators(level: number, begun: Term): Term {
    let left = begun;
    for (let length = 0; ; length++) {
      const { token } = this;
      if (token.kind !== "sign") return left;
      const operator = INFIX.get(token.text);
      if (operator === undefined || operator.level <= level) return left;
      // Each operand makes the tree one deeper.
      if (length === MAX_DEPTH) this.fail("nested too deeply", token);
      left = this.#infix(left, operator.name, () => this.#operators(operator.level, this.primary()));
    }
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

  /** A term without operators around it. */
  primary(): Term {
    this.#enter();
    const term = this.#primary();
    this.#depth--;
    return term;
  }

  #enter(): void {
    if (++this.#depth > MAX_DEPTH) this.fail("nested too deeply", this.token);
  }

  #primary(): Term {
    const { token } = this;
    const { start, kind } = token;
    switch (kind) {
      case "number":
        this.next();
        return this.#path(this.#number(token.text, start));
      case "string": {
        this.next();
        const raw = token.raw === true ? { raw: true } : {};
        return this.#path({ kind: "string", at: this.span(start), value: token.text, ...raw });
      }
      case "template":
        return this.#path(this.#nested(token, () => this.#template(token)));
      case "identifier":
        return this.#word(token);
      case "sign":
        return this.#path(this.#nested(token, () => this.#bracket(token)));
      case "eof":
      case "illegal":
        return this.unexpected();
    }
  }

  #number(text: string, start: number): Term {
    const at = this.span(start);
    if (/^-?0\d/.test(text))
      this.fail("unexpected number token: expected number without leading zero", at, "leave out the zero");
    try {
      return { kind: "number", at, value: numberOf(text) };
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      return this.fail(error.message, at);
    }
  }

  #word(token: Token): Term {
    const { start, text } = token;
    if (text === "null" || text === "true" || text === "false") {
      this.next();
      return this.#path(
        text === "null"
          ? { kind: "null", at: this.span(start) }
          : { kind: "boolean", at: this.span(start), value: text === "true" },
      );
    }
    if (RESERVED.has(text) || (this.keywords.has(text) && !this.#namesBuiltin(token))) this.unexpected();
    this.next();
    return this.#path({ kind: "var", at: this.span(start), name: this.nameOf(token) });
  }

  /** `contains` is a built-in's name wherever it is no keyword; so are `and` and `or` when called. */
  #namesBuiltin({ text, end }: Token): boolean {
    if (text === "contains") return true;
    return (text === "and" || text === "or") && this.following?.text === "(" && this.following.start === end;
  }

  /** What a bracket opens, once for each place in the text. */
  #nested(token: Token, read: () => Term): Term {
    const known = this.#read.get(token.start);
    if (known instanceof ParseFailure) throw known;
    if (known !== undefined) {
      this.at = known.at;
      return known.term;
    }
    try {
      const term = read();
      this.#read.set(token.start, { term, at: this.at });
      return term;
    } catch (error) {
      if (error instanceof ParseFailure) this.#read.set(token.start, error);
      throw error;
    }
  }

  #bracket(token: Token): Term {
    const { start } = token;
    switch (token.text) {
      case "(": {
        this.next();
        const inner = this.term(true);
        if (!this.take(")")) this.refuse("non-terminated expression");
        return inner.kind === "call"
          ? { ...inner, at: this.span(start), grouped: true }
          : { ...inner, at: this.span(start) };
      }
      case "[":
        this.next();
        return this.#array(start);
      case "{":
        this.next();
        return this.#braces(start);
      case "-":
        return this.#negative(start);
      case ".":
        this.next();
        if (!this.is("number")) this.unexpected("expected number");
        return this.#number(`.${this.next().text}`, start);
      default:
        return this.unexpected();
    }
  }

  /** A negative number, or `-x`, which is `0 - x`. */
  #negative(start: number): Term {
    const sign = this.next();
    const dot = this.take(".") ? "." : "";
    if (this.is("number")) return this.#number(`-${dot}${this.next().text}`, start);
    if (dot !== "" || !this.is("identifier")) this.unexpected("expected number");
    const operand = this.primary();
    const at = this.span(sign.start, sign.end);
    const operator: VarTerm = { kind: "var", at, name: "minus" };
    const zero: Term = { kind: "number", at, value: 0 };
    return { kind: "call", at: this.span(start), operator, args: [zero, operand], infix: "-" };
  }

  #array(start: number): Term {
    const close = (items: readonly Term[]): Term => ({ kind: "array", at: this.span(start), items });
    if (this.take("]")) return close([]);
    const comma = this.take(",");
    const head = this.primary();
    if (!comma && this.isSign("|")) {
      const body = this.#comprehensionBody("]");
      if (body !== undefined)
        return { kind: "comprehension", at: this.span(start), of: "array", value: head, body };
    }
    return close(this.#list("]", 'expected "," or "]"', this.term(false, head)));
  }

  /** The body of a comprehension, or undefined where the `|` turns out to be an operator in a list, and is left. */
  #comprehensionBody(end: "]" | "}"): Body | undefined {
    const before = this.at;
    const depth = this.#depth;
    this.next();
    try {
      const body = this.body(end);
      this.next();
      return body;
    } catch (error) {
      if (!(error instanceof ParseFailure) || !this.isSign(",")) throw error;
      this.at = before;
      this.#depth = depth;
      return undefined;
    }
  }

  /** Terms up to a closing sign, which is taken. */
  #list(end: string, otherwise: string, first: Term): readonly Term[] {
    const items = [first];
    for (;;) {
      if (this.take(end)) return items;
      if (!this.take(",")) this.unexpected(otherwise);
      if (this.take(end)) return items;
      items.push(this.term(false));
    }
  }

  #braces(start: number): Term {
    if (this.take("}")) return { kind: "object", at: this.span(start), members: [] };
    const comma = this.take(",");
    const head = this.primary();
    if (!comma && this.isSign("|")) {
      const body = this.#comprehensionBody("}");
      if (body !== undefined)
        return { kind: "comprehension", at: this.span(start), of: "set", value: head, body };
    }
    const first = this.term(false, head);
    if (this.take(":")) return this.#object(start, first, comma);
    const items = this.#list("}", "non-terminated set", first);
    return { kind: "set", at: this.span(start), items };
  }

  #object(start: number, key: Term, comma: boolean): Term {
    const head = this.primary();
    if (!comma && this.isSign("|")) {
      const body = this.#comprehensionBody("}");
      if (body !== undefined)
        return { kind: "comprehension", at: this.span(start), of: "object", key, value: head, body };
    }
    const members: [Term, Term][] = [[key, this.term(false, head)]];
    for (;;) {
      if (this.take("}")) break;
      if (!this.take(",")) this.unexpected("non-terminated object");
      if (this.take("}")) break;
      const name = this.term(false);
      if (!this.take(":")) this.unexpected('expected ":"');
      members.push([name, this.term(false)]);
    }
    return { kind: "object", at: this.span(start), members };
  }

  #template(token: Token): Term {
    if (!this.#templates) this.fail("template strings are not supported by current capabilities", token);
    const { tokens, at } = this;
    const parts: (string | Expr)[] = [];
    try {
      for (const part of token.parts ?? []) {
        if (typeof part !== "string") {
          this.tokens = part;
          this.at = 0;
        }
        parts.push(typeof part === "string" ? part : this.#templateExpression());
      }
    } finally {
      this.tokens = tokens;
      this.at = at;
    }
    this.next();
    return {
      kind: "template",
      at: this.span(token.start),
      parts,
      ...(token.raw === true ? { raw: true } : {}),
    };
  }

  #templateExpression(): Expr {
    if (this.is("eof")) this.refuse("invalid template-string expression");
    const begin = this.token;
    const expression = this.literal();
    const refuse = (what: string): never =>
      this.fail(`unexpected ${what} in template-string expression`, begin);
    if (expression.negated) refuse("negation ('not')");
    const { form } = expression;
    if (form.kind === "every") refuse("'every'");
    if (form.kind !== "term") refuse("'some'");
    if (form.kind === "term" && form.term.kind === "call" && form.term.grouped !== true) {
      if (form.term.infix === ":=") refuse("assignment (':=')");
      if (form.term.infix === "=") refuse("unification ('=')");
    }
    if (!this.is("eof")) this.refuse("expected } to end template string expression");
    return expression;
  }

  /** What goes on without a space between: `.name`, `[term]`, `(arguments)`. */
  #path(head: Term): Term {
    let term = head;
    let path: Term[] = [];
    const { start } = head.at;
    const close = (): Term =>
      path.length === 0 ? term : { kind: "ref", at: this.span(start), head: term, path };
    while (this.is("sign") && this.adjoins()) {
      if (this.isSign(".")) {
        if (path.length === 0) this.#checkHead(term);
        path.push(this.#step());
      } else if (this.isSign("[")) {
        if (path.length === 0) this.#checkHead(term);
        this.next();
        path.push(this.term(true));
        if (!this.take("]")) this.unexpected("expected ]");
      } else if (this.isSign("(")) {
        const operator = close();
        if (operator.kind !== "var" && (operator.kind !== "ref" || !isCallable(operator))) return operator;
        term = this.#call(operator, start);
        path = [];
      } else break;
    }
    return close();
  }

  #step(): Term {
    const dot = this.next();
    const name = this.token;
    if (name.kind === "identifier" && !this.adjoins())
      this.fail("unexpected whitespace token: expected identifier", { start: dot.end, end: name.start });
    if (name.kind !== "identifier") this.unexpected("expected identifier");
    this.next();
    return { kind: "string", at: this.span(name.start), value: name.text };
  }

  #call(operator: VarTerm | RefTerm, start: number): Term {
    this.next();
    const args = this.take(")") ? [] : this.#list(")", 'expected "," or ")"', this.term(false));
    const isSet = operator.kind === "var" && operator.name === "set" && args.length === 0;
    if (isSet) return { kind: "set", at: this.span(start), items: [] };
    const call: CallTerm = { kind: "call", at: this.span(start), operator, args };
    return call;
  }

  #checkHead(head: Term): void {
    const refused = head.kind === "template" ? "templatestring" : head.kind;
    if (["null", "boolean", "number", "string", "template", "ref"].includes(head.kind))
      this.fail(`illegal ref (head cannot be ${refused})`, head.at);
  }
}

function isCallable({ head }: RefTerm): boolean {
  return head.kind === "var" || (head.kind === "call" && head.infix === undefined);
}
