/**
 * What a body's variables can be, as far as it is written there: `x := "a"`, `x := ["a", "b"][_]`, `some x in {"a"}`. So a
 * reference with variables is not taken to reach rules that it cannot reach.
 */
import type { Expr, Term } from "../syntax.ts";
import { equal } from "../values/index.ts";
import { isEquality } from "./pieces.ts";

export class Known {
  readonly #values = new Map<string, readonly Term[]>();

  /** Takes in what the expression says of its variables; later ones of the same body rely on it. */
  add({ form, negated, with: withs }: Expr): void {
    if (negated || withs.length > 0) return;
    if (form.kind === "some-in") {
      this.#set(form.value, () => membersOf(this.of(form.collection), undefined));
    } else if (form.kind === "term" && form.term.kind === "call" && isEquality(form.term.operator)) {
      const [left, right] = form.term.args;
      if (!left || !right) return;
      this.#set(left, () => this.of(right));
      this.#set(right, () => this.of(left));
    }
  }

  #set(term: Term, values: () => readonly Term[] | undefined): void {
    if (term.kind !== "var" || this.#values.has(term.name)) return;
    const known = values();
    if (known) this.#values.set(term.name, known);
  }

  /** All values that the term can have; undefined when that is not written here. */
  of(term: Term): readonly Term[] | undefined {
    if (term.kind === "var") return this.#values.get(term.name);
    if (term.kind !== "ref") return isConstant(term) ? [term] : undefined;
    let values = this.of(term.head);
    for (const step of term.path) values = membersOf(values, isConstant(step) ? step : undefined);
    return values;
  }
}

export function isConstant(term: Term): boolean {
  switch (term.kind) {
    case "null":
    case "boolean":
    case "number":
    case "string":
      return true;
    case "array":
    case "set":
      return term.items.every(isConstant);
    case "object":
      return term.members.every(([key, value]) => isConstant(key) && isConstant(value));
    case "var":
    case "ref":
    case "call":
    case "comprehension":
    case "template":
      return false;
  }
}

/** The members under a key, or all of them. */
function membersOf(values: readonly Term[] | undefined, key: Term | undefined): readonly Term[] | undefined {
  return values?.flatMap((value): readonly Term[] => {
    if (value.kind === "object") {
      return value.members.flatMap(([name, item]) => (key === undefined || isSame(name, key) ? [item] : []));
    }
    if (value.kind === "set")
      return key === undefined ? value.items : value.items.filter((item) => isSame(item, key));
    if (value.kind !== "array") return [];
    if (key === undefined) return value.items;
    const item = key.kind === "number" && typeof key.value === "number" ? value.items[key.value] : undefined;
    return item ? [item] : [];
  });
}

export function isSame(a: Term, b: Term): boolean {
  if (a.kind === "null") return b.kind === "null";
  if (a.kind !== "boolean" && a.kind !== "number" && a.kind !== "string") return a.kind === b.kind;
  return (b.kind === "boolean" || b.kind === "number" || b.kind === "string") && equal(a.value, b.value);
}
