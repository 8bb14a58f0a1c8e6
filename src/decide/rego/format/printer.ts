/** Rules as `opa fmt` prints them: what stood on several lines does, what stood on one line stays there. */
import type { Body, Dialect, ElseBranch, Head, Module, Rule, Term } from "../syntax.ts";
import { indent } from "./layout.ts";
import type { Remarks } from "./remarks.ts";
import { TermPrinter } from "./terms.ts";

export class Printer extends TermPrinter {
  readonly #to: Dialect;
  readonly #keywords: ReadonlySet<string>;
  /** Whether a rule of the module needs a path for a name; where none does, `p.q` is `p["q"]` as it was before there were any. */
  readonly #hasDots: boolean;
  constructor(module: Module, remarks: Remarks, to: Dialect) {
    super(module.at.source.text, remarks);
    this.#to = to;
    this.#keywords = module.keywords;
    this.#hasDots = module.rules.some(
      ({ head: { form, path } }) => path.length > (form === "contains" ? 1 : 2),
    );
  }

  rule(rule: Rule, depth: number): string {
    const { head } = rule;
    const [first] = rule.else;
    const bodyEnd = first?.at.start ?? rule.at.end;
    const isDropped = first === undefined && this.#isTrue(rule.body, head.at.end, bodyEnd);
    const value = this.#value(rule, isDropped);
    let text = (rule.default ? "default " : "") + this.#head(head, depth);
    if (value !== undefined)
      text += ` ${this.#sign(head.assign)} ${value === true ? "true" : this.term(value, depth)}`;
    const isIf = this.#isIf(head);
    if (rule.bodied && !isDropped) text += this.#body(rule.body, isIf, head.at.end, bodyEnd, depth);
    let start = rule.at.start;
    rule.else.forEach((branch, index) => {
      const end = rule.else[index + 1]?.at.start ?? rule.at.end;
      const isJoined = text.endsWith("}") && this.#closesBody(start, branch.at.start);
      const isLast = index === rule.else.length - 1;
      text += `${isJoined ? " " : `\n\n${indent(depth)}`}${this.#else(branch, isIf, isLast, end, depth)}`;
      ({ start } = branch.at);
    });
    return text;
  }

  /** Whether the brace of a body on several lines stands on the line of an `else`. */
  #closesBody(start: number, elseStart: number): boolean {
    const close = this.text.lastIndexOf("}", elseStart);
    return close > start && this.isBroken(start, close) && !this.isBroken(close, elseStart);
  }

  #else(branch: ElseBranch, isIf: boolean, isLast: boolean, end: number, depth: number): string {
    const from = branch.value?.at.end ?? branch.at.start;
    const isDropped = isLast && this.#isTrue(branch.body, from, end);
    const isBodied = branch.bodied && !isDropped;
    const isImplied = branch.value === undefined || (isBodied && isTrue(branch.value));
    const value = isImplied ? (isBodied ? "" : "true") : this.term(branch.value, depth);
    const assigned = value === "" ? "" : ` ${this.#sign(branch.assign)} ${value}`;
    return `else${assigned}${isBodied ? this.#body(branch.body, isIf, from, end, depth) : ""}`;
  }

  /** The value to print; `true` where the body that said so is left out. */
  #value({ head, bodied, default: isDefault }: Rule, isDropped: boolean): Term | true | undefined {
    if (head.form === "contains") return undefined;
    if (head.value === undefined) return isDropped ? true : undefined;
    // Without a value, `p[x] { … }` of v0 is a member of a set.
    const isImplied = bodied && !isDropped && !isDefault && isTrue(head.value);
    return isImplied && (this.#to === "v1" || head.if || head.path.length === 1) ? undefined : head.value;
  }

  #sign(assign: boolean): string {
    return this.#to === "v1" || assign ? ":=" : "=";
  }

  /** Whether `if` stands before the body: where v0 has it on, everywhere that it changes nothing. */
  #isIf(head: Head): boolean {
    if (this.#to === "v1" || head.if) return true;
    const isMember = head.form === "contains" && !this.#wasContains(head);
    return this.#keywords.has("if") && !isMember && head.path.length === 1;
  }

  #head(head: Head, depth: number): string {
    const { args, form, key, path } = head;
    const [first, second] = path;
    const name = first?.kind === "var" ? first.name.replace(/^\$.*/, "_") : "";
    const isKeyed = form === "value" && path.length === 2 && !this.#hasDots;
    const steps =
      isKeyed && second?.kind === "string" ? `[${this.#keyText(second)}]` : this.steps(path.slice(1), depth);
    const list =
      args === undefined
        ? ""
        : this.list("(", args, ")", { start: this.#open(head), end: head.at.end }, depth);
    if (key === undefined) return name + steps + list;
    const isWord = this.#to === "v1" || this.#wasContains(head);
    if (isWord) return `${name}${steps} contains ${this.#memberText(key, depth)}`;
    return `${name}${steps}[${this.#memberText(key, depth)}]`;
  }

  /** Where the brackets of a head's arguments open. */
  #open({ path, at }: Head): number {
    return path.at(-1)?.at.end ?? at.start;
  }

  #keyText(key: Term & { readonly kind: "string" }): string {
    return this.#isQuoted(key) ? this.text.slice(key.at.start, key.at.end) : JSON.stringify(key.value);
  }

  #isQuoted({ at }: Term): boolean {
    return /["`]/.test(this.text.charAt(at.start));
  }

  #memberText(key: Term, depth: number): string {
    const isName = key.kind === "string" && !this.#isQuoted(key);
    return isName ? JSON.stringify(key.value) : this.term(key, depth);
  }

  /** v0 knows both forms of a partial set. */
  #wasContains({ path, key }: Head): boolean {
    const end = path.at(-1)?.at.end ?? 0;
    return key !== undefined && !/[.[]/.test(this.text.charAt(end));
  }

  /** A body that says nothing: `true`, without a comment. */
  #isTrue(body: Body, start: number, end: number): boolean {
    const [only, ...more] = body;
    if (only === undefined || more.length > 0 || only.negated || only.with.length > 0) return false;
    return only.form.kind === "term" && isTrue(only.form.term) && !this.remarks.within(start, end);
  }

  /** A body behind its head: on the line where it is one expression that began there, else in braces. */
  #body(body: Body, isIf: boolean, start: number, end: number, depth: number): string {
    const word = isIf ? " if" : "";
    const [only, ...more] = body;
    if (only === undefined) return `${word} {}`;
    const isSet = only.form.kind === "term" && only.form.term.kind === "set";
    const hasComments =
      this.remarks.within(start, only.at.start) ||
      this.remarks.within(only.at.end, this.#lastBrace(only.at.end, end));
    // After `if` a brace opens a body, unless what it opens can be no body.
    if (isIf && more.length === 0 && !isSet && !hasComments && !this.isBroken(start, only.at.start))
      return `${word} ${this.expression(only, depth)}`;
    const close = this.#lastBrace(body.at(-1)?.at.end ?? start, end);
    return `${word} ${this.braces(body, start, close, depth)}`;
  }

  /** Where the brace that closes a body stands, or where what holds the body ends. */
  #lastBrace(start: number, end: number): number {
    const found = this.text.slice(start, end).lastIndexOf("}");
    return found < 0 ? start : start + found;
  }
}

function isTrue(term: Term): boolean {
  return term.kind === "boolean" && term.value;
}
