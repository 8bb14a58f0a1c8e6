/** Modules: the package, imports and rules (OPA policy reference, "Grammar"). */
import type { Source } from "../source.ts";
import type {
  Body,
  Dialect,
  ElseBranch,
  Head,
  Import,
  Package,
  RefTerm,
  Rule,
  Term,
  VarTerm,
} from "../syntax.ts";
import type { Token } from "./lexer.ts";
import { TermParser } from "./terms.ts";

export const FUTURE_KEYWORDS = ["in", "every", "contains", "if"] as const;

export interface Statements {
  readonly package: Package;
  readonly imports: readonly Import[];
  readonly rules: readonly Rule[];
}

export class ModuleParser extends TermParser {
  readonly dialect: Dialect;
  /** Whether `if` and `contains` must be written: v1, and v0 with `import rego.v1`. */
  #strict: boolean;

  constructor(source: Source, tokens: readonly Token[], dialect: Dialect) {
    super(source, tokens, new Set(dialect === "v0" ? [] : FUTURE_KEYWORDS));
    this.dialect = dialect;
    this.#strict = dialect === "v1";
  }

  statements(): Statements {
    if (this.isEmpty) this.fail("empty module", this.token);
    if (!this.isWord("package")) this.fail("package expected", this.token);
    const package_ = this.#package();
    const imports: Import[] = [];
    const rules: Rule[] = [];
    while (this.token.kind !== "eof") {
      if (this.beginsReference) this.keywordHead = this.at;
      if (this.isKeyword("package")) this.fail("unexpected package", this.token);
      if (this.isKeyword("import")) imports.push(this.#import());
      else rules.push(...this.#rules());
    }
    return { package: package_, imports, rules };
  }

  protected get isEmpty(): boolean {
    return this.tokens.length === 1;
  }

  #package(): Package {
    const { start } = this.next();
    const { token } = this;
    if (token.kind !== "identifier" || token.newline)
      this.unexpected(token.kind === "eof" ? undefined : "identifier");
    const path: string[] = [this.next().text];
    while (this.adjoins && (this.isSign(".") || this.isSign("["))) {
      if (this.take(".")) {
        const name = this.token;
        if (name.kind !== "identifier" || !this.adjoins) this.unexpected("identifier");
        path.push(this.next().text);
      } else {
        this.next();
        const step = this.token;
        if (step.kind !== "string") this.fail("package name cannot contain variables: non-string", step);
        path.push(this.next().text);
        this.expect("]");
      }
    }
    return { ...this.span(start), path: path[0] === "data" ? path.slice(1) : path };
  }

  #import(): Import {
    const { start } = this.next();
    const first = this.token;
    const term = this.primary();
    const path: RefTerm = term.kind === "ref" ? term : { kind: "ref", at: term.at, head: term, path: [] };
    const root = path.head.kind === "var" ? path.head.name : "";
    if (!["data", "input", "rego", "future"].includes(root))
      this.fail(
        `unexpected import path, must begin with one of: {data, future, input, rego}, got: ${root}`,
        first,
      );
    if (path.path.some(({ kind }) => kind !== "string"))
      this.fail("unexpected import path, must contain only strings", first);
    this.#turnOn(path, first);
    if (!this.isKeyword("as")) return { ...this.span(start), path };
    this.next();
    const name = this.token;
    if (name.kind !== "identifier" || this.isReserved(name.text)) this.unexpected("var");
    this.next();
    return { ...this.span(start), path, alias: name.text };
  }

  protected isReserved(text: string): boolean {
    return (
      this.keywords.has(text) ||
      ["as", "default", "else", "false", "import", "not", "null", "package", "some", "true", "with"].includes(
        text,
      )
    );
  }

