/** The variables that a body declares, and what becomes of names in the loops of `every`. */
import type { Span } from "../source.ts";
import type { Body, Term } from "../syntax.ts";
import { labelOf } from "./draft.ts";
import { rewriteBody } from "./walk.ts";

/** How a name first came up in a scope: as an argument, by `some` or `every`, by `:=`, or used without any of them. */
export type Origin = "arg" | "declared" | "assigned" | "seen";

export interface Entry {
  readonly name: string;
  readonly label: string;
  readonly origin: Origin;
  readonly at: Span;
  /** `some x` and loop variables must be used; `some x in xs` uses what it declares. */
  readonly mustBeUsed: boolean;
  uses: number;
}

export class Scope {
  readonly entries: Map<string, Entry> = new Map<string, Entry>();
  readonly around: Scope | undefined;
  /** Names found around, where nothing declares them. */
  readonly passed: Set<string> = new Set<string>();
  constructor(around: Scope | undefined) {
    this.around = around;
  }
  /** Whether the name came up here or around, whatever as. */
  knows(name: string): boolean {
    return this.entries.has(name) || this.around?.knows(name) === true;
  }
  hasSeen(name: string): boolean {
    return this.entries.get(name)?.origin === "seen" || this.around?.hasSeen(name) === true;
  }
  /** Notes a name that is found around, here and in what is between. */
  pass(name: string): void {
    if (this.entries.get(name)?.origin === "seen") return;
    this.passed.add(name);
    this.around?.pass(name);
  }
  find(name: string): Entry | undefined {
    const entry = this.entries.get(name);
    return entry !== undefined && entry.origin !== "seen" ? entry : this.around?.find(name);
  }
}

/** What the domain of `every` names that nothing around declares is the variable of the loop or of its body, as in OPA. */
export function loopVariableOf(term: Term, loop: Scope): Term {
  const entry = term.kind === "var" ? loop.entries.get(term.name) : undefined;
  return term.kind === "var" && entry !== undefined && entry.origin !== "seen"
    ? { ...term, name: entry.name, label: labelOf(term) }
    : term;
}

/** A name that the body of `every` declares is that variable in what stands before too, where around it nothing declares it. */
export function declaredLate(body: Body, loop: Scope): Body {
  if (![...loop.passed].some((name) => loop.entries.has(name))) return body;
  const declared = (term: Term): Term => {
    const entry = term.kind === "var" && loop.passed.has(term.name) ? loop.entries.get(term.name) : undefined;
    return term.kind === "var" && entry !== undefined
      ? { ...term, name: entry.name, label: labelOf(term) }
      : term;
  };
  return rewriteBody(body, { term: declared });
}
