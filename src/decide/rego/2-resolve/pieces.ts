/**
 * What an expression needs bound and what it binds (OPA "Safety"). An expression is seen as pieces that run one after the
 * other: each nested call, then what is around it. A call's arguments are its inputs; references bind what their steps
 * iterate over, `=` binds by patterns on both sides, a call with one argument too many binds that one.
 */
import type { Expr, RefTerm, Term, VarTerm } from "../syntax.ts";
import { isBuiltinValue } from "./functions.ts";
import { negatedOf } from "./negation.ts";
import { eachPart, partsOf, type Visitor, visitBody, visitTerm } from "./walk.ts";

export interface Piece {
  /** All variables outside of closures. */
  readonly vars: VarTerm[];
  readonly refs: RefTerm[];
  /** The variables inside of closures, each with its first place. */
  readonly closed: Map<string, VarTerm>;
  hasClosure?: boolean;
  unify?: readonly [Term, Term];
  /** What a call binds by its last argument, once the others are bound. */
  extra?: Piece;
  /** Of what is negated nothing becomes bound. */
  silent?: boolean;
}

/** How many arguments a function takes; undefined when there is none. */
export type Arity = (operator: Term) => number | undefined;

export function isEquality(operator: Term): boolean {
  return operator.kind === "var" && (operator.name === "eq" || operator.name === "assign");
}

/** The name of a variable that nothing can bind: what stands there is no value. */
export const NO_VALUE = "$=";

function piece(): Piece {
  return { vars: [], refs: [], closed: new Map() };
}

/** A reference into what is computed on the spot: `f(x).y`, `[1, 2][i]`. */
function isComputed(head: Term): boolean {
  return head.kind !== "var" && head.kind !== "string";
}

/** All of which must be bound before: nothing of it is iterated over. */
function variablesOf(term: Term): readonly VarTerm[] {
  return term.kind === "var" ? [term] : partsOf(term).flatMap(variablesOf);
}

class Collector {
  readonly pieces: Piece[] = [];
  readonly #arity: Arity;
  constructor(arity: Arity) {
    this.#arity = arity;
  }

  into(target: Piece, term: Term): void {
    switch (term.kind) {
      case "var":
        target.vars.push(term);
        break;
      case "ref":
        if (isComputed(term.head)) this.alone(term.head);
        else this.into(target, term.head);
        target.refs.push(term);
        for (const step of term.path) this.into(target, step);
        break;
      case "call":
        this.alone(term);
        break;
      case "comprehension":
        close(target, term);
        break;
      case "array":
      case "boolean":
      case "null":
      case "number":
      case "object":
      case "set":
      case "string":
      case "template":
        eachPart(term, (part) => this.into(target, part));
    }
  }

  /** The term as a piece of its own, before the one that it stands in. */
  alone(term: Term): void {
    const own = piece();
    if (term.kind === "call") {
      this.call(own, term.operator, term.args);
      // `=` gives no value that could be used.
      if (isEquality(term.operator)) own.vars.push({ kind: "var", name: NO_VALUE, at: term.at });
    } else this.into(own, term);
    this.pieces.push(own);
  }

  call(target: Piece, operator: Term, args: readonly Term[]): void {
    const arity = this.#arity(operator);
    const [left, right] = args;
    const equality = isEquality(operator) && left !== undefined && right !== undefined && args.length === 2;
    const inputs = arity === args.length - 1 && !equality ? args.slice(0, -1) : args;
    for (const arg of inputs) this.into(target, arg);
    if (equality) target.unify = [left, right];
    if (inputs === args) return;
    const output = args.at(-1);
    if (output === undefined) return;
    target.extra = piece();
    this.into(target.extra, output);
  }
}

function closer(target: Piece): Visitor {
  return {
    term: (inner) => {
      if (inner.kind === "var" && !target.closed.has(inner.name)) target.closed.set(inner.name, inner);
      return true;
    },
  };
}

function close(target: Piece, term: Term): void {
  target.hasClosure = true;
  visitTerm(term, closer(target));
}

