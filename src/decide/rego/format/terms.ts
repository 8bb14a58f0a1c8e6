/** Terms and expressions as `opa fmt` prints them. Names, numbers and texts are printed as they were spelled. */
import { constantOf } from "../1-parse/ast-json.ts";
import { compareTerms } from "../1-parse/term-order.ts";
import type { Body, CallTerm, Expr, Operand, SetTerm, TemplateTerm, Term, With } from "../syntax.ts";
import { numberText } from "../values/index.ts";
import { indent, Layout, type Part } from "./layout.ts";
import { remark } from "./remarks.ts";

/** How tightly a sign binds. */
const LEVELS: ReadonlyMap<string, number> = new Map([
  [":=", 0],
  ["=", 0],
  ["in", 1],
  ["==", 2],
  ["!=", 2],
  ["<", 2],
  ["<=", 2],
  [">", 2],
  [">=", 2],
  ["|", 3],
  ["&", 4],
  ["+", 5],
  ["-", 5],
  ["*", 6],
  ["/", 6],
  ["%", 6],
]);
const KEYWORDS: ReadonlySet<string> = new Set(
  "as contains default else every false if import in not null package some true with".split(" "),
);

export class TermPrinter extends Layout {
  term(term: Term, depth: number): string {
    const { start, end } = term.at;
    switch (term.kind) {
      case "null":
      case "boolean":
        return this.#inner(term);
      case "number": {
        // The zero of `-x` is nowhere in the text.
        const text = this.#inner(term).replace(/\s+/g, "");
        return text === "-" ? "0" : text;
      }
      case "string":
        return this.#inner(term);
      case "template":
        return this.#template(term, depth);
      case "var":
        return term.name.startsWith("$") ? "_" : term.name;
      case "ref":
        return this.#head(term.head, depth) + this.steps(term.path, depth);
      case "array":
        return this.list("[", term.items, "]", term.at, depth);
      case "set":
        return term.items.length === 0 ? "set()" : this.list("{", this.#once(term), "}", term.at, depth);
      case "object": {
        const members = term.members.map(
          ([key, value]): Part => ({
            start: key.at.start,
            end: value.at.end,
            print: (at) => `${this.#item(key, at)}: ${this.#item(value, at)}`,
          }),
        );
        return this.collection("{", members, "}", { start, end }, depth);
      }
      case "call":
        return isInfix(term) && term.args.length === 3
          ? `(${this.#call(term, depth, false)})`
          : this.#call(term, depth, false);
      case "comprehension": {
        const [open, close] = term.of === "array" ? ["[", "]"] : ["{", "}"];
        const key = term.key === undefined ? "" : `${this.#closed(term.key, depth)}: `;
        const head = `${open}${key}${this.#closed(term.value, depth)} |`;
        if (!this.#isLoose(term.body, (term.key ?? term.value).at.start, end))
          return `${head} ${this.#inline(term.body, depth)}${close}`;
        const note = this.#opening(term.body, term.value.at.end);
        return `${head}${note}\n${this.lines(term.body, end, depth + 1)}\n${indent(depth)}${close}`;
      }
    }
  }

  expression(expr: Expr, depth: number): string {
    let last = this.#endOfForm(expr);
    return expr.with.reduce(
      (before, item) => {
        const broken = this.isBroken(last, item.at.start);
        last = item.at.end;
        return `${before}${broken ? `\n${indent(depth + 1)}` : " "}${this.#with(item, broken ? depth + 1 : depth)}`;
      },
      this.#form(expr, depth),
    );
  }

  /** A body on lines of its own, within braces; a comment on the line where they open, at `start`, stays there. */
  braces(body: Body, start: number, end: number, depth: number): string {
    const note = this.#opening(body, start);
    return `{${note}\n${this.lines(body, end, depth + 1)}\n${indent(depth)}}`;
  }

  #opening(body: Body, start: number): string {
    const comment = this.remarks.on(start, body[0]?.at.start ?? start);
    return comment === undefined ? "" : ` ${remark(comment)}`;
  }

  lines(body: Body, end: number, depth: number): string {
    const parts = body.map((expr) => ({
      start: expr.at.start,
      end: expr.at.end,
      print: (at: number) => this.expression(expr, at),
    }));
    return this.block(parts, end, depth);
  }

  list(
    open: string,
    items: readonly Term[],
    close: string,
    at: { readonly start: number; readonly end: number },
    depth: number,
  ): string {
    const parts = items.map((item) => ({
      start: item.at.start,
      end: item.at.end,
      print: (inner: number) => this.#item(item, inner),
    }));
    return this.collection(open, parts, close, at, depth);
  }

  /** `.name` where the name is one, and `keepsQuotes` does not say otherwise. */
  steps(steps: readonly Term[], depth: number, keepsQuotes: (step: Term) => boolean = () => false): string {
    return steps
      .map((step) => {
        if (step.kind !== "string") return `[${this.term(step, depth)}]`;
        const isQuoted = /["`]/.test(this.text.charAt(step.at.start));
        const isName =
          !isQuoted || (!keepsQuotes(step) && /^[A-Za-z_]\w*$/.test(step.value) && !KEYWORDS.has(step.value));
        return isName ? `.${step.value}` : `[${this.term(step, depth)}]`;
      })
      .join("");
  }

  /** As it was written, without the brackets around it. */
  #inner({ at }: Term): string {
    return this.text
      .slice(at.start, at.end)
      .replace(/^[(\s]+/, "")
      .replace(/[)\s]+$/, (closing) => (/["`]/.test(this.text.charAt(at.end - 1)) ? closing : ""));
  }

  #head(term: Term, depth: number): string {
    return this.#closed(term, depth);
  }

  /** Within brackets where it has a sign. */
  #closed(term: Term, depth: number): string {
    const text = this.term(term, depth);
    return isInfix(term) && term.args.length === 2 ? `(${text})` : text;
  }

  /** A member of a list: a `|` in it would be taken for the list's own. */
  #item(term: Term, depth: number): string {
    const isAmbiguous = isInfix(term) && term.infix === "|";
    return isAmbiguous ? this.#closed(term, depth) : this.term(term, depth);
  }

  /** `alone`: the expression is nothing else. */
  #call(term: CallTerm, depth: number, alone: boolean): string {
    const { args, infix, operator, at } = term;
    if (infix === undefined) {
      const name = operator.kind === "var" ? operator.name : this.term(operator, depth);
      return this.list(`${name}(`, args, ")", { start: operator.at.end, end: at.end }, depth);
    }
    const printed = args.map((arg, index) => this.#operand(arg, term, index, alone, depth));
    const last = printed.pop() ?? "";
    return `${printed.join(", ")} ${infix} ${last}`;
  }

  #operand(arg: Term, outer: CallTerm, index: number, alone: boolean, depth: number): string {
    if (!isInfix(arg)) return this.term(arg, depth);
    const isLast = index === outer.args.length - 1;
    const [inside, outside] = [levelOf(arg), levelOf(outer)];
    const isNeeded = inside < outside || (isLast && inside === outside) || arg.args.length === 3;
    const isPlain = alone && outer.infix !== "in";
    const isChain = arg.infix === "in" && outer.infix === "in";
    return !isNeeded && (isPlain || isChain) ? this.term(arg, depth) : this.#closed(arg, depth);
  }

