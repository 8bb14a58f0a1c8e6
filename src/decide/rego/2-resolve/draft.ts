/** A rule on its way through the passes of resolving, and what they find on the way. */
import type { SourceErrorCode, SourceFinding } from "../errors.ts";
import type { Span } from "../source.ts";
import type { Annotations, Body, Expr, Module, Rule, Term, VarTerm } from "../syntax.ts";
import { mapSame, type Rewriting, rewriteBody, rewriteTerm, visitBody, visitTerm } from "./walk.ts";

export interface Draft {
  readonly module: Module;
  readonly rule: Rule;
  readonly names: Names;
  /** After `data`, up to the first step that is no string: `["authz", "allow"]`. */
  readonly path: readonly string[];
  /** The steps after it. */
  readonly keys: readonly Term[];
  readonly args: readonly Term[];
  readonly member?: Term;
  /** The rule's own, then its `else` branches. */
  readonly branches: readonly Branch[];
  readonly annotations: readonly Annotations[];
}

export interface Branch {
  readonly at: Span;
  /** Absent for `contains`. */
  readonly value?: Term;
  readonly body: Body;
}

/** Every term and expression of the draft rewritten. */
export function rewriteDraft(draft: Draft, to: Rewriting): Draft {
  const map = (term: Term): Term => rewriteTerm(term, to);
  const member = draft.member && map(draft.member);
  return {
    ...draft,
    args: mapSame(draft.args, map),
    keys: mapSame(draft.keys, map),
    ...(member && { member }),
    branches: draft.branches.map((branch) => {
      const value = branch.value && map(branch.value);
      return { ...branch, ...(value && { value }), body: rewriteBody(branch.body, to) };
    }),
  };
}

/** Visits every term of the draft, those of closures included; `visit` answers whether to go inward. */
export function visitDraft(draft: Draft, visit: (term: Term) => boolean): void {
  for (const term of [...draft.args, ...draft.keys, ...(draft.member ? [draft.member] : [])])
    visitTerm(term, visit);
  for (const { value, body } of draft.branches) {
    if (value) visitTerm(value, visit);
    visitBody(body, visit);
  }
}

/** Gives names that no source can hold, each once; a rule has one, so that all of its variables differ. */
export class Names {
  #next = 1;
  /** A variable that stands for the one written so. */
  of(label: string): string {
    return `${label}$${this.#next++}`;
  }
  /** A variable that nobody wrote. */
  generated(at: Span): VarTerm {
    return { kind: "var", name: `$$${this.#next++}`, at };
  }
}

/** Wildcards and generated variables begin with it, and no name of a source does. */
export function isAnonymous(name: string): boolean {
  return name.startsWith("$");
}

/** What a variable was called where it was written. */
export function labelOf(variable: VarTerm): string {
  return isAnonymous(variable.name) ? "_" : (variable.label ?? variable.name);
}

/** `left = right`, at the place of the latter. */
export function equality(left: Term, right: Term): Expr {
  const { at } = right;
  const operator: VarTerm = { kind: "var", name: "eq", at };
  return {
    at,
    negated: false,
    with: [],
    form: { kind: "term", term: { kind: "call", at, operator, args: [left, right] } },
  };
}

/** The findings of a compilation, in order. */
export class Findings {
  readonly all: SourceFinding[] = [];
  add(code: SourceErrorCode, at: Span, message: string, hint?: string): void {
    const { line, column } = at.source.position(at.start);
    const length = Math.max(1, [...at.source.text.slice(at.start, at.end)].length);
    const place = { file: at.source.file, line, column, length };
    this.all.push({ code, severity: "error", ...place, message, ...(hint !== undefined && { hint }) });
  }
  get any(): boolean {
    return this.all.length > 0;
  }
}
