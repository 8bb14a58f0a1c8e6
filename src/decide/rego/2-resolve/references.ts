/** Makes references absolute: names of the package's rules and of imports become paths under `data` and `input`. */
import { compareTerms } from "../1-parse/term-order.ts";
import type { Body, Expr, Import, Module, RefTerm, Rule, Term, VarTerm } from "../syntax.ts";
import { type Branch, type Draft, type Findings, Names } from "./draft.ts";
import { builtinName } from "./functions.ts";
import { eachPart, mapExpr, mapSame, mapTerm, mapWith, visitTerm } from "./walk.ts";

/** What a global name stands for. */
interface Meaning {
  readonly root: string;
  readonly path: readonly string[];
  readonly import?: Import;
}

/** The names that no scope around declares, by name; each body hides those that it declares itself. */
interface Scope {
  readonly hidden: ReadonlySet<string>;
  readonly around: Scope | undefined;
}

function isHidden(name: string, scope: Scope | undefined): boolean {
  for (let at = scope; at !== undefined; at = at.around) if (at.hidden.has(name)) return true;
  return false;
}

export class Globals {
  readonly #meanings: ReadonlyMap<string, Meaning>;
  readonly used: Set<Import> = new Set<Import>();
  constructor(meanings: ReadonlyMap<string, Meaning>) {
    this.#meanings = meanings;
  }
  find(name: string, scope: Scope | undefined): Meaning | undefined {
    const meaning = this.#meanings.get(name);
    if (meaning === undefined || isHidden(name, scope)) return undefined;
    if (meaning.import) this.used.add(meaning.import);
    return meaning;
  }
}

/** `rego.v1` and `future.keywords` are no names, they set the syntax. */
export function isSyntaxImport(item: Import): boolean {
  const { head } = item.path;
  return head.kind === "var" && (head.name === "rego" || head.name === "future");
}

export function importedName(item: Import): string | undefined {
  if (item.alias !== undefined) return item.alias;
  const last = item.path.path.at(-1) ?? item.path.head;
  return last.kind === "string" ? last.value : last.kind === "var" ? last.name : undefined;
}

/** The names of each package's rules, over all modules. */
export function exportedNames(modules: readonly Module[]): Map<string, Set<string>> {
  const names = new Map<string, Set<string>>();
  for (const module of modules) {
    const key = JSON.stringify(module.package.path);
    const own = names.get(key) ?? new Set();
    names.set(key, own);
    for (const rule of module.rules) own.add(ruleName(rule));
  }
  return names;
}

function ruleName(rule: Rule): string {
  const [first] = rule.head.path;
  return first?.kind === "var" ? first.name : first?.kind === "string" ? first.value : "";
}

export function globalsOf(
  packagePath: readonly string[],
  exported: ReadonlySet<string>,
  imports: readonly Import[],
): Globals {
  const meanings = new Map<string, Meaning>();
  for (const name of exported) {
    meanings.set(name, { root: "data", path: [...packagePath, name] });
  }
  for (const item of imports) {
    if (isSyntaxImport(item)) continue;
    const name = importedName(item);
    const { head } = item.path;
    if (name === undefined || head.kind !== "var" || name === head.name) continue;
    const path = item.path.path.map((step) => (step.kind === "string" ? step.value : ""));
    meanings.set(name, { root: head.name, path, import: item });
  }
  return new Globals(meanings);
}

function meant(variable: VarTerm, meaning: Meaning): VarTerm | RefTerm {
  const { at } = variable;
  const head: VarTerm = { kind: "var", name: meaning.root, at };
  if (meaning.path.length === 0) return head;
  return { kind: "ref", at, head, path: meaning.path.map((value): Term => ({ kind: "string", value, at })) };
}

class Resolver {
  readonly #globals: Globals;
  constructor(globals: Globals) {
    this.#globals = globals;
  }