  #template(term: TemplateTerm, depth: number): string {
    const { start, end } = term.at;
    if (this.remarks.within(start, end)) return this.text.slice(start, end);
    let printed = "";
    let last = start;
    let isPlain = false;
    const add = (until: number): void => {
      const text = this.#between(last, until);
      printed += isPlain ? text.replace(/^\}/, "") : text;
    };
    for (const part of term.parts) {
      if (typeof part === "string") continue;
      add(part.at.start);
      const plain = plainText(part);
      isPlain = plain !== undefined;
      printed =
        plain === undefined ? printed + this.expression(part, depth) : printed.replace(/\{$/, "") + plain;
      last = part.at.end;
    }
    add(end);
    return printed;
  }

  /** The members of a set, each once, unless a comment says something of one. */
  #once({ items, at }: SetTerm): readonly Term[] {
    if (this.remarks.within(at.start, at.end)) return items;
    return items.filter(
      (item, index) => !items.slice(0, index).some((before) => compareTerms(before, item) === 0),
    );
  }

  /** The text between two expressions of a template, without the blanks within its braces. */
  #between(start: number, end: number): string {
    return this.text
      .slice(start, end)
      .replace(/^\s+\}/, "}")
      .replace(/\{\s+$/, "{");
  }

  #form({ form, negated, not, logical, at, with: replaced }: Expr, depth: number): string {
    if (not !== undefined) {
      const operand = "form" in not ? { body: [not], braces: false } : { body: not, braces: true };
      return `not ${this.#operandBody(operand, at.end, depth)}`;
    }
    if (logical !== undefined) {
      const { kind, left, right } = logical;
      const first = this.#operandBody(left, right.body[0]?.at.start ?? at.end, depth);
      return `${first} ${kind} ${this.#operandBody(right, at.end, depth)}`;
    }
    const word = negated ? "not " : "";
    switch (form.kind) {
      case "term":
        return word + (isInfix(form.term) ? this.#call(form.term, depth, true) : this.term(form.term, depth));
      case "some":
        return `some ${form.names.map((name) => this.term(name, depth)).join(", ")}`;
      case "some-in":
        return `some ${this.#membership(form, depth)} in ${this.#closed(form.collection, depth)}`;
      case "every": {
        const head = `every ${this.#membership(form, depth)} in ${this.term(form.domain, depth)}`;
        const until = replaced[0]?.at.start ?? at.end;
        if (this.#isLoose(form.body, at.start, until))
          return `${head} ${this.braces(form.body, form.domain.at.end, until, depth)}`;
        // As OPA has it, whose second expression and the brace touch.
        return `${head} { ${this.#inline(form.body, depth)}${form.body.length === 1 ? " " : ""}}`;
      }
    }
  }

  #membership({ key, value }: { readonly key?: Term; readonly value: Term }, depth: number): string {
    const first = key === undefined ? "" : `${this.#closed(key, depth)}, `;
    return first + this.#closed(value, depth);
  }

  #operandBody({ body, braces }: Operand, end: number, depth: number): string {
    const [only] = body;
    if (!braces && only !== undefined) {
      const text = this.expression(only, depth);
      // A brace would open a body here.
      const isClosed =
        text.startsWith("{") || (only.logical !== undefined && this.text.charAt(only.at.start) === "(");
      return isClosed ? `(${text})` : text;
    }
    if (this.#isLoose(body, only?.at.start ?? end, end))
      return this.braces(body, only?.at.start ?? end, end, depth);
    return `{ ${this.#inline(body, depth)} }`;
  }

  #with({ target, value }: With, depth: number): string {
    return `with ${this.term(target, depth)} as ${this.term(value, depth)}`;
  }

  #inline(body: Body, depth: number): string {
    return body.map((expr) => this.expression(expr, depth)).join("; ");
  }

  /** Whether a body begins on another line than what it belongs to, or goes on on another, or has comments. */
  #isLoose(body: Body, start: number, end: number): boolean {
    const last = body.at(-1);
    return (
      body.some((expr, index) => this.isBroken(body[index - 1]?.at.start ?? start, expr.at.start)) ||
      body.some((expr, index) => this.remarks.within(body[index - 1]?.at.end ?? start, expr.at.start)) ||
      this.remarks.within(last?.at.end ?? start, end)
    );
  }

  /** Where an expression ends and its first `with` may begin. */
  #endOfForm({ form, at, with: replaced }: Expr): number {
    if (form.kind === "term") return Math.min(form.term.at.end, replaced[0]?.at.start ?? at.end);
    if (form.kind === "some-in") return form.collection.at.end;
    return replaced[0]?.at.start ?? at.end;
  }
}

/** A constant of a template as it may stand in the text itself. */
function plainText(part: Expr): string | undefined {
  const constant = constantOf(part);
  if (constant === undefined) return undefined;
  if (constant.kind === "string")
    return /^[^\p{Cc}"`\\{}]*$/u.test(constant.value) ? constant.value : undefined;
  if (constant.kind === "number") return numberText(constant.value);
  return constant.kind === "boolean" ? String(constant.value) : "null";
}

function isInfix(term: Term): term is CallTerm & { readonly infix: string } {
  return term.kind === "call" && term.infix !== undefined;
}

function levelOf({ infix }: CallTerm): number {
  return LEVELS.get(infix ?? "") ?? 7;
}
