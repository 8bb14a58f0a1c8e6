/** Walks over the syntax tree that several passes share. What does not change keeps its identity. */
import type { Body, ComprehensionTerm, Expr, Term, With } from "../syntax.ts";

/** How a pass rewrites the parts of a term or expression; it decides itself whether to go on inward. */
export interface Mapping {
  readonly term: (term: Term) => Term;
  /** A comprehension, which has a scope of its own. */
  readonly comprehension: (term: ComprehensionTerm) => Term;
  /** The expression within a template. */
  readonly part: (expr: Expr) => Expr;
}

export function mapSame<T>(items: readonly T[], map: (item: T) => T): readonly T[] {
  let changed: T[] | undefined;
  for (let i = 0; i < items.length; i += 1) {
    const item = items[i] as T;
    const mapped = map(item);
    if (changed === undefined && mapped !== item) changed = items.slice(0, i);
    changed?.push(mapped);
  }
  return changed ?? items;
}

/** The term with its parts mapped. The operator of a call is no part of it. */
export function mapTerm(term: Term, mapping: Mapping): Term {
  switch (term.kind) {
    case "ref": {
      const head = mapping.term(term.head);
      const path = mapSame(term.path, mapping.term);
      return head === term.head && path === term.path ? term : { ...term, head, path };
    }
    case "call": {
      const args = mapSame(term.args, mapping.term);
      return args === term.args ? term : { ...term, args };
    }
    case "array":
    case "set": {
      const items = mapSame(term.items, mapping.term);
      return items === term.items ? term : { ...term, items };
    }
    case "object": {
      const members = mapSame(term.members, (member): readonly [Term, Term] => {
        const key = mapping.term(member[0]);
        const value = mapping.term(member[1]);
        return key === member[0] && value === member[1] ? member : [key, value];
      });
      return members === term.members ? term : { ...term, members };
    }
    case "comprehension":
      return mapping.comprehension(term);
    case "template": {
      const parts = mapSame(term.parts, (part) => (typeof part === "string" ? part : mapping.part(part)));
      return parts === term.parts ? term : { ...term, parts };
    }
    case "boolean":
    case "null":
    case "number":
    case "string":
    case "var":
      return term;
  }
}

/** The `with`, its value and the steps of its target mapped; what the target begins with is no variable. */
export function mapWith(item: With, map: (term: Term) => Term): With {
  const target = mapTarget(item.target, map);
  const value = map(item.value);
  return target === item.target && value === item.value ? item : { ...item, target, value };
}

function mapTarget(target: Term, map: (term: Term) => Term): Term {
  if (target.kind !== "ref") return target;
  const path = mapSame(target.path, map);
  return path === target.path ? target : { ...target, path };
}

/** The expression with its terms mapped; `every` gives its body to `body`. */
export function mapExpr(expr: Expr, map: (term: Term) => Term, body: (body: Body) => Body): Expr {
  const withs = mapSame(expr.with, (item) => mapWith(item, map));
  const { form } = expr;
  switch (form.kind) {
    case "term": {
      const term = map(form.term);
      if (term === form.term && withs === expr.with) return expr;
      return { ...expr, form: { kind: "term", term }, with: withs };
    }
    case "some":
      return withs === expr.with ? expr : { ...expr, with: withs };
    case "some-in": {
      const key = form.key && map(form.key);
      const value = map(form.value);
      const collection = map(form.collection);
      const same = key === form.key && value === form.value && collection === form.collection;
      if (same && withs === expr.with) return expr;
      return { ...expr, form: { kind: "some-in", ...(key && { key }), value, collection }, with: withs };
    }
    case "every": {
      const key = form.key && map(form.key);
      const value = map(form.value);
      const domain = map(form.domain);
      const inner = body(form.body);
      const same = key === form.key && value === form.value && domain === form.domain && inner === form.body;
      if (same && withs === expr.with) return expr;
      return {
        ...expr,
        form: { kind: "every", ...(key && { key }), value, domain, body: inner },
        with: withs,
      };
    }
  }
}

