/** Modules: the package, imports and rules (OPA policy reference, "Grammar"). */
import type { Source } from "../source.ts";
import type { Body, Dialect, ElseBranch, Head, Import, Package, Rule, Term } from "../syntax.ts";
import { checkDefault, isGround } from "./checks.ts";
import type { ParseFailure } from "./failure.ts";
import type { Token } from "./lexer.ts";
import { RESERVED } from "./reader.ts";
import { headOf, nameOfKind, type RuleName, ruleName, ruleOfBody } from "./rules.ts";
import { TermParser } from "./terms.ts";

/** What `import future.keywords` brings in v0. */
export const FUTURE_KEYWORDS: readonly string[] = ["in", "every", "contains", "if"];
const LATER_KEYWORDS: readonly string[] = ["not", "and", "or"];
const ROOTS: readonly string[] = ["data", "future", "input", "rego"];

export interface Statements {
  readonly package: Package;
  readonly imports: readonly Import[];
  readonly rules: readonly Rule[];
  /** Of what stands alone and is no rule. */
  readonly failures: ParseFailure[];
}

export class ModuleParser extends TermParser {
  /** Whether `if` and `contains` must be head: v1, and v0 with `import rego.v1`. */
  strict: boolean;

  constructor(source: Source, tokens: readonly Token[], dialect: Dialect) {
    const keywords = dialect === "v0" ? [] : FUTURE_KEYWORDS;
    super(source, tokens, { keywords, templates: dialect !== "v0" });
    this.strict = dialect === "v1";
    this.#bare = dialect === "v1" ? new Set([...RESERVED, ...FUTURE_KEYWORDS]) : RESERVED;
  }

  /** What the last name of an import cannot be, where no alias is given. */
  readonly #bare: ReadonlySet<string>;

  /** @throws ParseFailure at the first token that does not fit */
  statements(): Statements {
    if (this.is("eof")) this.refuse("empty module");
    if (!this.isKeyword("package")) this.refuse("package expected");
    const package_ = this.#package();
    const imports: Import[] = [];
    const rules: Rule[] = [];
    const failures: ParseFailure[] = [];
    while (!this.is("eof")) {
      if (this.isKeyword("package")) this.refuse("unexpected package");
      if (this.isKeyword("import")) imports.push(this.#import());
      else this.#statement(rules, failures);
    }
    return { package: package_, imports, rules, failures };
  }

  #package(): Package {
    const { start } = this.next();
    if (!this.is("identifier")) this.unexpected();
    const names = this.#names().map(({ text }) => text);
    return { at: this.span(start), path: names };
  }

