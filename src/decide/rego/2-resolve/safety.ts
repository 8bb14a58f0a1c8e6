/**
 * Orders expressions so that each finds its inputs bound, and finds the variables that nothing binds (OPA "Safety"). The
 * order written is kept wherever it can be.
 */
import type { Body, ComprehensionTerm, Expr, Term, VarTerm } from "../syntax.ts";
import { Decimal } from "../values/index.ts";
import { addDirect, addScope, visitScope } from "./closures.ts";
import { type Branch, type Draft, equality, Layer, type Names } from "./draft.ts";
import { hoistCalls, hoistReferences, isComputed } from "./hoisting.ts";
import { type Arity, type Piece, piecesOf, type Trial, tryPieces } from "./pieces.ts";
import { mapExpr, mapTerm, visitTerm } from "./walk.ts";

/** Receives each variable that nothing binds, once for each place. */
export type OnUnsafe = (variable: VarTerm) => void;

function roots(): Layer {
  const names = new Layer();
  names.add("input");
  names.add("data");
  return names;
}

interface Item {
  readonly expr: Expr;
  /** Its place in the body; absent of what was taken out of another. */
  readonly index?: number;
  readonly pieces: readonly Piece[];
  /** Of an expression that computes a term of the head: which. */
  readonly head?: number;
  /** Taken out of another expression, or what is left of it. */
  readonly isPart?: boolean;
}

/** An item that has its turn to come, and what it lacked when it was last tried. */
interface Waiting {
  readonly item: Item;
  readonly trial?: Trial;
}

/** A term of a head moved into the body, where it takes part in the ordering. */
interface HeadTerm {
  readonly term: Term;
  readonly variable?: VarTerm;
}

export class Safety {
  readonly #arity: Arity;
  readonly #onUnsafe: OnUnsafe;
  readonly #names: Names;
  #isQuery = false;
  constructor(arity: Arity, onUnsafe: OnUnsafe, names: Names) {
    this.#arity = arity;
    this.#onUnsafe = onUnsafe;
    this.#names = names;
  }

  rule(draft: Draft): Draft {
    const globals = roots();
    for (const arg of draft.args) addDirect(arg, globals);
    let { keys, member } = draft;
    const branches = draft.branches.map((branch, index): Branch => {
      const first = index === 0;
      const heads = [
        ...(first ? keys : []),
        ...(first && member ? [member] : []),
        ...(branch.value ? [branch.value] : []),
      ];
      const ordered = this.#scope(branch.body, heads, globals);
      const terms = [...ordered.heads];
      if (first) {
        keys = terms.splice(0, keys.length);
        if (member) member = terms.shift();
      }
      const [value] = terms;
      return { ...branch, ...(value && { value }), body: ordered.body };
    });
    for (const arg of draft.args) this.#checkArgument(arg);
    const args = draft.args.map((arg) => this.#closuresOf(arg, globals));
    return { ...draft, args, keys, ...(member && { member }), branches };
  }

  /** A reference in an argument has nothing to refer to. */
  #checkArgument(arg: Term): void {
    visitTerm(arg, {
      term: (term) => {
        if (term.kind === "ref" && term.head.kind === "var") this.#onUnsafe(term.head);
        return term.kind !== "comprehension" && term.kind !== "ref";
      },
    });
  }

  query(body: Body): Body {
    this.#isQuery = true;
    return this.#scope(body, [], roots()).body;
  }

