/**
 * Rego as it is usually written. A list, object, call or comprehension whose parts stood on several lines gets a line for
 * each; what stood on one line stays on one. Names, numbers and texts are printed as they were spelled.
 */
import type { Body, Dialect, Expr, Rule, Term, With } from "../syntax.ts";
import { type Remarks, remark } from "./remarks.ts";

/** Something with a place in the text, and how it is printed at an indentation. */
export interface Part {
  readonly start: number;
  readonly end: number;
  readonly print: (depth: number) => string;
}

export class Printer {
  readonly #text: string;
  readonly #remarks: Remarks;
  readonly #to: Dialect;
  constructor(text: string, remarks: Remarks, to: Dialect) {
    this.#text = text;
    this.#remarks = remarks;
    this.#to = to;
  }

  /**
   * Parts on lines of their own, with the comments between them and one blank line where there were some. `apart` asks for
   * one although there was none; `after` stands behind each part.
   */
  block(
    parts: readonly Part[],
    end: number,
    depth: number,
    after = "",
    apart: (before: string, next: string) => boolean = () => false,
  ): string {
    const lines: { readonly text: string; readonly part: boolean }[] = [];
    let last: number | undefined;
    const add = (text: string, start: number, until: number, part: boolean, comments = 0): void => {
      const gap = last !== undefined && /\n[ \t\r]*\n/.test(this.#text.slice(last, start));
      const previous = lines.at(-1);
      const wanted = previous?.part === true && apart(previous.text, comments > 0 ? "" : text);
      lines.push({ text: `${gap || wanted ? "\n" : ""}${indent(depth)}${text}`, part });
      last = until;
    };
    for (const part of parts) {
      for (const comment of this.#remarks.before(part.start))
        add(remark(comment), comment.at.start, comment.at.end, false, 1);
      const printed = part.print(depth);
      // What stood where a line has no room for it goes above.
      for (const comment of this.#remarks.before(part.end))
        add(remark(comment), part.start, part.start, false, 1);
      const behind = this.#remarks.behind(part.end);
      const text = printed + after + (behind === undefined ? "" : ` ${remark(behind)}`);
      add(text, part.start, behind?.at.end ?? part.end, true);
    }
    for (const comment of this.#remarks.before(end))
      add(remark(comment), comment.at.start, comment.at.end, false, 1);
    return lines.map(({ text }) => text).join("\n");
  }

  rule(rule: Rule, depth: number): string {
    const { head } = rule;
    const name = this.#path(head.path, depth);
    const args =
      head.args === undefined ? "" : this.#list("(", head.args, ")", head.at.end, head.at.start, depth);
    const key = head.key === undefined ? "" : this.#key(head.key, depth);
    const sign = this.#to === "v1" || head.assign ? ":=" : "=";
    const value = head.value === undefined ? "" : ` ${sign} ${this.term(head.value, depth)}`;
    const start = `${rule.default ? "default " : ""}${name}${args}${key}${value}`;
    const [first] = rule.else;
    const withIf = this.#to === "v1" || head.if;
    let text =
      start +
      (rule.bodied ? this.#rest(rule.body, withIf, head.at.end, first?.at.start ?? rule.at.end, depth) : "");
    rule.else.forEach((branch, index) => {
      const end = rule.else[index + 1]?.at.start ?? rule.at.end;
      const assigned = this.#to === "v1" || branch.assign ? ":=" : "=";
      text += text.endsWith("}") ? " else" : `\n${indent(depth)}else`;
      if (branch.value !== undefined) text += ` ${assigned} ${this.term(branch.value, depth)}`;
      if (branch.bodied)
        text += this.#rest(branch.body, withIf, branch.value?.at.end ?? branch.at.start, end, depth);
    });
    return text;
  }

  term(term: Term, depth: number): string {
    const text = this.#bare(term, depth);
    return term.kind === "call" && term.grouped === true ? `(${text})` : text;
  }

  expression(expr: Expr, depth: number): string {
    if (expr.not !== undefined)
      return `not ${"form" in expr.not ? this.expression(expr.not, depth) : this.#braces(expr.not, expr.at.end, depth)}`;
    const text = `${expr.negated ? "not " : ""}${this.#form(expr, depth)}`;
    let last = endOfForm(expr);
    return expr.with.reduce((before, item) => {
      const broken = this.#isBroken(last, item.at.start);
      last = item.at.end;
      return `${before}${broken ? `\n${indent(depth + 1)}` : " "}${this.#with(item, broken ? depth + 1 : depth)}`;
    }, text);
  }

  /** A body after its head: one short expression on the line, else braces. Written without braces it stays so. */
  #rest(body: Body, withIf: boolean, start: number, end: number, depth: number): string {
    const word = withIf ? " if" : "";
    const [only, ...more] = body;
    if (only === undefined) return `${word} {}`;
    if (withIf && more.length === 0) {
      const braced = this.#text.slice(start, only.at.start).includes("{");
      const around = this.#text.slice(start, only.at.start) + this.#text.slice(only.at.end, end);
      if (!braced || !(this.#remarks.within(start, end) || around.trim().includes("\n"))) {
        const text = this.expression(only, depth);
        // After `if` a brace always opens a body.
        if (!text.startsWith("{") && !(braced && text.includes("\n"))) return `${word} ${text}`;
        return `${word} {\n${indent(depth + 1)}${this.expression(only, depth + 1)}\n${indent(depth)}}`;
      }
    }
    return `${word} ${this.#braces(body, end, depth)}`;
  }

  #braces(body: Body, end: number, depth: number): string {
    return `{\n${this.#lines(body, end, depth + 1)}\n${indent(depth)}}`;
  }

  #lines(body: Body, end: number, depth: number): string {
    const parts = body.map((expr) => ({
      start: expr.at.start,
      end: expr.at.end,
      print: (at: number) => this.expression(expr, at),
    }));
    return this.block(parts, end, depth);
  }

  #key(key: Term, depth: number): string {
    const text = this.term(key, depth);
    return this.#to === "v1"
      ? ` contains ${text}`
      : this.#wasContains(key)
        ? ` contains ${text}`
        : `[${text}]`;
  }

  /** v0 knows both forms of a partial set. */
  #wasContains(key: Term): boolean {
    return /\bcontains\s*$/.test(this.#text.slice(0, key.at.start));
  }

  #form({ form, at, with: replaced }: Expr, depth: number): string {
    switch (form.kind) {
      case "term":
        return this.term(form.term, depth);
      case "some":
        return `some ${form.names.map((name) => this.term(name, depth)).join(", ")}`;
      case "some-in": {
        const key = form.key === undefined ? "" : `${this.term(form.key, depth)}, `;
        return `some ${key}${this.term(form.value, depth)} in ${this.term(form.collection, depth)}`;
      }
      case "every": {
        const key = form.key === undefined ? "" : `${this.term(form.key, depth)}, `;
        const head = `every ${key}${this.term(form.value, depth)} in ${this.term(form.domain, depth)}`;
        const { end } = form.domain.at;
        const until = replaced[0]?.at.start ?? at.end;
        if (
          this.#isLoose(
            form.body.map((each) => each.at),
            end,
            until,
          )
        )
          return `${head} ${this.#braces(form.body, until, depth)}`;
        return `${head} { ${this.#inline(form.body, depth)} }`;
      }
    }
  }

