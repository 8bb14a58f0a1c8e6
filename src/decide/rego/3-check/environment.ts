/** What is known of the variables of one body, and of what its references lead to. */
import type { RuleTree } from "../2-resolve/program.ts";
import type { CallTerm, RefTerm, Term } from "../syntax.ts";
import { canonicalText, type Value } from "../values/index.ts";
import { constantOf } from "./constant.ts";
import { isWithin } from "./replaced.ts";
import type { RuleTypes } from "./rule-types.ts";
import { signatureOf } from "./signature.ts";
import {
  ANY,
  isCollection,
  or,
  orAll,
  type Property,
  type Rest,
  select,
  type Type,
  valuesOf,
} from "./types.ts";

/** A document, and what a `with` puts in its place. */
export interface Replacement {
  readonly target: RefTerm;
  readonly type: Type | undefined;
}

/** What a part is replaced in: an object, though nothing else is known of it. */
const COMPOSED: Type = { kind: "object", members: [], rest: { key: ANY, value: ANY } };

export class Environment {
  readonly rules: RuleTypes;
  readonly #variables = new Map<string, Type | undefined>();
  readonly #outer: Environment | undefined;
  constructor(rules: RuleTypes, outer?: Environment) {
    this.rules = rules;
    this.#outer = outer;
  }

  /** What `with` puts into documents for the expression at hand. */
  replaced: readonly Replacement[] = [];

  inner(): Environment {
    return new Environment(this.rules, this);
  }

  variable(name: string): Type | undefined {
    if (name === "input") return ANY;
    return this.#variables.get(name) ?? this.#outer?.variable(name);
  }

  set(name: string, type: Type | undefined): void {
    this.#variables.set(name, type);
  }

  /** Variables of a term that nothing is known of can be anything. */
  nameAll(term: Term): void {
    switch (term.kind) {
      case "var":
        if (this.variable(term.name) === undefined) this.set(term.name, ANY);
        return;
      case "array":
      case "set":
        for (const item of term.items) this.nameAll(item);
        return;
      case "object":
        for (const [key, value] of term.members) {
          this.nameAll(key);
          this.nameAll(value);
        }
        return;
      case "boolean":
      case "call":
      case "comprehension":
      case "null":
      case "number":
      case "ref":
      case "string":
      case "template":
        return;
    }
  }

  typeOf(term: Term): Type | undefined {
    switch (term.kind) {
      case "null":
      case "boolean":
      case "number":
      case "string":
        return { kind: term.kind };
      case "var":
        if (term.name === "data") return this.rules.ofNode(this.rules.tree);
        if (term.name !== "input") return this.variable(term.name);
        return this.#ofDocument({ kind: "ref", at: term.at, head: term, path: [] }) ?? ANY;
      case "ref":
        return this.#ofDocument(term) ?? this.#ofReference(term.head, term.path);
      case "array":
        return { kind: "array", items: term.items.map((item) => this.typeOf(item)), rest: undefined };
      case "set":
        return { kind: "set", of: orAll(term.items.map((item) => this.typeOf(item))) };
      case "object":
        return this.#ofObject(term.members);
      case "call":
        return this.ofCall(term);
      case "comprehension": {
        const inner = this.comprehensions.get(term) ?? this;
        const found = inner.typeOf(term.value);
        // Of an empty set nothing is known that two of them could differ in.
        const value = found?.kind === "set" && found.of === undefined ? ANY : found;
        if (term.of === "array") return { kind: "array", items: [], rest: value };
        if (term.of === "set") return { kind: "set", of: value };
        const key = term.key === undefined ? undefined : inner.typeOf(term.key);
        return { kind: "object", members: [], rest: { key, value } };
      }
      case "template":
        return ANY;
    }
  }

  /** What is known within each comprehension whose body was checked. */
  readonly comprehensions: Map<Term, Environment> = new Map<Term, Environment>();

  ofCall(call: CallTerm): Type | undefined {
    if (call.operator.kind === "var") return signatureOf(call.operator.name)?.result;
    const type = this.typeOf(call.operator);
    return type?.kind === "function" ? type.result : ANY;
  }

  #ofObject(members: readonly (readonly [Term, Term])[]): Type {
    const known = new Map<string, Property>();
    let rest: Rest | undefined;
    for (const [key, value] of members) {
      const constant = constantOf(key);
      const type = this.typeOf(value);
      // Of equal keys the last counts.
      if (constant !== undefined) known.set(canonicalText(constant), { key: constant, type });
      else rest = { key: or(rest?.key, this.typeOf(key) ?? ANY), value: or(rest?.value, type) };
    }
    return { kind: "object", members: [...known.values()], rest };
  }

  /** The replacements of each `with` around, the innermost last. */
  #replacements(): readonly Replacement[] {
    return this.#outer === undefined ? this.replaced : [...this.#outer.#replacements(), ...this.replaced];
  }

  /** What rules define and a `with` replaces, the reference leading there or into it: what it can be, and where it begins. */
  replacement(reference: RefTerm): { readonly type: Type | undefined; readonly from: number } | undefined {
    const found = this.#replacements().findLast(({ target }) => isWithin(reference, target));
    if (found === undefined) return undefined;
    const { head, path } = found.target;
    const type = this.#ofReference(head, path);
    if (type?.kind === "function") return undefined;
    return { type: or(type, found.type), from: path.length };
  }

  /** Whether a `with` replaces what the rules that the reference leads to read. */
  isAffected(reference: RefTerm): boolean {
    return this.#replacements().some(({ target }) => this.rules.readers.reads(reference, target));
  }

  /** Of a document that a `with` replaces, or puts something into. */
  #ofDocument(reference: RefTerm): Type | undefined {
    if (this.#replacements().length === 0) return undefined;
    const into = this.#replacements().findLast(({ target }) => isWithin(target, reference));
    if (into !== undefined && into.target.path.length > reference.path.length) {
      const type = this.#ofReference(reference.head, reference.path);
      return type?.kind === "any" ? COMPOSED : or(type, COMPOSED);
    }
    const replacement = this.replacement(reference);
    if (replacement !== undefined) return follow(replacement.type, reference.path.slice(replacement.from));
    return this.isAffected(reference) ? ANY : undefined;
  }

  #ofReference(head: Term, path: readonly Term[]): Type | undefined {
    if (head.kind !== "var") return follow(this.typeOf(head), path);
    if (head.name !== "data") return follow(this.variable(head.name) ?? ANY, path);
    let tree: RuleTree = this.rules.tree;
    for (const [index, step] of path.entries()) {
      const key = constantOf(step);
      const child = typeof key === "string" ? tree.children.get(key) : undefined;
      if (child === undefined) {
        if (tree.group !== undefined)
          return tree.children.size > 0 ? ANY : follow(this.rules.ofGroup(tree.group), path.slice(index));
        if (key !== undefined) return ANY;
        return follow(this.rules.ofNode(tree), path.slice(index));
      }
      tree = child;
    }
    return this.rules.ofNode(tree);
  }
}

/** The type at the end of a path into a type. */
function follow(type: Type | undefined, path: readonly Term[]): Type | undefined {
  let found = type;
  for (const step of path) {
    const key = constantOf(step);
    // What an empty collection has is not known to be anything.
    found =
      key !== undefined
        ? select(found, key as Value)
        : (valuesOf(found) ?? (isCollection(found) ? ANY : undefined));
  }
  return found;
}