  term(term: Term, scope: Scope | undefined): Term {
    if (term.kind === "var") {
      const meaning = this.#globals.find(term.name, scope);
      return meaning ? meant(term, meaning) : term;
    }
    const mapped = mapTerm(term, {
      term: (part) => this.term(part, scope),
      comprehension: (inner) => {
        const own: Scope = { hidden: declaredIn(inner.body), around: scope };
        const key = inner.key && this.term(inner.key, own);
        return {
          ...inner,
          ...(key && { key }),
          value: this.term(inner.value, own),
          body: this.body(inner.body, own),
        };
      },
      part: (expr) => this.expr(expr, scope),
    });
    if (mapped.kind === "ref") return flattened(mapped);
    if (mapped.kind === "object") {
      const members = inOrder(
        mapped.members,
        ([a], [b]) => compareTerms(a, b),
        ([key], [, value]) => [key, value] as const,
      );
      return members === mapped.members ? mapped : { ...mapped, members };
    }
    if (mapped.kind === "set") {
      const items = inOrder(mapped.items, compareTerms, (first) => first);
      return items === mapped.items ? mapped : { ...mapped, items };
    }
    if (mapped.kind !== "call") return mapped;
    const operator = this.#operator(mapped.operator, scope);
    return operator === mapped.operator ? mapped : { ...mapped, operator };
  }

  /** A function's name is a variable or a reference that begins with one. */
  #operator(operator: VarTerm | RefTerm, scope: Scope | undefined): VarTerm | RefTerm {
    const resolved = this.term(operator, scope);
    const root = operator.kind === "ref" ? operator.head : operator;
    const name = root.kind === "var" && !isHidden(root.name, scope) ? builtinName(resolved) : undefined;
    if (name !== undefined) return { kind: "var", name, at: operator.at };
    return resolved.kind === "var" || resolved.kind === "ref" ? resolved : operator;
  }

  expr(expr: Expr, scope: Scope | undefined): Expr {
    const resolved = this.#terms(expr, scope);
    if (resolved.with.length === 0) return resolved;
    const withs = resolved.with.map((item) => ({ ...item, target: this.term(item.target, scope) }));
    return { ...resolved, with: withs };
  }

  #terms(expr: Expr, scope: Scope | undefined): Expr {
    const { form } = expr;
    if (form.kind === "some") {
      return expr.with.length === 0
        ? expr
        : { ...expr, with: mapSame(expr.with, (w) => mapWith(w, (t) => this.term(t, scope))) };
    }
    if (form.kind !== "every")
      return mapExpr(
        expr,
        (term) => this.term(term, scope),
        (body) => body,
      );
    // OPA resolves the domain where the loop's variables are already hidden.
    const hidden = new Set<string>();
    for (const term of form.key ? [form.key, form.value] : [form.value]) addVariables(term, hidden);
    const own: Scope = { hidden, around: scope };
    return {
      ...expr,
      form: { ...form, domain: this.term(form.domain, own), body: this.body(form.body, own) },
      with: mapSame(expr.with, (item) => mapWith(item, (term) => this.term(term, scope))),
    };
  }

  body(body: Body, scope: Scope | undefined): Body {
    return mapSame(body, (expr) => this.expr(expr, scope));
  }
}

/**
 * Members are evaluated in the order that OPA keeps them in, those that are alike as one: spelt as the first, with the value of
 * the last.
 */
function inOrder<T>(
  members: readonly T[],
  order: (a: T, b: T) => number,
  merge: (a: T, b: T) => T,
): readonly T[] {
  const isBefore = (member: T, next: T | undefined): boolean => next === undefined || order(member, next) < 0;
  if (members.every((member, index) => isBefore(member, members[index + 1]))) return members;
  const merged: T[] = [];
  for (const member of members.toSorted(order)) {
    const last = merged.at(-1);
    if (last !== undefined && order(last, member) === 0) merged[merged.length - 1] = merge(last, member);
    else merged.push(member);
  }
  return merged;
}

