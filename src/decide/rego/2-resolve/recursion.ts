/** Finds rules that need their own value, through references, functions and the values of `with` (OPA "Recursion"). */
import type { Term } from "../syntax.ts";
import type { Draft, Findings } from "./draft.ts";
import { isConstant, isSame, Known } from "./known.ts";
import { Node, nameOf } from "./tree.ts";
import { type Visitor, visitExpr, visitTerm } from "./walk.ts";

/** The steps after `data` of what a draft refers to: what each can be, or undefined where it can be anything. */
type Steps = readonly (readonly Term[] | undefined)[];

function referencesOf(draft: Draft): Steps[] {
  const found: Steps[] = [];
  const visitorOf = (known: Known): Visitor => {
    const visit = (term: Term): boolean => {
      if (term.kind === "var" && term.name === "data") found.push([]);
      if (term.kind === "call" && term.operator.kind === "ref") visitTerm(term.operator, visitor);
      if (term.kind !== "ref") return true;
      if (term.head.kind === "var" && term.head.name === "data")
        found.push(term.path.map((step) => known.of(step)));
      else visitTerm(term.head, visitor);
      for (const step of term.path) visitTerm(step, visitor);
      return false;
    };
    const visitor: Visitor = { term: visit };
    return visitor;
  };
  draft.branches.forEach(({ value, body }, index) => {
    const known = new Known();
    const visitor = visitorOf(known);
    for (const expr of body) {
      visitExpr(expr, visitor);
      known.add(expr);
    }
    if (value) visitTerm(value, visitor);
    if (index === 0)
      for (const term of [...draft.keys, ...(draft.member ? [draft.member] : [])]) visitTerm(term, visitor);
  });
  return found;
}

/** Whether the steps from `at` on may lead to what the draft defines, as far as its keys are constant. */
function isWithin({ keys }: Draft, steps: Steps, at: number): boolean {
  return keys.every((key, index) => {
    const values = steps[at + index];
    return values === undefined || !isConstant(key) || values.some((value) => isSame(value, key));
  });
}

/** The nodes with rules that a reference may reach: those on its way, at its end and below. */
function reached(root: Node, steps: Steps): Set<Node> {
  const found = new Set<Node>();
  const below = (node: Node): void => {
    if (node.drafts.length > 0) found.add(node);
    for (const child of node.children.values()) below(child);
  };
  const walk = (node: Node, at: number): void => {
    if (at === steps.length) {
      below(node);
      return;
    }
    if (node.drafts.some((draft) => isWithin(draft, steps, at))) found.add(node);
    const values = steps[at];
    if (values === undefined) for (const child of node.children.values()) walk(child, at + 1);
    else {
      for (const name of new Set(values.flatMap((value) => (value.kind === "string" ? [value.value] : [])))) {
        const child = node.children.get(name);
        if (child) walk(child, at + 1);
      }
    }
  };
  walk(root, 0);
  return found;
}

/** A text that equal steps share. */
function keyOf(steps: Steps): string {
  return JSON.stringify(
    steps.map(
      (values) =>
        values?.map((value) =>
          value.kind === "string" ? value.value : [value.at.source.file, value.at.start],
        ) ?? null,
    ),
  );
}

/** What references of the same steps reach. Rules share it, so that many that refer to many are no product of both. */
class Reference {
  readonly targets: ReadonlySet<Node>;
  constructor(targets: ReadonlySet<Node>) {
    this.targets = targets;
  }
}

type Vertex = Node | Reference;

class Graph {
  readonly #root: Node;
  readonly #edges = new Map<Node, ReadonlySet<Reference>>();
  readonly #references = new Map<string, Reference>();
  constructor(root: Node) {
    this.#root = root;
  }
  next(vertex: Vertex): ReadonlySet<Vertex> {
    if (vertex instanceof Reference) return vertex.targets;
    const known = this.#edges.get(vertex);
    if (known) return known;
    const edges = new Set<Reference>();
    for (const draft of vertex.drafts)
      for (const steps of referencesOf(draft)) edges.add(this.#reference(steps));
    this.#edges.set(vertex, edges);
    return edges;
  }

  #reference(steps: Steps): Reference {
    const key = keyOf(steps);
    const known = this.#references.get(key);
    if (known) return known;
    const reference = new Reference(reached(this.#root, steps));
    this.#references.set(key, reference);
    return reference;
  }
}

/** Groups of nodes that reach each other (Tarjan's algorithm, without recursion: a chain may be long). */
function cycles(nodes: readonly Node[], graph: Graph): Vertex[][] {
  const index = new Map<Vertex, number>();
  const low = new Map<Vertex, number>();
  const stack: Vertex[] = [];
  const open = new Set<Vertex>();
  const found: Vertex[][] = [];
  for (const start of nodes) {
    if (index.has(start)) continue;
    const work: { readonly node: Vertex; readonly next: Iterator<Vertex> }[] = [];
    const enter = (node: Vertex): void => {
      index.set(node, index.size);
      low.set(node, index.size - 1);
      stack.push(node);
      open.add(node);
      work.push({ node, next: graph.next(node)[Symbol.iterator]() });
    };
    const lower = (node: Vertex, to: number): void => {
      low.set(node, Math.min(low.get(node) ?? to, to));
    };
    enter(start);
    for (let top = work.at(-1); top !== undefined; top = work.at(-1)) {
      const step = top.next.next();
      if (!step.done) {
        if (!index.has(step.value)) enter(step.value);
        else if (open.has(step.value)) lower(top.node, index.get(step.value) ?? 0);
        continue;
      }
      work.pop();
      const parent = work.at(-1);
      if (parent) lower(parent.node, low.get(top.node) ?? 0);
      if (low.get(top.node) !== index.get(top.node)) continue;
      const group: Vertex[] = [];
      let node: Vertex | undefined;
      do {
        node = stack.pop();
        if (node === undefined) break;
        open.delete(node);
        group.push(node);
      } while (node !== top.node);
      if (group.length > 1) found.push(group);
    }
  }
  return found;
}

/** The shortest way from a node back to itself within its group. */
function wayBack(from: Node, group: ReadonlySet<Vertex>, graph: Graph): Vertex[] {
  const before = new Map<Vertex, Vertex>();
  const queue: Vertex[] = [from];
  for (const node of queue) {
    for (const next of graph.next(node)) {
      if (next === from) {
        const way: Vertex[] = [from];
        for (let at: Vertex | undefined = node; at !== undefined && at !== from; at = before.get(at))
          way.unshift(at);
        return [from, ...way];
      }
      if (!group.has(next) || before.has(next)) continue;
      before.set(next, node);
      queue.push(next);
    }
  }
  return [from];
}

export function checkRecursion(root: Node, findings: Findings): void {
  const nodes = [...reached(root, [])];
  const graph = new Graph(root);
  for (const group of cycles(nodes, graph)) {
    const members = new Set(group);
    const [first] = nodes.filter((node) => members.has(node));
    const draft = first?.drafts[0];
    if (first === undefined || draft === undefined) continue;
    const way = wayBack(first, members, graph).flatMap((vertex) => {
      const [one] = vertex instanceof Node ? vertex.drafts : [];
      return one ? [nameOf(one)] : [];
    });
    const message = `rule ${nameOf(draft)} is recursive: ${way.join(" -> ")}`;
    findings.add("rego_recursion_error", draft.rule.head.at, message);
  }
}