/** Calls `each` on the terms directly within a term. Of a comprehension and a template none: they are closures. */
export function eachPart(term: Term, each: (part: Term) => void): void {
  switch (term.kind) {
    case "ref":
      each(term.head);
      for (const step of term.path) each(step);
      break;
    case "call":
      for (const arg of term.args) each(arg);
      break;
    case "array":
    case "set":
      for (const item of term.items) each(item);
      break;
    case "object":
      for (const [key, value] of term.members) {
        each(key);
        each(value);
      }
      break;
    case "null":
    case "boolean":
    case "number":
    case "string":
    case "var":
    case "comprehension":
    case "template":
      break;
  }
}

/** The terms directly within a term, those of closures aside. */
export function partsOf(term: Term): readonly Term[] {
  const parts: Term[] = [];
  eachPart(term, (part) => parts.push(part));
  return parts;
}

/** Calls `each` on the terms of an expression's own, its `with` and its body aside. */
export function eachTerm({ form }: Expr, each: (term: Term) => void): void {
  switch (form.kind) {
    case "term":
      each(form.term);
      break;
    case "some":
      for (const name of form.names) each(name);
      break;
    case "some-in":
      if (form.key) each(form.key);
      each(form.value);
      each(form.collection);
      break;
    case "every":
      if (form.key) each(form.key);
      each(form.value);
      each(form.domain);
      break;
  }
}

export interface Visitor {
  /** Answers whether to go inward. */
  readonly term: (term: Term) => boolean;
  readonly expr?: (expr: Expr) => void;
}

/** Visits every term and expression below, closures included. */
export function visitTerm(term: Term, visitor: Visitor): void {
  if (!visitor.term(term)) return;
  if (term.kind === "comprehension") {
    if (term.key) visitTerm(term.key, visitor);
    visitTerm(term.value, visitor);
    visitBody(term.body, visitor);
  } else if (term.kind === "template") {
    for (const part of term.parts) if (typeof part !== "string") visitExpr(part, visitor);
  } else eachPart(term, (part) => visitTerm(part, visitor));
}

export function visitExpr(expr: Expr, visitor: Visitor): void {
  visitor.expr?.(expr);
  eachTerm(expr, (term) => visitTerm(term, visitor));
  for (const { target, value } of expr.with) {
    visitTerm(target, visitor);
    visitTerm(value, visitor);
  }
  if (expr.form.kind === "every") visitBody(expr.form.body, visitor);
}

export function visitBody(body: Body, visitor: Visitor): void {
  for (const expr of body) visitExpr(expr, visitor);
}

/** What a pass makes of each term and expression, once their parts are rewritten. */
export interface Rewriting {
  readonly term: (term: Term) => Term;
  readonly expr?: (expr: Expr) => Expr;
}

/** Rewrites from the innermost outward, closures included. */
export function rewriteTerm(term: Term, to: Rewriting): Term {
  const map = (part: Term): Term => rewriteTerm(part, to);
  return to.term(
    mapTerm(term, {
      term: map,
      comprehension: (inner) => {
        const key = inner.key && map(inner.key);
        const value = map(inner.value);
        const body = rewriteBody(inner.body, to);
        const same = key === inner.key && value === inner.value && body === inner.body;
        return same ? inner : { ...inner, ...(key && { key }), value, body };
      },
      part: (expr) => rewriteExpr(expr, to),
    }),
  );
}

function rewriteExpr(expr: Expr, to: Rewriting): Expr {
  const mapped = mapExpr(
    expr,
    (term) => rewriteTerm(term, to),
    (body) => rewriteBody(body, to),
  );
  return to.expr ? to.expr(mapped) : mapped;
}

export function rewriteBody(body: Body, to: Rewriting): Body {
  return mapSame(body, (expr) => rewriteExpr(expr, to));
}
