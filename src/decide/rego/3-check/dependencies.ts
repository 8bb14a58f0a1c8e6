/** What rules refer to: in which order they are checked, and which read what a `with` replaces. */
import type { ResolvedRule, RuleGroup, RuleTree } from "../2-resolve/program.ts";
import { type Visitor, visitBody, visitTerm } from "../2-resolve/walk.ts";
import type { Term } from "../syntax.ts";
import { canonicalText } from "../values/index.ts";
import { scalarOf } from "./constant.ts";

/** A rule group, or all that are at a node and below. */
type Task =
  | { readonly kind: "group"; readonly group: RuleGroup }
  | { readonly kind: "tree"; readonly tree: RuleTree };
type Subject = RuleGroup | RuleTree;

interface Frame {
  readonly task: Task;
  readonly needs: Iterator<Task>;
}

/**
 * The rule groups of a tree, each after those that it refers to. Where a reference comes back to where it began, which only
 * what `with` replaces can do, the order is that of the text.
 */
export function inOrder(root: RuleTree): readonly RuleGroup[] {
  const order: RuleGroup[] = [];
  const seen = new Set<Subject>();
  const stack: Frame[] = [];
  const enter = (task: Task): void => {
    const subject = subjectOf(task);
    if (seen.has(subject)) return;
    seen.add(subject);
    const needs = task.kind === "group" ? needsOfGroup(task.group, root) : needsOfTree(task.tree);
    stack.push({ task, needs });
  };
  enter({ kind: "tree", tree: root });
  for (let frame = stack.at(-1); frame !== undefined; frame = stack.at(-1)) {
    const next = frame.needs.next();
    if (next.done !== true) enter(next.value);
    else {
      stack.pop();
      if (frame.task.kind === "group") order.push(frame.task.group);
    }
  }
  return order;
}

function subjectOf(task: Task): Subject {
  return task.kind === "group" ? task.group : task.tree;
}

/** Which rules read which documents, themselves or by others. */
export class Readers {
  readonly #root: RuleTree;
  /** Of each group the nodes from the root to its own. */
  readonly #above = new Map<RuleGroup, readonly RuleTree[]>();
  readonly #direct = new Map<Subject, RuleGroup[]>();
  readonly #known = new Map<string, ReadonlySet<RuleGroup>>();
  constructor(root: RuleTree) {
    this.#root = root;
  }

  /** The rules that read what is at a path, those that define it aside. */
  of(path: readonly Term[]): ReadonlySet<RuleGroup> {
    const key = path.map((step) => canonicalText(scalarOf(step) ?? null)).join();
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const targets = [...along(path, this.#root)].flatMap((task) =>
      task.kind === "group" ? [task.group] : groupsOf(task.tree),
    );
    const readers = this.#readersOf(targets);
    this.#known.set(key, readers);
    return readers;
  }

  #readersOf(targets: readonly RuleGroup[]): ReadonlySet<RuleGroup> {
    if (targets.length > 0 && this.#above.size === 0) this.#survey();
    const readers = new Set<RuleGroup>();
    const open = [...targets];
    for (let group = open.pop(); group !== undefined; group = open.pop())
      for (const subject of [group, ...(this.#above.get(group) ?? [])])
        for (const reader of this.#direct.get(subject) ?? []) {
          if (readers.has(reader)) continue;
          readers.add(reader);
          open.push(reader);
        }
    for (const target of targets) readers.delete(target);
    return readers;
  }

  #survey(): void {
    const open: (readonly RuleTree[])[] = [[this.#root]];
    for (let path = open.pop(); path !== undefined; path = open.pop()) {
      const tree = path.at(-1) as RuleTree;
      for (const child of tree.children.values()) open.push([...path, child]);
      if (tree.group === undefined) continue;
      this.#above.set(tree.group, path);
      for (const need of needsOfGroup(tree.group, this.#root)) {
        const readers = this.#direct.get(subjectOf(need));
        if (readers === undefined) this.#direct.set(subjectOf(need), [tree.group]);
        else readers.push(tree.group);
      }
    }
  }
}

function groupsOf({ group, children }: RuleTree): RuleGroup[] {
  const below = [...children.values()].flatMap(groupsOf);
  return group === undefined ? below : [group, ...below];
}

function* needsOfTree({ group, children }: RuleTree): Generator<Task, undefined, undefined> {
  if (group !== undefined) yield { kind: "group", group };
  for (const tree of children.values()) yield { kind: "tree", tree };
  return undefined;
}

function* needsOfGroup(group: RuleGroup, root: RuleTree): Generator<Task, undefined, undefined> {
  for (const rule of group.default === undefined ? group.rules : [group.default, ...group.rules])
    for (const path of referencesOf(rule)) yield* along(path, root);
  return undefined;
}

/** The rules that a path goes through, and those below its end or below the first step that is not known. */
function* along(path: readonly Term[], root: RuleTree): Generator<Task, undefined, undefined> {
  let tree = root;
  for (const step of path) {
    if (tree.group !== undefined) yield { kind: "group", group: tree.group };
    const key = scalarOf(step);
    if (key === undefined) break;
    const child = typeof key === "string" ? tree.children.get(key) : undefined;
    if (child === undefined) return undefined;
    tree = child;
  }
  yield { kind: "tree", tree };
  return undefined;
}

const WHOLE: readonly Term[] = [];

/** The paths of a rule's references into `data`. */
function referencesOf(rule: ResolvedRule): readonly (readonly Term[])[] {
  const paths: (readonly Term[])[] = [];
  const visitor: Visitor = {
    term: (term) => {
      if (term.kind === "var" && term.name === "data") paths.push(WHOLE);
      if (term.kind === "call" && term.operator.kind === "ref") paths.push(term.operator.path);
      if (term.kind !== "ref" || term.head.kind !== "var" || term.head.name !== "data") return true;
      paths.push(term.path);
      for (const step of term.path) visitTerm(step, visitor);
      return false;
    },
  };
  for (const term of [...rule.keys, rule.member, rule.value])
    if (term !== undefined) visitTerm(term, visitor);
  visitBody(rule.body, visitor);
  for (const { body, value } of rule.else) {
    visitBody(body, visitor);
    visitTerm(value, visitor);
  }
  return paths;
}
