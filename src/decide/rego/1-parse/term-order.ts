/** OPA's order of terms, by which it keeps the members of sets and objects before anything is evaluated. */
import type { Body, CallTerm, Expr, Term } from "../syntax.ts";
import { compare, compareNumbers, compareTexts } from "../values/index.ts";

const RANKS: readonly string[] = [
  "null",
  "boolean",
  "number",
  "string",
  "template",
  "var",
  "ref",
  "array",
  "object",
  "set",
  "comprehension",
  "call",
];

/** -1, 0 or 1. */
export function compareTerms(a: Term, b: Term): number {
  const ranks = rankOf(a) - rankOf(b);
  if (ranks !== 0) return Math.sign(ranks);
  if (a.kind === "number" && b.kind === "number") return compareNumbers(a.value, b.value);
  if (a.kind === "string" && b.kind === "string") return compareTexts(a.value, b.value);
  if (a.kind === "boolean" && b.kind === "boolean") return compare(a.value, b.value);
  if (a.kind === "var" && b.kind === "var") return compareTexts(a.name, b.name);
  return compareLists(partsOf(a), partsOf(b));
}

/** `data` and `input` alone are references. */
function rankOf(term: Term): number {
  if (term.kind === "var" && (term.name === "data" || term.name === "input")) return RANKS.indexOf("ref");
  return RANKS.indexOf(term.kind);
}

function compareLists(a: readonly Term[], b: readonly Term[]): number {
  for (let i = 0; i < a.length && i < b.length; i++) {
    const order = compareTerms(a[i] as Term, b[i] as Term);
    if (order !== 0) return order;
  }
  return Math.sign(a.length - b.length);
}

function partsOf(term: Term): readonly Term[] {
  switch (term.kind) {
    case "ref":
      return [term.head, ...term.path];
    case "call":
      return [operatorOf(term), ...term.args];
    case "array":
      return term.items;
    case "set":
      return term.items.toSorted(compareTerms);
    case "object":
      return term.members.toSorted(([x], [y]) => compareTerms(x, y)).flat();
    case "comprehension":
      return [...(term.key === undefined ? [] : [term.key]), term.value, ...bodyParts(term.body)];
    case "template":
      return term.parts.flatMap((part): readonly Term[] =>
        typeof part === "string" ? [{ kind: "string", at: term.at, value: part }] : exprParts(part),
      );
    case "boolean":
    case "null":
    case "number":
    case "string":
    case "var":
      return [];
  }
}

/** A built-in's name is a reference too. */
function operatorOf({ operator }: CallTerm): Term {
  if (operator.kind === "ref") return operator;
  const [first, ...more] = operator.name.split(".");
  const path = more.map((value): Term => ({ kind: "string", at: operator.at, value }));
  return { kind: "ref", at: operator.at, head: { ...operator, name: first as string }, path };
}

function bodyParts(body: Body): readonly Term[] {
  return body.flatMap(exprParts);
}

function exprParts({ form, with: replacements }: Expr): readonly Term[] {
  const replaced = replacements.flatMap(({ target, value }) => [target, value]);
  switch (form.kind) {
    case "term":
      return [form.term, ...replaced];
    case "some":
      return form.names;
    case "some-in":
      return [...(form.key === undefined ? [] : [form.key]), form.value, form.collection, ...replaced];
    case "every":
      return [
        ...(form.key === undefined ? [] : [form.key]),
        form.value,
        form.domain,
        ...bodyParts(form.body),
        ...replaced,
      ];
  }
}