export function piecesOf(expr: Expr, arity: Arity): readonly Piece[] {
  const collector = new Collector(arity);
  const own = piece();
  for (const item of expr.with) {
    // A value that must be evaluated is evaluated before, without the replacements.
    if (item.lenient) own.vars.push(...variablesOf(item.value));
    else if (item.value.kind === "ref" || item.value.kind === "call" || item.value.kind === "comprehension")
      collector.alone(item.value);
    else if (!isBuiltinValue(item)) collector.into(own, item.value);
    if (item.target.kind === "ref") for (const step of item.target.path) collector.into(own, step);
  }
  const { form } = expr;
  switch (form.kind) {
    case "term":
      if (form.term.kind === "call") collector.call(own, form.term.operator, form.term.args);
      else collector.into(own, form.term);
      break;
    case "some-in": {
      const { at } = expr;
      const key: Term = form.key ?? { kind: "null", at };
      const element: RefTerm =
        form.collection.kind === "ref"
          ? { ...form.collection, path: [...form.collection.path, key] }
          : { kind: "ref", at, head: form.collection, path: [key] };
      collector.into(own, element);
      collector.into(own, form.value);
      own.unify = [form.value, element];
      break;
    }
    case "every":
      if (form.domain.kind === "ref") collector.alone(form.domain);
      else collector.into(own, form.domain);
      own.hasClosure = true;
      visitBody(form.body, closer(own));
      break;
    case "some":
      break;
  }
  if (expr.negated) own.silent = true;
  collector.pieces.push(own);
  const negated = negatedOf(expr);
  if (!negated) return collector.pieces;
  return [...collector.pieces, ...piecesOf(negated, arity).map((each) => ({ ...each, silent: true }))];
}

/** The variables that a pattern binds: not those of keys, of sets, or of what is computed. */
function patternNames(term: Term): string[] {
  switch (term.kind) {
    case "var":
      return [term.name];
    case "array":
      return term.items.flatMap(patternNames);
    case "object":
      return term.members.flatMap(([, value]) => patternNames(value));
    case "ref":
      return term.path.flatMap(patternNames);
    case "boolean":
    case "call":
    case "comprehension":
    case "null":
    case "number":
    case "set":
    case "string":
    case "template":
      return [];
  }
}

/** Where names are looked up. */
interface NameSet {
  has(name: string): boolean;
}

export interface Trial {
  /** What the expression binds, when nothing is missing. */
  readonly outputs: ReadonlySet<string>;
  readonly missing: readonly VarTerm[];
  /** Those that closures of the expression have too, as variables of their own. */
  readonly separate?: ReadonlySet<string>;
}

/**
 * Whether the expression could run where `before` is bound. `shared` are the variables of the body around: a closure that
 * uses one of them needs it bound, unless the expression itself binds it together with others, in which case they are two.
 */
export function tryPieces(pieces: readonly Piece[], before: NameSet, shared: NameSet): Trial {
  const added = new Set<string>();
  const bound: NameSet = { has: (name) => added.has(name) || before.has(name) };
  const separate = new Set<string>();
  for (const item of pieces) {
    const outputs = item.silent ? new Set<string>() : outputsOf(item, bound);
    const isMissing = (variable: VarTerm): boolean =>
      !bound.has(variable.name) && !outputs.has(variable.name);
    const missing = item.vars.filter(isMissing);
    if (item.extra) missing.push(...item.extra.vars.filter(isMissing));
    for (const closed of [item.closed, ...(item.extra ? [item.extra.closed] : [])]) {
      const needed = [...closed].filter(([name]) => shared.has(name) && !bound.has(name));
      const bindsMore = [...outputs].some(
        (name) => !bound.has(name) && !needed.some(([other]) => other === name),
      );
      for (const [name, variable] of needed)
        if (bindsMore && outputs.has(name)) separate.add(name);
        else missing.push(variable);
    }
    if (missing.length > 0) return { outputs: added, missing };
    for (const name of outputs) added.add(name);
  }
  return { outputs: added, missing: [], separate };
}

/** What the pieces bind, so far as they can run at all. */
export function outputsOfPieces(pieces: readonly Piece[], before: NameSet): ReadonlySet<string> {
  return tryPieces(pieces, before, new Set()).outputs;
}

function outputsOf(item: Piece, bound: NameSet): Set<string> {
  const outputs = new Set<string>();
  for (const ref of [...item.refs, ...(item.extra?.refs ?? [])]) {
    if (isRefBound(ref, bound)) for (const name of ref.path.flatMap(stepNames)) outputs.add(name);
  }
  if (item.unify) new Unifier(bound, outputs).unify(...item.unify);
  const { extra } = item;
  if (extra && item.vars.every(({ name }) => bound.has(name) || outputs.has(name)))
    for (const { name } of extra.vars) outputs.add(name);
  return outputs;
}