/** `lib.f.x`, where `lib` is `data.lib`, is one reference. */
function flattened(term: RefTerm): RefTerm {
  const { head } = term;
  return head.kind === "ref" ? { ...term, head: head.head, path: [...head.path, ...term.path] } : term;
}

function addVariables(term: Term, names: Set<string>): void {
  visitTerm(term, {
    term: (inner) => {
      if (inner.kind === "var") names.add(inner.name);
      return true;
    },
  });
}

/** What a body declares by `:=` and `some`, wherever in it: these names are hidden in all of the body. */
function declaredIn(body: Body): ReadonlySet<string> {
  const names = new Set<string>();
  addDeclared(body, names);
  return names;
}

function addDeclared(body: Body, names: Set<string>): void {
  for (const { form } of body) {
    if (form.kind === "some") for (const name of form.names) names.add(name.name);
    else if (form.kind === "some-in") {
      if (form.key) addVariables(form.key, names);
      addVariables(form.value, names);
    } else if (form.kind === "every") addDeclared(form.body, names);
    else if (form.term.kind === "call" && isAssignment(form.term.operator)) {
      const [left] = form.term.args;
      if (left && form.term.args.length === 2) addVariables(left, names);
    }
  }
}

export function isAssignment(operator: Term): boolean {
  return operator.kind === "var" && operator.name === "assign";
}

/** The variables that a function's arguments bind; one that hides `input` or `data` is found on the way. */
function argumentNames(rule: Rule, findings: Findings): ReadonlySet<string> {
  const names = new Set<string>();
  const visit = (term: Term): void => {
    if (term.kind === "var") {
      if (term.name === "input" || term.name === "data") {
        const message = `args must not shadow ${term.name} (use a different variable name)`;
        findings.add("rego_compile_error", term.at, message, "name the argument otherwise");
      } else names.add(term.name);
    } else if (term.kind === "array") for (const item of term.items) visit(item);
    else if (term.kind === "object") eachPart(term, visit);
  };
  for (const arg of rule.head.args ?? []) visit(arg);
  return names;
}

/** The rule with absolute references, as a draft. */
export function resolveRule(module: Module, rule: Rule, globals: Globals, findings: Findings): Draft {
  const resolver = new Resolver(globals);
  const argScope: Scope = { hidden: argumentNames(rule, findings), around: undefined };
  const scopeOf = (body: Body): Scope => ({ hidden: declaredIn(body), around: argScope });
  const own = scopeOf(rule.body);
  const steps = rule.head.path.slice(1).map((step) => resolver.term(step, own));
  const ground = steps.findIndex((step) => step.kind !== "string");
  const prefix = ground < 0 ? steps : steps.slice(0, ground);
  const complete = rule.head.form === "value";
  const implied = (at: Draft["rule"]["at"]): Term => ({ kind: "boolean", value: true, at });
  const branch = (at: Draft["rule"]["at"], value: Term | undefined, body: Body): Branch => {
    const scope = scopeOf(body);
    return {
      at,
      ...(complete && { value: value ? resolver.term(value, scope) : implied(at) }),
      body: resolver.body(body, scope),
    };
  };
  return {
    module,
    rule,
    names: new Names(),
    path: [
      ...module.package.path,
      ruleName(rule),
      ...prefix.map((step) => (step.kind === "string" ? step.value : "")),
    ],
    keys: ground < 0 ? [] : steps.slice(ground),
    args: mapSame(rule.head.args ?? [], (arg) => resolver.term(arg, argScope)),
    ...(rule.head.key && !complete && { member: resolver.term(rule.head.key, own) }),
    branches: [
      branch(rule.head.at, rule.head.value, rule.body),
      ...rule.else.map((item) => branch(item.at, item.value, item.body)),
    ],
    annotations: [],
  };
}

/** A query's body, whose names are those of a package and its imports. */
export function resolveBody(body: Body, globals: Globals): Body {
  return new Resolver(globals).body(body, { hidden: declaredIn(body), around: undefined });
}