  #with({ target, value }: With, depth: number): string {
    return `with ${this.term(target, depth)} as ${this.term(value, depth)}`;
  }

  #bare(term: Term, depth: number): string {
    const { start, end } = term.at;
    switch (term.kind) {
      case "null":
      case "boolean":
      case "number":
      case "string":
      case "template":
        return this.#text.slice(start, end);
      case "var":
        return term.name.startsWith("$") ? "_" : term.name;
      case "ref":
        return this.term(term.head, depth) + this.#steps(term.path, depth);
      case "array":
        return this.#list("[", term.items, "]", end, start, depth);
      case "set":
        return term.items.length === 0 ? "set()" : this.#list("{", term.items, "}", end, start, depth);
      case "object":
        return this.#collection(
          "{",
          term.members.map(([key, value]) => ({
            start: key.at.start,
            end: value.at.end,
            print: (at) => `${this.term(key, at)}: ${this.term(value, at)}`,
          })),
          "}",
          { start, end },
          depth,
        );
      case "call":
        return this.#call(term, depth);
      case "comprehension": {
        const [open, close] = term.of === "array" ? ["[", "]"] : ["{", "}"];
        const key = term.key === undefined ? "" : `${this.term(term.key, depth)}: `;
        const head = `${open}${key}${this.term(term.value, depth)} |`;
        const from = term.value.at.end;
        if (
          !this.#isLoose(
            term.body.map((each) => each.at),
            from,
            end,
          )
        )
          return `${head} ${this.#inline(term.body, depth)}${close}`;
        return `${head}\n${this.#lines(term.body, end, depth + 1)}\n${indent(depth)}${close}`;
      }
    }
  }

  #call(term: Term & { readonly kind: "call" }, depth: number): string {
    const { args, infix, operator, at } = term;
    if (infix !== undefined) {
      const [first, second, third] = args.map((arg) => this.term(arg, depth));
      return third === undefined ? `${first} ${infix} ${second}` : `${first}, ${second} ${infix} ${third}`;
    }
    return this.#list(`${this.term(operator, depth)}(`, args, ")", at.end, operator.at.end, depth);
  }

  #path(path: readonly Term[], depth: number): string {
    const [first, ...steps] = path;
    const name = first?.kind === "string" ? first.value : first?.kind === "var" ? first.name : "";
    return name + this.#steps(steps, depth);
  }

  /** A step written `.name` is a string whose place holds no quote. */
  #steps(steps: readonly Term[], depth: number): string {
    return steps
      .map((step) =>
        step.kind === "string" && !/["`]/.test(this.#text.charAt(step.at.start))
          ? `.${step.value}`
          : `[${this.term(step, depth)}]`,
      )
      .join("");
  }

  #list(
    open: string,
    items: readonly Term[],
    close: string,
    end: number,
    start: number,
    depth: number,
  ): string {
    const parts = items.map((item) => ({
      start: item.at.start,
      end: item.at.end,
      print: (at: number) => this.term(item, at),
    }));
    return this.#collection(open, parts, close, { start, end }, depth);
  }

  #collection(
    open: string,
    parts: readonly Part[],
    close: string,
    { start, end }: { readonly start: number; readonly end: number },
    depth: number,
  ): string {
    if (parts.length === 0 || !this.#isLoose(parts, start, end))
      return `${open}${parts.map((part) => part.print(depth)).join(", ")}${close}`;
    return `${open}\n${this.block(parts, end, depth + 1, ",")}\n${indent(depth)}${close}`;
  }

  #inline(body: Body, depth: number): string {
    return body.map((expr) => this.expression(expr, depth)).join("; ");
  }

  /** Whether a line break or a comment stands between parts, before the first or behind the last. */
  #isLoose(
    parts: readonly { readonly start: number; readonly end: number }[],
    start: number,
    end: number,
  ): boolean {
    const gaps = [...parts, { start: end, end }].map((part, index) => [
      parts[index - 1]?.end ?? start,
      part.start,
    ]);
    return gaps.some(([from = 0, to = 0]) => this.#isBroken(from, to) || this.#remarks.within(from, to));
  }

  #isBroken(start: number, end: number): boolean {
    return this.#text.slice(start, end).includes("\n");
  }
}

function indent(depth: number): string {
  return "\t".repeat(depth);
}

/** Where an expression ends and its first `with` may begin. */
function endOfForm({ form, at }: Expr): number {
  if (form.kind === "term") return form.term.at.end;
  return form.kind === "some-in" ? form.collection.at.end : at.start;
}