  /** A body with the terms that are computed after it. */
  #scope(
    written: Body,
    headTerms: readonly Term[],
    globals: Layer,
  ): { readonly body: Body; readonly heads: readonly Term[] } {
    const hoisted = effective(written, headTerms).flatMap((expr) =>
      expr.negated ? hoistCalls(expr, this.#names) : [expr],
    );
    const items: Item[] = hoisted.map((expr, index) => ({
      expr,
      index,
      pieces: piecesOf(expr, this.#arity),
    }));
    const heads = headTerms.map((term): HeadTerm => {
      if (!isComputed(term)) return { term };
      return { term, variable: this.#names.generated(term.at) };
    });
    heads.forEach(({ term, variable }, head) => {
      if (!variable) return;
      const expr = equality(variable, term);
      items.push({ expr, index: items.length, pieces: piecesOf(expr, this.#arity), head });
    });
    const shared = new Set<string>();
    const own = { add: (name: string) => globals.has(name) || shared.add(name) };
    for (const { expr } of items) addScope(expr, own);

    const ordered = this.#order(items, globals, shared);
    const bound = new Layer(globals);
    for (const { outputs } of ordered.trials) for (const name of outputs) bound.add(name);
    if (ordered.complete) {
      for (const { term, variable } of heads) if (!variable) this.#checkBound(term, bound);
    }
    return this.#finish(ordered.items, ordered.trials, heads, globals);
  }

  #checkBound(term: Term, bound: Layer): void {
    for (const variable of variablesOf(term)) if (!bound.has(variable.name)) this.#onUnsafe(variable);
  }

  #order(
    items: readonly Item[],
    globals: Layer,
    shared: ReadonlySet<string>,
  ): { readonly items: readonly Item[]; readonly trials: readonly Trial[]; readonly complete: boolean } {
    const bound = new Layer(globals);
    const ordered: Item[] = [];
    const trials: Trial[] = [];
    let open: readonly Waiting[] = items.map((item) => ({ item }));
    const next = ({ item, trial: before }: Waiting): readonly Waiting[] => {
      const hope = before?.missing.some(({ name }) => bound.has(name)) ?? true;
      const trial = before && !hope ? before : tryPieces(item.pieces, bound, shared);
      if (trial.missing.length > 0) {
        // Its calls have their own turns: what can be called already is.
        const parts = before === undefined && item.expr.form.kind === "term" ? this.#parts(item) : undefined;
        return parts?.flatMap(next) ?? [{ item, trial }];
      }
      // An expression that had to wait is not put in order where one that is written alike has come to stand in its place: OPA
      // takes the two for one, and the variables of this one for unsafe.
      if (before !== undefined && item.index !== undefined) {
        const inPlace = ordered[item.index];
        if (inPlace !== undefined && item.pieces.length === 1 && isAlike(inPlace.expr, item.expr))
          return [{ item, trial: before }];
      }
      for (const name of trial.outputs) bound.add(name);
      ordered.push(item);
      trials.push(trial);
      return [];
    };
    while (open.length > 0) {
      const done = ordered.length;
      const waiting = open.flatMap(next);
      const split = ordered.length > done ? waiting : this.#split(waiting);
      if (split === undefined) {
        this.#report(waiting, bound);
        return { items: ordered, trials, complete: false };
      }
      open = split;
    }
    return { items: ordered, trials, complete: true };
  }

  /** With the calls of those that wait apart, since an expression may bind what a call in it needs: `[x, f(x)] = [1, 2]`. */
  #split(waiting: readonly Waiting[]): readonly Waiting[] | undefined {
    let found = false;
    const split = waiting.flatMap((entry): readonly Waiting[] => {
      const parts = this.#parts(entry.item);
      if (parts !== undefined) found = true;
      return parts ?? [entry];
    });
    return found ? split : undefined;
  }

  /** The calls within an expression and what is left of it, where there are any. */
  #parts({ expr, head, pieces, isPart }: Item): readonly Waiting[] | undefined {
    const exprs = isPart === true || pieces.length < 2 ? [] : hoistCalls(expr, this.#names);
    if (exprs.length < 2) return undefined;
    return exprs.map((part, index) => {
      const last = index === exprs.length - 1 && head !== undefined;
      return {
        item: { expr: part, pieces: piecesOf(part, this.#arity), isPart: true, ...(last && { head }) },
      };
    });
  }

  /** Reports what nothing binds, rather than all that waits for it in turn. */
  #report(stuck: readonly Waiting[], bound: Layer): void {
    const missing = new Map<string, VarTerm>();
    for (const { trial } of stuck) {
      for (const variable of trial?.missing ?? []) {
        if (!variable.name.startsWith("$$") && !missing.has(variable.name))
          missing.set(variable.name, variable);
      }
    }
    // Past a screenful nobody looks for the cause, which takes longer the more there are.
    if (missing.size > 40) {
      for (const variable of missing.values()) this.#onUnsafe(variable);
      return;
    }
    const roots = [...missing.values()].filter(({ name }) => {
      const others = new Layer(bound);
      for (const other of missing.keys()) if (other !== name) others.add(other);
      return !stuck.some(({ item }) => tryPieces(item.pieces, others, new Set()).outputs.has(name));
    });
    for (const variable of roots.length > 0 ? roots : missing.values()) this.#onUnsafe(variable);
  }

  #finish(
    items: readonly Item[],
    trials: readonly Trial[],
    heads: readonly HeadTerm[],
    globals: Layer,
  ): { readonly body: Body; readonly heads: readonly Term[] } {
    const visible = new Layer(globals);
    const body: Body[number][] = [];
    const terms = heads.map(({ term, variable }) => variable ?? term);
    const kept = lastNeeded(items, trials, heads);
    items.forEach((item, index) => {
      const { expr } = item;
      const { outputs = [], separate } = trials[index] ?? {};
      const seen = separate?.size ? new Layer(visible) : visible;
      for (const name of outputs) if (!separate?.has(name)) seen.add(name);
      if (seen === visible) addScope(expr, visible);
      const hasClosure = item.pieces.some((each) => each.hasClosure === true || each.extra !== undefined);
      const inner = hasClosure ? this.#closures(expr, seen) : expr;
      for (const name of separate ?? []) visible.add(name);
      if (index < kept || item.head === undefined) {
        body.push(...this.#inSteps(inner, trials[index]?.outputs));
      } else if (inner.form.kind === "term" && inner.form.term.kind === "call") {
        const [, term] = inner.form.term.args;
        if (term) terms[item.head] = term;
      }
    });
    return { body, heads: terms };
  }

  /**
   * What is evaluated before the expression itself: of a negated one, the references of its operands; of others only where
   * it uses what it binds, as `[i, input.xs[i]]` does.
   */
  #inSteps(expr: Expr, outputs: ReadonlySet<string> | undefined): readonly Expr[] {
    if (expr.negated) return hoistReferences(expr, this.#names, this.#isQuery);
    if (outputs === undefined || outputs.size === 0) return [expr];
    const seen = new Set<string>();
    let again = false;
    visitScope(expr, ({ name }) => {
      if (seen.has(name) && outputs.has(name)) again = true;
      seen.add(name);
    });
    if (!again) return [expr];
    return hoistCalls(expr, this.#names).flatMap((part) => hoistReferences(part, this.#names, this.#isQuery));
  }

  #closures(expr: Expr, visible: Layer): Expr {
    return mapExpr(
      expr,
      (term) => this.#closuresOf(term, visible),
      (inner) => {
        const own = new Layer(visible);
        if (expr.form.kind === "every") {
          if (expr.form.key) addDirect(expr.form.key, own);
          addDirect(expr.form.value, own);
        }
        return this.#scope(inner, [], own).body;
      },
    );
  }

  #closuresOf(term: Term, visible: Layer): Term {
    if (term.kind === "var" || term.kind === "string") return term;
    const map = (part: Term): Term => this.#closuresOf(part, visible);
    return mapTerm(term, {
      term: map,
      comprehension: (inner) => this.#comprehension(inner, visible),
      part: (expr) => expr,
    });
  }

  #comprehension(term: ComprehensionTerm, visible: Layer): Term {
    const { body, heads } = this.#scope(term.body, term.key ? [term.key, term.value] : [term.value], visible);
    const value = heads.at(-1);
    const key = term.key && heads[0];
    return { ...term, ...(key && { key }), ...(value && { value }), body };
  }
}

/** Whether two parts of a tree are the same but for their places in the text. */
function isAlike(a: unknown, b: unknown): boolean {
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return a === b;
  if (a instanceof Decimal || b instanceof Decimal)
    return a instanceof Decimal && b instanceof Decimal && a.text === b.text;
  const [left, right] = [Object.entries(a), new Map(Object.entries(b))];
  return (
    left.length === right.size && left.every(([key, value]) => key === "at" || isAlike(value, right.get(key)))
  );
}

/**
 * OPA takes a body of `not true` alone for the empty one, where the head has something to evaluate: it then holds. Its answers
 * are ours.
 */
function effective(body: Body, heads: readonly Term[]): Body {
  const [only] = body;
  const isNotTrue =
    body.length === 1 &&
    only?.negated === true &&
    only.form.kind === "term" &&
    only.form.term.kind === "boolean" &&
    only.form.term.value;
  const isEvaluated = (term: Term): boolean =>
    isComputed(term) || (term.kind !== "var" && variablesOf(term).length > 0);
  return isNotTrue && heads.some(isEvaluated) ? [] : body;
}

/** From which expression on there are only terms of the head, which bind nothing else and can be computed there. */
function lastNeeded(items: readonly Item[], trials: readonly Trial[], heads: readonly HeadTerm[]): number {
  let kept = items.length;
  let next = heads.length;
  while (kept > 0) {
    const head = items[kept - 1]?.head;
    const bindsMore = (trials[kept - 1]?.outputs.size ?? 0) > 1;
    if (head === undefined || bindsMore || head >= next) break;
    next = head;
    kept -= 1;
  }
  return kept;
}

function variablesOf(term: Term): VarTerm[] {
  switch (term.kind) {
    case "var":
      return [term];
    case "array":
    case "set":
      return term.items.flatMap(variablesOf);
    case "object":
      return term.members.flat().flatMap(variablesOf);
    case "boolean":
    case "call":
    case "comprehension":
    case "null":
    case "number":
    case "ref":
    case "string":
    case "template":
      return [];
  }
}
