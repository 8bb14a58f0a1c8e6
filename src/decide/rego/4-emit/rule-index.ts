/**
 * Rule indexing: of many rules of one name, the few that can hold are found by what they require of one reference: equality with
 * a scalar constant, or a text's beginning. Rules that require neither are candidates always.
 */
import type { ResolvedRule } from "../2-resolve/program.ts";
import type { Expr, Term } from "../syntax.ts";
import type { Value } from "../values/index.ts";
import { constantOf } from "./literal.ts";
import { type IndexNode, indexKey } from "./runtime.ts";

/** Fewer rules are tried one by one. */
const WORTHWHILE = 6;
const DEEPEST = 4;

/** A reference that rules are told apart by: a path under `input`, or an argument of the function. */
export type IndexReference =
  | { readonly root: "input"; readonly path: readonly string[] }
  | { readonly root: "argument"; readonly position: number; readonly path: readonly string[] };

export interface RuleIndex {
  readonly references: readonly IndexReference[];
  readonly node: IndexNode;
}

interface Requirement {
  readonly reference: number;
  readonly kind: "exact" | "prefix";
  readonly value: Value;
}

export function indexOf(rules: readonly ResolvedRule[]): RuleIndex | undefined {
  if (rules.length < WORTHWHILE) return undefined;
  const references = new Map<string, IndexReference>();
  const numbers = new Map<string, number>();
  const number = (reference: IndexReference): number => {
    const text = JSON.stringify(reference);
    const known = numbers.get(text);
    if (known !== undefined) return known;
    numbers.set(text, references.size);
    references.set(text, reference);
    return references.size - 1;
  };
  const requirements = rules.map((rule) => requirementsOf(rule, number));
  const node = build(
    rules.map((_, body) => body),
    requirements,
    new Set(),
    0,
  );
  return Array.isArray(node) ? undefined : { references: [...references.values()], node: node as IndexNode };
}

function build(
  bodies: readonly number[],
  requirements: readonly (readonly Requirement[])[],
  used: ReadonlySet<number>,
  depth: number,
): IndexNode | readonly number[] {
  if (bodies.length < WORTHWHILE || depth === DEEPEST) return bodies;
  const counts = new Map<number, number>();
  for (const body of bodies)
    for (const reference of new Set(requirements[body]?.map((requirement) => requirement.reference)))
      if (!used.has(reference)) counts.set(reference, (counts.get(reference) ?? 0) + 1);
  const [best] = [...counts].sort((a, b) => b[1] - a[1] || a[0] - b[0]);
  if (best === undefined || best[1] < 2) return bodies;
  const [key] = best;
  const exact = new Map<Value, number[]>();
  const prefixes = new Map<string, number[]>();
  const rest: number[] = [];
  for (const body of bodies) {
    const requirement = requirements[body]?.find(({ reference }) => reference === key);
    if (requirement === undefined) rest.push(body);
    else if (requirement.kind === "exact") add(exact, indexKey(requirement.value), body);
    else add(prefixes, requirement.value as string, body);
  }
  if (exact.size + prefixes.size < 2) return bodies;
  const inner = new Set([...used, key]);
  const below = <K>(map: ReadonlyMap<K, number[]>): ReadonlyMap<K, IndexNode | readonly number[]> =>
    new Map([...map].map(([value, list]) => [value, build(list, requirements, inner, depth + 1)]));
  return {
    key,
    exact: below(exact),
    prefixes: below(prefixes),
    lengths: [...new Set([...prefixes.keys()].map((text) => text.length))].sort((a, b) => a - b),
    rest: build(rest, requirements, inner, depth + 1),
  };
}

function add<K>(map: Map<K, number[]>, key: K, body: number): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [body]);
  else list.push(body);
}

function requirementsOf(
  rule: ResolvedRule,
  number: (reference: IndexReference) => number,
): readonly Requirement[] {
  // With an `else`, the rule may give a value although its first body does not hold.
  const bodies = rule.else.length === 0 ? rule.body : [];
  const found: Requirement[] = [];
  rule.args.forEach((arg, position) => {
    const value = scalarOf(arg);
    if (value !== undefined)
      found.push({ reference: number({ root: "argument", position, path: [] }), kind: "exact", value });
  });
  for (const expr of bodies) {
    const requirement = requirementOf(rule, expr, number);
    if (requirement !== undefined) found.push(requirement);
  }
  return found;
}

function requirementOf(
  rule: ResolvedRule,
  expr: Expr,
  number: (reference: IndexReference) => number,
): Requirement | undefined {
  if (expr.negated || expr.with.length > 0 || expr.form.kind !== "term") return undefined;
  const call = expr.form.term;
  if (call.kind !== "call" || call.operator.kind !== "var" || call.args.length !== 2) return undefined;
  const [a, b] = call.args as readonly [Term, Term];
  const { name } = call.operator;
  if (name === "startswith") {
    const reference = referenceOf(rule, a);
    return reference !== undefined && b.kind === "string"
      ? { reference: number(reference), kind: "prefix", value: b.value }
      : undefined;
  }
  if (name !== "eq" && name !== "equal") return undefined;
  for (const [side, other] of [
    [a, b],
    [b, a],
  ] as const) {
    const reference = referenceOf(rule, side);
    const value = scalarOf(other);
    if (reference !== undefined && value !== undefined)
      return { reference: number(reference), kind: "exact", value };
  }
  return undefined;
}

function scalarOf(term: Term): Value | undefined {
  return term.kind === "array" || term.kind === "object" || term.kind === "set"
    ? undefined
    : constantOf(term);
}

function referenceOf(rule: ResolvedRule, term: Term): IndexReference | undefined {
  const head = term.kind === "ref" ? term.head : term;
  if (head.kind !== "var") return undefined;
  const steps = term.kind === "ref" ? term.path : [];
  const path: string[] = [];
  for (const step of steps) {
    if (step.kind !== "string") return undefined;
    path.push(step.value);
  }
  if (head.name === "input") return { root: "input", path };
  const position = rule.args.findIndex((arg) => arg.kind === "var" && arg.name === head.name);
  return position < 0 ? undefined : { root: "argument", position, path };
}
