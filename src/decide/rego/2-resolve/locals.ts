/**
 * Gives each declared variable a name of its own (OPA "Composite Values", "Some Keyword", "Every Keyword"): `:=`, `some` and
 * `every` declare in the body that they stand in, and closures see what is around them.
 */
import type { Body, ComprehensionTerm, Expr, Term, VarTerm } from "../syntax.ts";
import { type Branch, type Draft, type Findings, isAnonymous, labelOf, type Names } from "./draft.ts";
import { declaredLate, type Entry, loopVariableOf, type Origin, Scope } from "./local-scope.ts";
import { negatedOf, negationOf } from "./negation.ts";
import { isAssignment } from "./references.ts";
import { mapExpr, mapSame, mapTerm, mapWith, rewriteTerm, visitTerm } from "./walk.ts";

export interface LocalOptions {
  readonly strict: boolean;
  /** The rules of v1 hold: no variable takes the name of `input` or `data`. */
  readonly v1: boolean;
}

export class Locals {
  readonly #names: Names;
  readonly #findings: Findings;
  /** What does not end the compilation: variables that nothing uses. */
  readonly #unwise: Findings;
  readonly #strict: boolean;
  readonly #v1: boolean;
  constructor(names: Names, findings: Findings, unwise: Findings, options: LocalOptions) {
    this.#names = names;
    this.#findings = findings;
    this.#unwise = unwise;
    this.#strict = options.strict;
    this.#v1 = options.strict || options.v1;
  }

  /**
   * As in OPA, closures of a head are taken first and alone, then the body, whose variables the head then gets, so
   * `f(x) := [x | y := x; x := 2]` refers to `x` above its assignment, as the same in a body would not.
   */
  rule(draft: Draft): Draft {
    const args = new Scope(undefined);
    for (const arg of draft.args) this.#declareArgument(arg, args);
    const branches: Branch[] = [];
    let { keys, member } = draft;
    draft.branches.forEach((branch, index) => {
      const scope = new Scope(undefined);
      for (const [name, entry] of args.entries) scope.entries.set(name, entry);
      const head = (term: Term): Term => this.#closuresOf(term);
      if (index === 0) {
        keys = mapSame(keys, head);
        member = member && head(member);
      }
      const inner = branch.value && head(branch.value);
      const body = this.body(branch.body, scope);
      const named = (term: Term): Term =>
        rewriteTerm(term, { term: (part) => this.#declaredOnly(part, scope) });
      const value = inner && named(inner);
      if (index === 0) {
        keys = mapSame(keys, named);
        member = member && named(member);
      }
      this.checkUnused(scope);
      branches.push({ ...branch, ...(value && { value }), body });
    });
    if (this.#strict) {
      for (const entry of args.entries.values()) {
        if (entry.uses > 0 || isAnonymous(entry.name)) continue;
        const message = `unused argument ${entry.label}. (hint: use _ (wildcard variable) instead)`;
        this.#unwise.add("rego_compile_error", entry.at, message, "use _ instead");
      }
    }
    return { ...draft, keys, ...(member && { member }), branches };
  }

  #closuresOf(term: Term): Term {
    const inward = (part: Term): Term => this.#closuresOf(part);
    return mapTerm(term, {
      term: inward,
      comprehension: (inner) => this.#comprehension(inner, undefined),
      part: (expr) => mapExpr(expr, inward, (body) => body),
    });
  }

  #declaredOnly(term: Term, scope: Scope): Term {
    return term.kind === "var" && scope.find(term.name) ? this.#variable(term, scope) : term;
  }

  /** A query's body; what it declares at its top keeps its name in `labels`. */
  query(body: Body): Body {
    const scope = new Scope(undefined);
    const resolved = this.body(body, scope);
    this.checkUnused(scope);
    return resolved;
  }

