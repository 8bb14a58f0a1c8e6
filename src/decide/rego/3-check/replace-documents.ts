/** What the `with` of an expression makes of the types of documents, while that expression is checked. */
import type { Term, With } from "../syntax.ts";
import type { Value } from "../values/index.ts";
import { scalarOf } from "./constant.ts";
import { type DocumentNode, place, type RuleDocuments } from "./documents.ts";
import type { Environment } from "./environment.ts";
import { select } from "./members.ts";
import { ANY, type Type } from "./types.ts";

/**
 * A document that rules define can be of the type of its replacement, too, and rules that read it can be anything. Of one
 * that nothing was known of, its place becomes known. Answers what takes all that back.
 */
export function replaceDocuments(
  environment: Environment,
  rules: RuleDocuments,
  replacements: readonly With[],
): () => void {
  if (replacements.length === 0) return () => undefined;
  const undo: (() => void)[] = [];
  const around = rules.root.replacements;
  const types = new Map(around?.types);
  const readers = [...(around?.readers ?? [])];
  const inputAround = environment.replacedInput;
  // Values are evaluated before any of them is put in place.
  const values = replacements.map(({ value }) => environment.typeOf(value) ?? ANY);
  for (const [index, { target }] of replacements.entries()) {
    const head = headOf(target);
    const steps = target.kind === "ref" ? target.path : [];
    const path = constantsOf(steps);
    if (path === undefined) continue;
    if (head === "input") environment.replacedInput = place(environment.input, path);
    if (head !== "data") continue;
    readers.push(rules.readersOf(steps));
    const node = rules.root.at(path);
    if (node === undefined) undo.push(rules.root.place(path));
    else replace(node, values[index] ?? ANY, types);
  }
  rules.root.replacements = { types, readers };
  return () => {
    environment.replacedInput = inputAround;
    rules.root.replacements = around;
    for (const one of undo.reverse()) one();
  };
}

/** The document, and those that rules define below it, by what the value has in their place. */
function replace(node: DocumentNode, type: Type, types: Map<DocumentNode, Type>): void {
  if (node.value?.kind === "function") return;
  types.set(node, type);
  for (const child of node.children()) {
    const below = select(type, child.key);
    if (below !== undefined) replace(child, below, types);
  }
}

function headOf(target: Term): string | undefined {
  const head = target.kind === "ref" ? target.head : target;
  return head.kind === "var" ? head.name : undefined;
}

function constantsOf(steps: readonly Term[]): readonly Value[] | undefined {
  const values: Value[] = [];
  for (const step of steps) {
    const value = scalarOf(step);
    if (value === undefined) return undefined;
    values.push(value);
  }
  return values;
}