  /** `a.b["c"]`: the tokens of the names. */
  #names(): readonly Token[] {
    const names = [this.next()];
    while (this.is("sign") && this.adjoins()) {
      if (this.take(".")) {
        if (!this.is("identifier") || !this.adjoins()) this.unexpected("expected identifier");
        names.push(this.next());
      } else if (this.take("[")) {
        if (!this.is("string")) this.unexpected("expecting string", "write the name within double quotes");
        names.push(this.next());
        if (!this.take("]")) this.unexpected("expected ]");
      } else break;
    }
    return names;
  }

  #import(): Import {
    const { start } = this.next();
    const first = this.token;
    if (first.kind !== "identifier") this.unexpected();
    const tokens = this.#names();
    if (this.isSign("(")) this.refuse("expected path");
    const names = tokens.slice(1);
    const head: Term = { kind: "var", at: this.span(first.start, first.end), name: first.text };
    const path = names.map(
      (name): Term => ({ kind: "string", at: this.span(name.start, name.end), value: name.text }),
    );
    const place = { start: first.start, end: this.lastEnd };
    if (!ROOTS.includes(first.text))
      this.fail(
        `unexpected import path, must begin with one of: {${ROOTS.join(", ")}}, got: ${first.text}`,
        place,
        `did you mean \`import data.${this.source.text.slice(place.start, place.end)}\`?`,
      );
    const texts = names.map(({ text }) => text);
    if (first.text === "rego") this.#importRego(texts, place);
    if (first.text === "future") this.#importFuture(texts, place);
    const ref = { kind: "ref" as const, at: this.span(first.start), head, path };
    if (this.isWord("as")) return { ...this.#aliased(start, first.text), path: ref };
    const last = tokens[tokens.length - 1] as Token;
    const isFeature = first.text === "rego" || first.text === "future";
    if (!isFeature && this.#bare.has(last.text))
      this.fail(
        `unexpected import path, must not end with a keyword, got: ${last.text}`,
        last,
        "import a different path or use an alias",
      );
    return { at: this.span(start), path: ref };
  }

  #aliased(start: number, root: string): { readonly at: Import["at"]; readonly alias: string } {
    this.next();
    const { token } = this;
    if (token.kind !== "identifier" || RESERVED.has(token.text) || this.keywords.has(token.text))
      this.unexpected("expected var");
    if (token.text === "data" || token.text === "input")
      this.fail(`unexpected import alias, must not be a reserved name, got: ${token.text}`, token);
    if (root === "rego" || root === "future") this.fail(`\`${root}\` imports cannot be aliased`, token);
    this.next();
    return { at: this.span(start), alias: this.nameOf(token) };
  }

  #importRego(names: readonly string[], at: { readonly start: number; readonly end: number }): void {
    const [version] = names;
    if (names.length !== 1 || (version !== "v1" && version !== "v2"))
      this.fail(
        `invalid import \`${["rego", ...names].join(".")}\`, must be one of: \`rego.v1\`, \`rego.v2\``,
        at,
      );
    this.strict = true;
    for (const keyword of FUTURE_KEYWORDS) this.keywords.add(keyword);
    if (version === "v2") for (const keyword of LATER_KEYWORDS) this.keywords.add(keyword);
  }

  #importFuture(names: readonly string[], at: { readonly start: number; readonly end: number }): void {
    const all = [...FUTURE_KEYWORDS, ...LATER_KEYWORDS];
    const [first, keyword] = names;
    if (first !== "keywords") this.fail("invalid import, must be `future.keywords`", at);
    if (keyword === undefined) for (const each of all) this.keywords.add(each);
    else if (!all.includes(keyword))
      this.fail(`unexpected keyword, must be one of [${all.toSorted().join(" ")}]`, at);
    else this.keywords.add(keyword);
    // `every x in xs` needs its `in`.
    if (keyword === "every") this.keywords.add("in");
  }

  /** One rule, the several that v0's repeated bodies make, or a body that stands for a rule. */
  #statement(rules: Rule[], failures: ParseFailure[]): void {
    const before = this.at;
    const { start } = this.token;
    if (this.isKeyword("default") && this.following?.kind === "identifier") {
      this.next();
      rules.push(this.#default(start));
      return;
    }
    this.#checkKeyword();
    const isDeclaration = ["some", "every", "not"].some((keyword) => this.isKeyword(keyword));
    const read = isDeclaration ? undefined : this.#rules(start);
    if (read !== undefined) {
      rules.push(...read);
      return;
    }
    this.at = before;
    const body: Body = this.#bodyAlone();
    const rule = ruleOfBody(body, this.span(start), this.strict, this.token.text);
    if ("message" in rule) failures.push(rule);
    else rules.push(rule);
  }

  /** A keyword cannot be a rule's name, unless as the head of a path. */
  #checkKeyword(): void {
    const { token, following } = this;
    const isKeyword =
      token.kind === "identifier" &&
      (RESERVED.has(token.text) || this.keywords.has(token.text)) &&
      !["null", "true", "false"].includes(token.text) &&
      !this.isHeadOfReference();
    if (!isKeyword) return;
    const names = [":=", "=", "(", "{", "if", "contains"].includes(following?.text ?? "");
    if (names && !["as", "default", "else", "import", "with"].includes(token.text))
      this.refuse(`${token.text} keyword cannot be used for rule name`);
    if (!["some", "every", "not", "contains"].includes(token.text)) this.unexpected();
  }

  #bodyAlone(): Body {
    const body = [this.literal()];
    while (this.take(";")) body.push(this.literal());
    return body;
  }

  /** Rules, or undefined for what only a body can be. */
  #rules(start: number): readonly Rule[] | undefined {
    if (!this.is("identifier")) return undefined;
    const named = this.#nameTerm();
    const name = ruleName(named);
    if (name === undefined) return this.#unnamed(named);
    const head = this.#head(start, name);
    if (head.if) this.next();
    const hasBrace = this.isSign("{");
    if (!head.if && !hasBrace && head.form === "value" && (head.value === undefined || this.#goesOn()))
      return undefined;
    if (!head.if && !hasBrace) return [this.#rule(start, head, [], [], false)];
    const body = head.if ? this.#ifBody() : this.braced();
    if (this.isKeyword("else")) {
      this.#checkElse(head);
      const branches = this.#branches();
      return [this.#rule(start, head, body, branches, true)];
    }
    const rules = [this.#rule(start, head, body, [], true)];
    while (this.isSign("{")) {
      const next = this.token.start;
      const more = this.braced();
      rules.push({ ...this.#rule(next, head, more, [], true), chained: true });
    }
    if (rules.length > 1 && this.isKeyword("else")) this.unexpected();
    return rules;
  }

  #default(start: number): Rule {
    const headStart = this.token.start;
    this.#checkKeyword();
    const named = this.#nameTerm();
    const name = ruleName(named);
    if (name === undefined) this.fail(`${nameOfKind(named)} cannot be used for rule name`, named.at);
    const head = this.#head(headStart, name, "default rule value term (e.g., default p := <VALUE>)");
    if (head.if) this.unexpected();
    const rule = { ...this.#rule(start, head, [], [], false), default: true };
    const failure = checkDefault(rule);
    if (failure !== undefined) throw failure;
    return rule;
  }

  #nameTerm(): Term {
    if (this.is("identifier") && this.isHeadOfReference()) return this.keywordReference();
    return this.primary();
  }

  /** `p(x).y if …` is taken by OPA's parser, and then ends its compiler. */
  #unnamed(term: Term): undefined {
    if (this.#isIf() && term.kind !== "string" && term.kind !== "number")
      this.fail(`${nameOfKind(term)} cannot be used for rule name`, term.at);
    return undefined;
  }

  /** Whether a rule's value goes on as only an expression does. */
  #goesOn(): boolean {
    return this.isSign(";") || ["with", "and", "or"].some((keyword) => this.isKeyword(keyword));
  }

  #isIf(): boolean {
    return this.isWord("if") && this.keywords.has("if") && this.following?.text !== ".";
  }

  #head(start: number, name: RuleName, expected?: string): Head {
    if (this.isWord("contains") && this.keywords.has("contains") && this.following?.text !== ".")
      return this.#containing(start, name);
    const assign = this.isSign(":=");
    let value: Term | undefined;
    if (assign || this.isSign("=")) {
      this.next();
      const sign = assign ? ":=" : "=";
      value = this.#value(expected ?? `rule value term (e.g., p ${sign} <VALUE> { ... })`);
    }
    const at = this.span(start);
    const isIf = this.#isIf();
    return headOf(name, { at, assign, if: isIf, ...(value === undefined ? {} : { value }) });
  }

  #containing(start: number, { path, args }: RuleName): Head {
    if (args !== undefined)
      this.unexpected(
        "the contains keyword can only be used with multi-value rule definitions (e.g., p contains <VALUE> { ... })",
      );
    this.next();
    const key = this.#value("rule key term (e.g., p contains <VALUE> { ... })");
    const at = this.span(start);
    const isIf = this.#isIf();
    return { at, form: "contains", path, key, assign: false, if: isIf };
  }

  #value(expected: string): Term {
    const { token } = this;
    const isTerm =
      token.kind !== "eof" && (token.kind !== "identifier" || !this.#isNoTerm(token)) && token.text !== "]";
    if (!isTerm) this.unexpected(`expected ${expected}`);
    return this.term(true);
  }

  #isNoTerm({ text }: Token): boolean {
    if (["null", "true", "false", "contains", "and", "or"].includes(text)) return false;
    return RESERVED.has(text) || this.keywords.has(text);
  }

  #rule(start: number, head: Head, body: Body, branches: readonly ElseBranch[], bodied: boolean): Rule {
    return { at: this.span(start), default: false, head, body, else: branches, bodied, chained: false };
  }

  #checkElse(head: Head): void {
    const isMember = head.path.length === 2 && head.args === undefined && !head.if;
    if (head.form === "contains" || isMember) this.refuse("else keyword cannot be used on multi-value rules");
    if (head.path.slice(1).some((step) => !isGround(step)))
      this.refuse("else keyword cannot be used on rules with variables in head");
  }

  #branches(): readonly ElseBranch[] {
    const branches: ElseBranch[] = [];
    while (this.isKeyword("else")) {
      if (branches.length > 0 && branches[branches.length - 1]?.bodied === false) this.unexpected();
      branches.push(this.#else());
    }
    if (this.isSign("{")) this.refuse("expected else keyword");
    return branches;
  }

  /** After `if`: a body in braces, unless what the brace opens is an object, a comprehension or part of an expression. */
  #ifBody(): Body {
    if (!this.isSign("{")) return [this.literal()];
    const before = this.at;
    const single = this.attempt(() => this.literal());
    if (single !== undefined && !(single.form.kind === "term" && single.form.term.kind === "set"))
      return [single];
    this.at = before;
    return this.braced();
  }

  #else(): ElseBranch {
    const { start } = this.next();
    const assign = this.isSign(":=");
    let value: Term | undefined;
    if (assign || this.isSign("=")) {
      this.next();
      value = this.#value("else value term (e.g., else := <VALUE> { ... })");
    }
    const shared = { assign, ...(value === undefined ? {} : { value }) };
    const isIf = this.#isIf();
    if (isIf) this.next();
    if (isIf || this.isSign("{")) {
      const body = isIf ? this.#ifBody() : this.braced();
      return { at: this.span(start), ...shared, body, bodied: true, if: isIf };
    }
    if (value === undefined) this.unexpected("expected else value term or rule body");
    return { at: this.span(start), ...shared, body: [], bodied: false, if: false };
  }
}
