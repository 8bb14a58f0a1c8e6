/** Graphs (OPA policy reference, "Graph"): adjacency by an object of arrays or sets. */
import {
  equal,
  isArray,
  isSet,
  member,
  RegoObject,
  type RegoObjectValue,
  RegoSet,
  type Value,
} from "../values/index.ts";
import { type Evaluation, type Implementations, objectOperand, operandError } from "./builtin.ts";

function nodesOperand(name: string, value: Value): readonly Value[] {
  if (isArray(value)) return value;
  if (isSet(value)) return value.sorted();
  throw operandError(name, 2, "{array, set}", value);
}

/** Undefined for what is no node of the graph. */
function neighbours(graph: RegoObjectValue, node: Value): readonly Value[] | undefined {
  const found = member(graph, node);
  if (found === undefined || isArray(found)) return found;
  return isSet(found) ? found.sorted() : [];
}

function reachable(evaluation: Evaluation, graph: RegoObjectValue, start: readonly Value[]): RegoSet {
  const reached = new RegoSet();
  const queue = [...start];
  for (let at = 0; at < queue.length; at++) {
    evaluation.charge(1);
    const node = queue[at] as Value;
    if (reached.has(node)) continue;
    const next = neighbours(graph, node);
    if (next === undefined) continue;
    reached.add(node);
    for (const other of next) if (!reached.has(other)) queue.push(other);
  }
  return reached;
}

/** A node on the way, and which of its neighbours come next. */
interface Stop {
  readonly node: Value;
  readonly next: readonly Value[];
  turn: number;
}

/**
 * Paths end where no neighbour is left, or where the only way on is back to where the path has been. A root counts as such
 * only once the path has left it, so that a loop at a root is taken once.
 */
class Paths {
  readonly #evaluation: Evaluation;
  readonly #graph: RegoObjectValue;
  /** How often a node is on the way. */
  readonly #visits = new RegoObject();
  readonly #way: Stop[] = [];
  readonly #found = new RegoSet();
  constructor(evaluation: Evaluation, graph: RegoObjectValue) {
    this.#evaluation = evaluation;
    this.#graph = graph;
  }

  from(roots: readonly Value[]): RegoSet {
    for (const root of roots) if (neighbours(this.#graph, root) !== undefined) this.#follow(root);
    return this.#found;
  }

  /** Without recursion, since a path may be as long as the graph is large. */
  #follow(root: Value): void {
    this.#enter(root);
    for (let stop = this.#way.at(-1); stop !== undefined; stop = this.#way.at(-1)) {
      const node = stop.next[stop.turn++];
      if (node !== undefined) this.#turnTo(node, stop);
      else {
        this.#visits.put(stop.node, this.#visitsOf(stop.node) - 1);
        this.#way.pop();
      }
    }
  }

  #turnTo(node: Value, from: Stop): void {
    const isLoopAtRoot = this.#way.length === 1 && equal(node, from.node);
    if (this.#visitsOf(node) > 0 && !isLoopAtRoot) this.#end();
    else this.#enter(node);
  }

  #enter(node: Value): void {
    this.#evaluation.charge(1);
    const next = neighbours(this.#graph, node);
    if (next === undefined) this.#end();
    else {
      this.#way.push({ node, next, turn: 0 });
      this.#visits.put(node, this.#visitsOf(node) + 1);
      if (next.length === 0) this.#end();
    }
  }

  #visitsOf(node: Value): number {
    return Number(this.#visits.get(node) ?? 0);
  }

  #end(): void {
    this.#evaluation.charge(1 + this.#way.length);
    this.#found.add(this.#way.map(({ node }) => node));
  }
}

export const GRAPHS: Implementations = {
  "graph.reachable": (evaluation, a, b) =>
    reachable(evaluation, objectOperand("graph.reachable", 1, a), nodesOperand("graph.reachable", b)),
  "graph.reachable_paths": (evaluation, a, b) => {
    const graph = objectOperand("graph.reachable_paths", 1, a);
    return new Paths(evaluation, graph).from(nodesOperand("graph.reachable_paths", b));
  },
};