  /** What an import of `rego` or `future` changes for the rest of the module. */
  #turnOn(path: RefTerm, at: Token): void {
    const root = path.head.kind === "var" ? path.head.name : "";
    const names = path.path.map((step) => (step.kind === "string" ? step.value : ""));
    if (root === "rego") {
      if (names.length !== 1 || (names[0] !== "v1" && names[0] !== "v2"))
        this.fail("invalid import, must be `rego.v1`", at);
      this.#strict = true;
      for (const keyword of FUTURE_KEYWORDS) this.keywords.add(keyword);
    }
    if (root === "future") {
      if (names[0] !== "keywords" || names.length > 2)
        this.fail("invalid import, must be `future.keywords`", at);
      const [, keyword] = names;
      if (keyword === undefined) for (const each of [...FUTURE_KEYWORDS, "not"]) this.keywords.add(each);
      else if ((FUTURE_KEYWORDS as readonly string[]).includes(keyword)) {
        this.keywords.add(keyword);
        // `every x in xs` needs its `in`.
        if (keyword === "every") this.keywords.add("in");
      } else if (keyword === "not") this.keywords.add(keyword);
      else if (!["and", "or"].includes(keyword))
        this.fail(`unexpected keyword, must be one of [contains every if in]`, at);
    }
  }

  /** One rule, or the several that v0's repeated bodies make. */
  #rules(): readonly Rule[] {
    const { start } = this.token;
    const isDefault = this.isKeyword("default");
    if (isDefault) {
      this.next();
      if (this.beginsReference) this.keywordHead = this.at;
    }
    if (this.isKeyword("some")) this.fail("'some' declarations cannot be used for rule head", this.token);
    const head = this.#head(isDefault);
    if (isDefault) return [this.#default(start, head)];
    if (this.isKeyword("with")) this.fail("unexpected with keyword", this.token);
    const usesIf = head.if;
    let body: Body = [];
    let bodied = true;
    const brace = this.isSign("{");
    if (usesIf) body = this.#ifBody();
    else if (brace) {
      if (this.#strict && head.form !== "contains")
        this.fail(
          `\`if\` keyword is required before ${head.args === undefined ? "rule" : "function"} body`,
          this.token,
          "write `if` before the `{`",
        );
      if (this.#strict)
        this.fail("`if` keyword is required before rule body", this.token, "write `if` before the `{`");
      this.next();
      body = this.#braced();
    } else bodied = false;
    this.#checkHead(head, bodied);
    const branches: ElseBranch[] = [];
    while (this.isKeyword("else")) {
      if (!bodied) this.unexpected();
      if (head.form === "contains") this.fail("else keyword cannot be used on partial rules", this.token);
      branches.push(this.#else());
    }
    const rule: Rule = {
      ...this.span(start),
      default: false,
      head,
      body,
      else: branches,
      bodied,
      chained: false,
    };
    const rules = [rule];
    while (bodied && branches.length === 0 && this.isSign("{") && !(this.#strict && !usesIf)) {
      const next = this.token.start;
      this.next();
      const more = this.#braced();
      rules.push({
        ...this.span(next),
        default: false,
        head,
        body: more,
        else: [],
        bodied: true,
        chained: true,
      });
    }
    return rules;
  }

  #default(start: number, head: Head): Rule {
    if (head.form === "contains") this.fail("illegal default rule (must have a value)", this.token);
    if (this.isKeyword("if")) this.unexpected();
    const names = new Set<string>();
    for (const arg of head.args ?? []) {
      const at = { start: arg.at.start, end: arg.at.end };
      if (arg.kind !== "var") this.fail(`illegal default rule (arguments cannot contain ${arg.kind})`, at);
      if (names.has(arg.name))
        this.fail(`illegal default rule (arguments cannot be repeated ${arg.name})`, at);
      names.add(arg.name);
    }
    if (head.value !== undefined) this.#constant(head.value);
    return { ...this.span(start), default: true, head, body: [], else: [], bodied: false, chained: false };
  }

  /** A default's value says all of itself; a comprehension does. */
  #constant(term: Term): void {
    switch (term.kind) {
      case "var":
      case "ref":
      case "call":
        this.fail(`illegal default rule (value cannot contain ${term.kind})`, {
          start: term.at.start,
          end: term.at.end,
        });
        return;
      case "array":
      case "set":
        for (const item of term.items) this.#constant(item);
        return;
      case "object":
        for (const member of term.members) for (const part of member) this.#constant(part);
        return;
      case "template":
        for (const part of term.parts)
          if (typeof part !== "string" && part.form.kind === "term") this.#constant(part.form.term);
        return;
      case "boolean":
      case "comprehension":
      case "null":
      case "number":
      case "string":
        return;
    }
  }

  #head(isDefault: boolean): Head {
    const { start } = this.token;
    const term = this.primary();
    const { path, args } = this.#nameOfRule(term);
    const base = { ...(args === undefined ? {} : { args }) };
    if (this.isKeyword("contains") && !isDefault) {
      if (args !== undefined)
        this.fail(
          "the contains keyword can only be used with multi-value rule definitions (e.g., p contains <VALUE> { ... })",
          this.token,
        );
      this.next();
      const key = this.term(true);
      const at = this.span(start);
      return { ...at, form: "contains", path, key, assign: false, if: this.#if() };
    }
    const assign = this.isSign(":=");
    let value: Term | undefined;
    if (assign || this.isSign("=")) {
      this.next();
      value = this.term(true);
    }
    const at = this.span(start);
    const usesIf = this.#if();
    const last = path[path.length - 1] as Term;
    const [, second] = path;
    // v0: `p[x] { … }` is a member of a set, where nothing else says what it is.
    const isSet =
      !this.#strict &&
      value === undefined &&
      args === undefined &&
      !usesIf &&
      path.length === 2 &&
      second !== undefined;
    if (isSet)
      return { ...at, ...base, form: "contains", path: path.slice(0, 1), key: last, assign, if: false };
    return {
      ...at,
      ...base,
      form: "value",
      path,
      ...(value === undefined ? {} : { value }),
      assign,
      if: usesIf,
    };
  }

  #if(): boolean {
    if (!this.isKeyword("if")) return false;
    this.next();
    return true;
  }

  #nameOfRule(term: Term): { readonly path: readonly Term[]; readonly args?: readonly Term[] } {
    const bad = (what: string): never =>
      this.fail(`${what} cannot be used for rule name`, { start: term.at.start, end: term.at.end });
    switch (term.kind) {
      case "var":
        return { path: [term] };
      case "ref":
        if (term.head.kind !== "var") return bad(term.head.kind === "call" ? "ref" : term.head.kind);
        return { path: [term.head, ...term.path] };
      case "call": {
        const { operator } = term;
        if (term.infix !== undefined) return bad("call");
        const path: readonly Term[] =
          operator.kind === "var" ? [operator] : [operator.head as VarTerm, ...operator.path];
        return { path, args: term.args };
      }
      case "array":
      case "boolean":
      case "comprehension":
      case "null":
      case "number":
      case "object":
      case "set":
      case "string":
      case "template":
        return bad(term.kind);
    }
  }

  #checkHead(head: Head, bodied: boolean): void {
    const at = { start: head.at.start, end: head.at.end };
    if (head.form === "contains") {
      if (!bodied && !this.#strict && !this.keywords.has("contains")) return;
      return;
    }
    if (head.value !== undefined || bodied || head.args !== undefined) return;
    if (head.args === undefined && head.path.length === 1)
      this.fail(
        "var cannot be used for rule name",
        at,
        this.#strict ? "write `NAME := VALUE`, or `NAME if { … }`" : undefined,
      );
    if (head.path.length === 2 && this.#strict)
      this.fail("`contains` keyword is required for partial set rules", at, "write `NAME contains VALUE`");
    this.fail("rule must have value assignment and/or body declaration", at);
  }

  /** After `if`: a body in braces, unless what the brace opens is an object, a comprehension or part of an expression. */
  #ifBody(): Body {
    if (!this.isSign("{")) return [this.literal()];
    const before = this.at;
    const single = this.attempt(() => this.literal());
    if (single !== undefined && !(single.form.kind === "term" && single.form.term.kind === "set"))
      return [single];
    this.at = before;
    this.next();
    return this.#braced();
  }

  #braced(): Body {
    const body = this.body("}");
    this.next();
    return body;
  }

  #else(): ElseBranch {
    const { start } = this.next();
    const assign = this.isSign(":=");
    let value: Term | undefined;
    if (assign || this.isSign("=")) {
      this.next();
      value = this.term(true);
    }
    const shared = { assign, ...(value === undefined ? {} : { value }) };
    if (this.#if()) {
      const body = this.#ifBody();
      return { ...this.span(start), ...shared, body, bodied: true };
    }
    if (this.isSign("{")) {
      if (this.#strict)
        this.fail("`if` keyword is required before else body", this.token, "write `else if { … }`");
      this.next();
      const body = this.#braced();
      return { ...this.span(start), ...shared, body, bodied: true };
    }
    if (value === undefined) this.unexpected("else value term or rule body");
    return { ...this.span(start), ...shared, body: [], bodied: false };
  }
}
