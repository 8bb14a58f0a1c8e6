/**
 * Gives names of their own to variables that nothing declares (`x = 1` without `some x`): such a variable belongs to the
 * outermost body in which it stands outside of closures, and where it stands in closures only, to each of them.
 */
import type { Body, ComprehensionTerm, Expr, Term, VarTerm } from "../syntax.ts";
import { type Branch, type Draft, isAnonymous, labelOf, type Names } from "./draft.ts";
import { isBuiltinValue } from "./functions.ts";
import { eachPart, eachTerm, mapExpr, mapSame, mapTerm } from "./walk.ts";

/** The new names of a scope's variables, over those of the scopes around. */
class Renaming {
  readonly #own = new Map<string, string>();
  readonly #around: Renaming | undefined;
  constructor(around?: Renaming) {
    this.#around = around;
  }
  get(name: string): string | undefined {
    return this.#own.get(name) ?? this.#around?.get(name);
  }
  set(name: string, to: string): void {
    this.#own.set(name, to);
  }
}

const ROOTS: ReadonlySet<string> = new Set(["input", "data"]);

interface NameSink {
  add(name: string): void;
}

/** Visits the variables of a term that stand outside of its closures. */
export function visitDirect(term: Term, visit: (variable: VarTerm) => void): void {
  if (term.kind === "var") visit(term);
  else if (term.kind === "template") {
    for (const part of term.parts) if (typeof part !== "string") visitScope(part, visit);
  } else eachPart(term, (part) => visitDirect(part, visit));
}

export function addDirect(term: Term, names: NameSink): void {
  visitDirect(term, ({ name }) => names.add(name));
}

/** Visits the variables of an expression that belong to the body around: not those of closures and loops. */
export function visitScope(expr: Expr, visit: (variable: VarTerm) => void): void {
  const { form } = expr;
  if (form.kind === "every") visitDirect(form.domain, visit);
  else eachTerm(expr, (term) => visitDirect(term, visit));
  for (const item of expr.with) {
    if (item.target.kind === "ref") for (const step of item.target.path) visitDirect(step, visit);
    if (!isBuiltinValue(item)) visitDirect(item.value, visit);
  }
}

export function addScope(expr: Expr, names: NameSink): void {
  visitScope(expr, ({ name }) => names.add(name));
}

class Renamer {
  readonly #names: Names;
  /** Names that are taken already, by any scope of the rule. */
  readonly #taken: Set<string>;
  constructor(names: Names, taken: Set<string>) {
    this.#names = names;
    this.#taken = taken;
  }

  /** The names that the terms bring into being in this scope, as an addition to those around. */
  own(terms: Iterable<Term>, body: Body, around: Renaming): Renaming {
    const direct = new Set<string>();
    for (const term of terms) addDirect(term, direct);
    for (const expr of body) {
      addScope(expr, direct);
    }
    const renaming = new Renaming(around);
    for (const name of direct) {
      if (around.get(name) !== undefined || ROOTS.has(name) || isAnonymous(name)) continue;
      renaming.set(name, this.#taken.has(name) ? this.#names.of(name) : name);
      this.#taken.add(name);
    }
    return renaming;
  }

  term(term: Term, renaming: Renaming): Term {
    if (term.kind === "var") {
      const name = renaming.get(term.name);
      return name === undefined || name === term.name ? term : { ...term, name, label: labelOf(term) };
    }
    return mapTerm(term, {
      term: (part) => this.term(part, renaming),
      comprehension: (inner) => this.#comprehension(inner, renaming),
      part: (expr) => this.expr(expr, renaming),
    });
  }

  #comprehension(term: ComprehensionTerm, around: Renaming): Term {
    const renaming = this.own(term.key ? [term.key, term.value] : [term.value], term.body, around);
    const key = term.key && this.term(term.key, renaming);
    return {
      ...term,
      ...(key && { key }),
      value: this.term(term.value, renaming),
      body: this.body(term.body, renaming),
    };
  }

  expr(expr: Expr, renaming: Renaming): Expr {
    const { form } = expr;
    if (form.kind !== "every")
      return mapExpr(
        expr,
        (term) => this.term(term, renaming),
        (body) => body,
      );
    const own = this.own(form.key ? [form.key, form.value] : [form.value], form.body, renaming);
    const outer = mapExpr(
      expr,
      (term) => this.term(term, renaming),
      (body) => body,
    );
    if (outer.form.kind !== "every") return outer;
    const key = form.key && this.term(form.key, own);
    const value = this.term(form.value, own);
    return { ...outer, form: { ...outer.form, ...(key && { key }), value, body: this.body(form.body, own) } };
  }

  body(body: Body, renaming: Renaming): Body {
    return mapSame(body, (expr) => this.expr(expr, renaming));
  }
}

export function separateScopes(draft: Draft): Draft {
  const taken = new Set<string>();
  const renamer = new Renamer(draft.names, taken);
  const args = renamer.own(draft.args, [], new Renaming());
  let { keys, member } = draft;
  const branches = draft.branches.map((branch, index): Branch => {
    const head = branch.value ? [branch.value] : [];
    if (index === 0) head.push(...keys, ...(member ? [member] : []));
    const renaming = renamer.own(head, branch.body, args);
    if (index === 0) {
      keys = mapSame(keys, (key) => renamer.term(key, renaming));
      member = member && renamer.term(member, renaming);
    }
    const value = branch.value && renamer.term(branch.value, renaming);
    return { ...branch, ...(value && { value }), body: renamer.body(branch.body, renaming) };
  });
  const mappedArgs = mapSame(draft.args, (arg) => renamer.term(arg, args));
  return { ...draft, args: mappedArgs, keys, ...(member && { member }), branches };
}

export function separateQueryScopes(body: Body, names: Names): Body {
  const renamer = new Renamer(names, new Set());
  return renamer.body(body, renamer.own([], body, new Renaming()));
}
