/** A rule on its way through the passes of resolving, and what they find on the way. */
import type { SourceErrorCode, SourceFinding } from "../errors.ts";
import type { Span } from "../source.ts";
import type { Annotations, Body, Expr, Module, Rule, Term, VarTerm } from "../syntax.ts";
import {
  mapSame,
  type Rewriting,
  rewriteBody,
  rewriteTerm,
  type Visitor,
  visitBody,
  visitTerm,
} from "./walk.ts";

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

/** Visits every term and expression of the draft, those of closures included. */
export function visitDraft(draft: Draft, visitor: Visitor): void {
  for (const arg of draft.args) visitTerm(arg, visitor);
  for (const key of draft.keys) visitTerm(key, visitor);
  if (draft.member) visitTerm(draft.member, visitor);
  for (const { value, body } of draft.branches) {
    if (value) visitTerm(value, visitor);
    visitBody(body, visitor);
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

/** Names bound in a scope, over those of the scopes around, which it leaves alone. */
export class Layer {
  readonly #around: { has(name: string): boolean } | undefined;
  readonly #own = new Set<string>();
  constructor(around?: { has(name: string): boolean }) {
    this.#around = around;
  }
  has(name: string): boolean {
    return this.#own.has(name) || this.#around?.has(name) === true;
  }
  add(name: string): void {
    this.#own.add(name);
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
    const newline = at.source.text.indexOf("\n", at.start);
    const end = newline < 0 ? at.end : Math.min(at.end, newline);
    const length = Math.max(1, at.source.position(end).column - column);
    const place = { file: at.source.file, line, column, length };
    this.all.push({ code, severity: "error", ...place, message, ...(hint !== undefined && { hint }) });
  }
  get any(): boolean {
    return this.all.length > 0;
  }
}
