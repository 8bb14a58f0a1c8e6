/** What `rego.metadata.rule()` and `rego.metadata.chain()` stand for (OPA "Metadata Functions"). */
import type { Span } from "../source.ts";
import type { Annotations, CallTerm, Expr, Module, Term } from "../syntax.ts";
import { isNumber, type Value } from "../values/index.ts";
import { type Draft, rewriteDraft } from "./draft.ts";
import { negatedOf, negationOf } from "./negation.ts";
import { NO_VALUE } from "./pieces.ts";
import { mapExpr, mapTerm } from "./walk.ts";

/** The annotations of all modules, by what they apply to. */
export class AnnotationSet {
  /** By the path of a package. */
  readonly #packages = new Map<string, Annotations[]>();
  readonly #rules = new Map<Draft["rule"], Annotations[]>();
  /** By the path of a rule. */
  readonly #documents = new Map<string, Annotations>();

  constructor(drafts: readonly Draft[], modules: readonly Module[]) {
    for (const module of modules) {
      for (const item of module.annotations) {
        if (item.scope === "package" || item.scope === "subpackages")
          push(this.#packages, JSON.stringify(module.package.path), item);
        else if ("head" in item.target) push(this.#rules, item.target, item);
      }
    }
    for (const draft of drafts) {
      for (const item of this.of(draft))
        if (item.scope === "document") this.#documents.set(JSON.stringify(draft.path), item);
    }
  }

  of(draft: Draft): readonly Annotations[] {
    return this.#rules.get(draft.rule) ?? [];
  }

  rule(draft: Draft): Value {
    const own = this.of(draft).find((item) => item.scope === "rule");
    return own ? annotationValue(own) : {};
  }

  chain(draft: Draft): Value {
    const path = [...draft.path];
    const own = this.of(draft).find((item) => item.scope === "rule");
    const links: Value[] = [{ ...(own && { annotations: annotationValue(own) }), path }];
    const document = this.#documents.get(JSON.stringify(draft.path));
    if (document) links.push({ annotations: annotationValue(document), path });
    const { path: packagePath } = draft.module.package;
    for (let length = packagePath.length; length > 0; length -= 1) {
      const at = packagePath.slice(0, length);
      for (const scope of ["package", "subpackages"]) {
        if (scope === "package" && length < packagePath.length) continue;
        for (const item of this.#packages.get(JSON.stringify(at)) ?? [])
          if (item.scope === scope) links.push({ annotations: annotationValue(item), path: at });
      }
    }
    return links;
  }
}

function push<K>(map: Map<K, Annotations[]>, key: K, item: Annotations): void {
  const items = map.get(key);
  if (items) items.push(item);
  else map.set(key, [item]);
}

function annotationValue(item: Annotations): Value {
  return { ...asObject(item.values), scope: item.scope };
}

function asObject(values: { readonly [name: string]: unknown }): { readonly [name: string]: Value } {
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]): [string, Value][] => {
      const converted = asValue(value);
      return converted === undefined ? [] : [[name, converted]];
    }),
  );
}

function asValue(value: unknown): Value | undefined {
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (Array.isArray(value))
    return value.flatMap((item): Value[] => {
      const converted = asValue(item);
      return converted === undefined ? [] : [converted];
    });
  const scalar = value as Value;
  if (isNumber(scalar)) return scalar;
  return typeof value === "object" ? asObject(Object.fromEntries(Object.entries(value))) : undefined;
}

/** The value as a term that is written so. */
function literal(value: Value, at: Span): Term {
  if (value === null) return { kind: "null", at };
  if (typeof value === "string") return { kind: "string", value, at };
  if (typeof value === "boolean") return { kind: "boolean", value, at };
  if (isNumber(value)) return { kind: "number", value, at };
  if (Array.isArray(value)) return { kind: "array", at, items: value.map((item) => literal(item, at)) };
  const members = Object.entries(value).map(([key, item]): [Term, Term] => [
    { kind: "string", value: key, at },
    literal(item, at),
  ]);
  return { kind: "object", at, members };
}

export function rewriteMetadata(draft: Draft, calls: readonly CallTerm[], annotations: AnnotationSet): Draft {
  const own = annotations.of(draft);
  const isAsked = calls.some(
    ({ operator }) => operator.kind === "var" && operator.name.startsWith("rego.metadata."),
  );
  if (!isAsked) return own.length === 0 ? draft : { ...draft, annotations: own };
  const replace = (term: Term): Term => {
    const name = metadataCall(term);
    if (name === undefined) return term;
    return literal(
      name === "rego.metadata.rule" ? annotations.rule(draft) : annotations.chain(draft),
      term.at,
    );
  };
  const known = rewriteDraft(draft, { term: (term) => term, expr: withoutValue });
  return { ...rewriteDraft(known, { term: replace }), annotations: own };
}

function metadataCall(term: Term): string | undefined {
  if (term.kind !== "call" || term.operator.kind !== "var") return undefined;
  const { name } = term.operator;
  return name === "rego.metadata.rule" || name === "rego.metadata.chain" ? name : undefined;
}

/**
 * To OPA, metadata that is negated by itself is not there. In a `not` that is a closure without braces it is, but operands that
 * ask for it have no value.
 */
function withoutValue(expr: Expr): Expr {
  if (expr.negated && expr.form.kind === "term" && metadataCall(expr.form.term) !== undefined)
    return {
      ...expr,
      form: { kind: "term", term: { kind: "boolean", value: false, at: expr.form.term.at } },
    };
  const negated = negatedOf(expr);
  if (negated?.form.kind !== "term" || metadataCall(negated.form.term) !== undefined) return expr;
  const within = (term: Term): Term => {
    if (metadataCall(term) !== undefined) return { kind: "var", name: NO_VALUE, at: expr.at };
    return mapTerm(term, { term: within, comprehension: (inner) => inner, part: (part) => part });
  };
  return negationOf(
    expr,
    mapExpr(negated, within, (body) => body),
  );
}
