/**
 * What the `with` of an expression makes of types: what is replaced can be anything, and so can every rule that reads it; what
 * a part is replaced in is an object.
 */
import type { ResolvedRule, RuleGroup, RuleTree } from "../2-resolve/program.ts";
import { visitBody, visitTerm } from "../2-resolve/walk.ts";
import type { RefTerm, Term } from "../syntax.ts";
import { constantOf } from "./constant.ts";

/** Which rules read which. */
export class Readers {
  readonly #tree: RuleTree;
  readonly #read = new Map<RuleGroup, ReadonlySet<RuleGroup>>();
  constructor(tree: RuleTree) {
    this.#tree = tree;
  }

  /** Whether rules that the reference leads to read, by others too, those that the target leads to. */
  reads(reference: RefTerm, target: RefTerm): boolean {
    const wanted = this.#groupsAt(target);
    if (wanted.size === 0) return false;
    const seen = new Set<RuleGroup>();
    const open = [...this.#groupsAt(reference)];
    for (let group = open.pop(); group !== undefined; group = open.pop()) {
      if (seen.has(group)) continue;
      seen.add(group);
      for (const read of this.#readBy(group)) {
        if (wanted.has(read)) return true;
        open.push(read);
      }
    }
    return false;
  }

  #groupsAt({ head, path }: RefTerm): ReadonlySet<RuleGroup> {
    if (head.kind !== "var" || head.name !== "data") return new Set();
    let tree = this.#tree;
    for (const step of path) {
      const key = constantOf(step);
      const child = typeof key === "string" ? tree.children.get(key) : undefined;
      if (child === undefined) {
        if (tree.group !== undefined) return new Set([tree.group]);
        return key === undefined ? new Set(groupsBelow(tree)) : new Set();
      }
      tree = child;
    }
    return new Set(groupsBelow(tree));
  }

  #readBy(group: RuleGroup): ReadonlySet<RuleGroup> {
    const known = this.#read.get(group);
    if (known !== undefined) return known;
    const read = new Set<RuleGroup>();
    const visitor = {
      term: (term: Term): boolean => {
        if (term.kind === "ref") for (const found of this.#groupsAt(term)) read.add(found);
        if (term.kind === "call" && term.operator.kind === "ref")
          for (const found of this.#groupsAt(term.operator)) read.add(found);
        return true;
      },
    };
    for (const rule of group.default === undefined ? group.rules : [...group.rules, group.default]) {
      for (const term of termsOf(rule)) visitTerm(term, visitor);
      for (const { body } of [rule, ...rule.else]) visitBody(body, visitor);
    }
    this.#read.set(group, read);
    return read;
  }
}

function termsOf({ args, keys, member, value, else: branches }: ResolvedRule): readonly Term[] {
  const heads = [member, value].filter((term) => term !== undefined);
  return [...args, ...keys, ...heads, ...branches.map((branch) => branch.value)];
}

function* groupsBelow(tree: RuleTree): Generator<RuleGroup> {
  if (tree.group !== undefined) yield tree.group;
  for (const child of tree.children.values()) yield* groupsBelow(child);
}

/** Whether the first reference leads to what the second does, or into it. */
export function isWithin(inner: RefTerm, outer: RefTerm): boolean {
  return (
    inner.head.kind === "var" &&
    outer.head.kind === "var" &&
    inner.head.name === outer.head.name &&
    inner.path.length >= outer.path.length &&
    outer.path.every((step, index) => {
      const key = constantOf(step);
      return key !== undefined && key === constantOf(inner.path[index] as Term);
    })
  );
}