  #declareArgument(arg: Term, scope: Scope): void {
    const visit = (term: Term): boolean => {
      if (term.kind === "comprehension" || term.kind === "ref") return false;
      if (term.kind === "call") {
        this.#findings.add("rego_compile_error", term.at, "rule arguments cannot contain calls");
        return false;
      }
      if (term.kind !== "var") return true;
      const known = scope.entries.get(term.name);
      if (known) known.uses += 1;
      else this.#insert(term, term.name, "arg", scope, false);
      return true;
    };
    visitTerm(arg, { term: visit });
  }

  #insert(variable: VarTerm, name: string, origin: Origin, scope: Scope, mustBeUsed: boolean): Entry {
    const entry: Entry = { name, label: labelOf(variable), origin, at: variable.at, mustBeUsed, uses: 0 };
    scope.entries.set(variable.name, entry);
    return entry;
  }

  /** Declares a variable in the scope, or finds why it may not be. */
  #declare(variable: VarTerm, origin: Origin, scope: Scope, mustBeUsed: boolean): VarTerm {
    if (isAnonymous(variable.name)) return variable;
    const known = scope.entries.get(variable.name);
    if (known === undefined) {
      const entry = this.#insert(variable, this.#names.of(variable.name), origin, scope, mustBeUsed);
      return { ...variable, name: entry.name, label: entry.label };
    }
    const why = {
      arg: `arg ${variable.name} redeclared`,
      declared: `var ${variable.name} declared above`,
      assigned: `var ${variable.name} assigned above`,
      seen: `var ${variable.name} referenced above`,
    } as const;
    this.#findings.add("rego_compile_error", variable.at, why[known.origin]);
    return variable;
  }

  #variable(variable: VarTerm, scope: Scope): VarTerm {
    if (isAnonymous(variable.name)) return variable;
    const entry = scope.find(variable.name);
    if (entry === undefined) {
      if (scope.around?.hasSeen(variable.name) === true) scope.pass(variable.name);
      else if (!scope.entries.has(variable.name)) this.#insert(variable, variable.name, "seen", scope, false);
      return variable;
    }
    entry.uses += 1;
    return entry.name === variable.name ? variable : { ...variable, name: entry.name, label: entry.label };
  }

  #term(term: Term, scope: Scope): Term {
    if (term.kind === "var") return this.#variable(term, scope);
    const mapped = mapTerm(term, {
      term: (part) => this.#term(part, scope),
      comprehension: (inner) => this.#comprehension(inner, scope),
      part: (expr) =>
        mapExpr(
          expr,
          (part) => this.#term(part, scope),
          (body) => body,
        ),
    });
    if (mapped.kind !== "call") return mapped;
    const { operator } = mapped;
    if (operator.kind === "var") {
      const entry = scope.find(operator.name);
      if (entry === undefined) return mapped;
      entry.uses += 1;
      return {
        ...mapped,
        operator: { ...operator, name: this.#names.of(operator.name), label: entry.label },
      };
    }
    const resolved = this.#term(operator, scope);
    return resolved.kind === "ref" && resolved !== operator ? { ...mapped, operator: resolved } : mapped;
  }

  #comprehension(term: ComprehensionTerm, around: Scope | undefined): Term {
    const own = new Scope(around);
    const body = this.body(term.body, own);
    const key = term.key && this.#term(term.key, own);
    const value = this.#term(term.value, own);
    this.checkUnused(own);
    return { ...term, ...(key && { key }), value, body };
  }

  body(body: Body, scope: Scope): Body {
    const result: Expr[] = [];
    for (const expr of body) {
      const resolved = this.#expr(expr, scope);
      if (resolved) result.push(resolved);
    }
    return result;
  }

  #expr(expr: Expr, scope: Scope): Expr | undefined {
    const { form } = expr;
    const map = (term: Term): Term => this.#term(term, scope);
    switch (form.kind) {
      case "some":
        for (const name of form.names) this.#declare(name, "declared", scope, true);
        return undefined;
      case "some-in":
        return this.#someIn(expr, form, scope);
      case "every": {
        const own = new Scope(scope);
        const mapped = map(form.domain);
        const key = form.key && this.#loopVariable(form.key, own);
        const value = this.#loopVariable(form.value, own);
        const body = declaredLate(this.body(form.body, own), own);
        const domain = rewriteTerm(mapped, { term: (term) => loopVariableOf(term, own) });
        this.checkUnused(own);
        const withs = mapSame(expr.with, (item) => mapWith(item, map));
        return { ...expr, form: { kind: "every", ...(key && { key }), value, domain, body }, with: withs };
      }
      case "term": {
        if (form.term.kind === "call" && isAssignment(form.term.operator) && form.term.args.length === 2)
          return this.#assignment(expr, form.term, scope);
        const negated = negatedOf(expr);
        return negated ? this.#negation(expr, negated, scope) : mapExpr(expr, map, (body) => body);
      }
    }
  }

  #negation(expr: Expr, negated: Expr, scope: Scope): Expr {
    const resolved = this.#expr({ ...negated, negated: true }, scope) ?? negated;
    return negationOf(expr, { ...resolved, negated: negated.negated });
  }

  #loopVariable(term: Term, scope: Scope): Term {
    return term.kind === "var" ? this.#declare(term, "declared", scope, true) : this.#term(term, scope);
  }

  #someIn(expr: Expr, form: Extract<Expr["form"], { kind: "some-in" }>, scope: Scope): Expr {
    const patterns = form.key ? [form.key, form.value] : [form.value];
    const declared = new Set<string>();
    for (const pattern of patterns) {
      for (const variable of patternVariables(pattern)) {
        if (isAnonymous(variable.name) || declared.has(variable.name)) continue;
        declared.add(variable.name);
        if (mentions(form.collection, variable.name)) {
          this.#findings.add("rego_compile_error", variable.at, `var ${variable.name} assigned before`);
        } else if (
          !scope.knows(variable.name) ||
          !mentions(form.collection, variable.name, { closures: true })
        )
          // A name that is known here and that a closure in the collection has too is that variable still.
          this.#declare(variable, "declared", scope, false);
      }
    }
    // After what is declared, which closures within the collection see.
    const collection = this.#term(form.collection, scope);
    const withs = mapSame(expr.with, (item) => mapWith(item, (term) => this.#term(term, scope)));
    const key = form.key && this.#term(form.key, scope);
    const value = this.#term(form.value, scope);
    return { ...expr, form: { kind: "some-in", ...(key && { key }), value, collection }, with: withs };
  }

  #assignment(expr: Expr, call: Extract<Term, { kind: "call" }>, scope: Scope): Expr {
    if (expr.negated) {
      this.#findings.add("rego_compile_error", call.at, "cannot assign vars inside negated expression");
      return expr;
    }
    const right = this.#term(call.args[1] as Term, scope);
    const withs = mapSame(expr.with, (item) => mapWith(item, (term) => this.#term(term, scope)));
    const target = call.args[0] as Term;
    if (this.#v1 && target.kind === "var" && (target.name === "input" || target.name === "data")) {
      const message = `variables must not shadow ${target.name} (use a different variable name)`;
      this.#unwise.add("rego_compile_error", target.at, message);
    }
    const left = this.#assigned(target, scope);
    const operator: VarTerm = { kind: "var", name: "eq", at: call.operator.at };
    return { ...expr, form: { kind: "term", term: { ...call, operator, args: [left, right] } }, with: withs };
  }

  #assigned(term: Term, scope: Scope): Term {
    switch (term.kind) {
      case "var":
        return this.#declare(term, "assigned", scope, false);
      case "array":
        return { ...term, items: term.items.map((item) => this.#assigned(item, scope)) };
      case "object":
        return {
          ...term,
          members: term.members.map(
            ([key, value]) => [this.#term(key, scope), this.#assigned(value, scope)] as const,
          ),
        };
      case "boolean":
      case "call":
      case "comprehension":
      case "null":
      case "number":
      case "ref":
      case "set":
      case "string":
      case "template":
        this.#findings.add("rego_compile_error", term.at, `cannot assign to ${nounOf(term)}`);
        return term;
    }
  }

  checkUnused(scope: Scope): void {
    for (const entry of scope.entries.values()) {
      if (entry.uses > 0) continue;
      if (entry.mustBeUsed)
        this.#unwise.add(
          "rego_compile_error",
          entry.at,
          `declared var ${entry.label} unused`,
          "use _ instead",
        );
      else if (this.#strict && entry.origin === "assigned")
        this.#unwise.add("rego_compile_error", entry.at, `assigned var ${entry.label} unused`);
    }
  }
}

function nounOf(term: Term): string {
  switch (term.kind) {
    case "comprehension":
      return `${term.of}comprehension`;
    case "template":
      return "templatestring";
    case "array":
    case "boolean":
    case "call":
    case "null":
    case "number":
    case "object":
    case "ref":
    case "set":
    case "string":
    case "var":
      return term.kind;
  }
}

/** The variables that the pattern of `some … in` declares: not those of keys, sets, calls and references. */
function patternVariables(pattern: Term): VarTerm[] {
  switch (pattern.kind) {
    case "var":
      return [pattern];
    case "array":
      return pattern.items.flatMap(patternVariables);
    case "object":
      return pattern.members.flatMap(([, value]) => patternVariables(value));
    case "boolean":
    case "call":
    case "comprehension":
    case "null":
    case "number":
    case "ref":
    case "set":
    case "string":
    case "template":
      return [];
  }
}

/** Whether the name stands in the term, closures apart. */
function mentions(term: Term, name: string, within: { readonly closures?: boolean } = {}): boolean {
  let found = false;
  visitTerm(term, {
    term: (inner) => {
      if (inner.kind === "var" && inner.name === name) found = true;
      return !found && (inner.kind !== "comprehension" || within.closures === true);
    },
  });
  return found;
}