/** The variables that a step of a reference iterates over. */
function stepNames(term: Term): string[] {
  switch (term.kind) {
    case "var":
      return [term.name];
    case "ref":
      return term.path.flatMap(stepNames);
    case "array":
    case "set":
    case "object":
      return partsOf(term).flatMap(stepNames);
    case "boolean":
    case "call":
    case "comprehension":
    case "null":
    case "number":
    case "string":
    case "template":
      return [];
  }
}

function isRefBound(ref: RefTerm, bound: NameSet): boolean {
  return ref.head.kind !== "var" || bound.has(ref.head.name);
}

class Unifier {
  readonly #bound: NameSet;
  readonly #outputs: Set<string>;
  /** What a variable still waits for. */
  readonly #waiting = new Map<string, Set<string>>();
  /** Who waits for a variable. */
  readonly #waiters = new Map<string, string[]>();
  constructor(bound: NameSet, outputs: Set<string>) {
    this.#bound = bound;
    this.#outputs = outputs;
  }

  #isBound(name: string): boolean {
    return this.#bound.has(name) || this.#outputs.has(name);
  }

  unify(a: Term, b: Term): void {
    if (a.kind === "var") this.#variable(a.name, b);
    else if (b.kind === "var") this.#variable(b.name, a);
    else if (a.kind === "array" && b.kind === "array") {
      if (a.items.length !== b.items.length) return;
      a.items.forEach((item, index) => {
        this.unify(item, b.items[index] as Term);
      });
    } else if (a.kind === "object" && b.kind === "object") {
      if (a.members.length !== b.members.length) return;
      const others = new Map(b.members.map(([key, value]) => [termText(key), value]));
      for (const [key, value] of a.members) {
        const other = others.get(termText(key));
        if (other) this.unify(value, other);
      }
    } else if (a.kind === "object" && b.kind === "comprehension") {
      // Not an object before what computes one: OPA finds nothing bound there.
    } else if (isPattern(a) && this.#isKnown(b)) this.#markAll(a);
    else if (isPattern(b) && this.#isKnown(a)) this.#markAll(b);
  }

  /** Its value is there once it is evaluated. */
  #isKnown(term: Term): boolean {
    if (term.kind === "ref") return isRefBound(term, this.#bound) || this.#isBoundHead(term);
    return term.kind === "call" || term.kind === "comprehension";
  }

  #isBoundHead(ref: RefTerm): boolean {
    return ref.head.kind === "var" && this.#isBound(ref.head.name);
  }

  #variable(name: string, other: Term): void {
    if (other.kind === "var") {
      if (this.#isBound(other.name)) this.#mark(name);
      else if (this.#isBound(name)) this.#mark(other.name);
      else {
        this.#wait(name, other.name);
        this.#wait(other.name, name);
      }
    } else if (isPattern(other)) {
      if (this.#isBound(name)) this.#markAll(other);
      else {
        const open = patternNames(other).filter((inner) => !this.#isBound(inner));
        if (open.length === 0) this.#mark(name);
        else for (const inner of open) this.#wait(name, inner);
      }
    } else if (other.kind !== "ref" || this.#isKnown(other)) this.#mark(name);
  }

  #wait(name: string, other: string): void {
    const open = this.#waiting.get(name);
    if (open) open.add(other);
    else this.#waiting.set(name, new Set([other]));
    const waiters = this.#waiters.get(other);
    if (waiters) waiters.push(name);
    else this.#waiters.set(other, [name]);
  }

  #markAll(term: Term): void {
    for (const name of patternNames(term)) this.#mark(name);
  }

  #mark(name: string): void {
    const open = [name];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      this.#outputs.add(next);
      for (const waiter of this.#waiters.get(next) ?? []) {
        const others = this.#waiting.get(waiter);
        if (!others?.delete(next) || others.size > 0) continue;
        this.#waiting.delete(waiter);
        open.push(waiter);
      }
    }
  }
}

function isPattern(term: Term): boolean {
  return term.kind === "array" || term.kind === "object";
}

/** A text that equal keys of objects share. */
function termText(term: Term): string {
  switch (term.kind) {
    case "var":
      return `v${term.name}`;
    case "string":
      return JSON.stringify(term.value);
    case "number":
      return `n${String(term.value)}`;
    case "boolean":
      return String(term.value);
    case "null":
      return "null";
    case "array":
    case "call":
    case "comprehension":
    case "object":
    case "ref":
    case "set":
    case "template":
      return `${term.kind}(${partsOf(term).map(termText).join()})`;
  }
}
