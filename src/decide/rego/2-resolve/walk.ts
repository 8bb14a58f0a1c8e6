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
    default:
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

/** The terms directly within a term. Of a comprehension and a template none: they are closures. */
export function partsOf(term: Term): readonly Term[] {
  switch (term.kind) {
    case "ref":
      return [term.head, ...term.path];
    case "call":
      return term.args;
    case "array":
    case "set":
      return term.items;
    case "object":
      return term.members.flat();
    default:
      return [];
  }
}

/** The terms that stand in an expression itself, targets of `with` included, bodies not. */
export function termsOf(expr: Expr): readonly Term[] {
  const withs = expr.with.flatMap((item) => [item.target, item.value]);
  const { form } = expr;
  switch (form.kind) {
    case "term":
      return [form.term, ...withs];
    case "some":
      return [...form.names, ...withs];
    case "some-in":
      return [...(form.key ? [form.key] : []), form.value, form.collection, ...withs];
    case "every":
      return [...(form.key ? [form.key] : []), form.value, form.domain, ...withs];
  }
}

/** Visits every term below, closures included; `visit` answers whether to go inward. */
export function visitTerm(term: Term, visit: (term: Term) => boolean): void {
  if (!visit(term)) return;
  if (term.kind === "comprehension") {
    if (term.key) visitTerm(term.key, visit);
    visitTerm(term.value, visit);
    visitBody(term.body, visit);
  } else if (term.kind === "template") {
    for (const part of term.parts) if (typeof part !== "string") visitExpr(part, visit);
  } else for (const part of partsOf(term)) visitTerm(part, visit);
}

export function visitExpr(expr: Expr, visit: (term: Term) => boolean): void {
  for (const term of termsOf(expr)) visitTerm(term, visit);
  if (expr.form.kind === "every") visitBody(expr.form.body, visit);
}

export function visitBody(body: Body, visit: (term: Term) => boolean): void {
  for (const expr of body) visitExpr(expr, visit);
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
