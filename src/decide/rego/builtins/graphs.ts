/** Graphs (OPA policy reference, "Graph"): adjacency by an object of arrays or sets. */
import {
  isArray,
  isObject,
  isSet,
  member,
  type RegoObjectValue,
  RegoSet,
  type Value,
} from "../values/index.ts";
import { type Evaluation, type Implementations, operandError } from "./builtin.ts";

function graphOperand(name: string, value: Value): RegoObjectValue {
  if (!isObject(value)) throw operandError(name, 1, "object", value);
  return value;
}

function nodes(name: string, value: Value): readonly Value[] {
  if (isArray(value)) return value;
  if (isSet(value)) return value.sorted();
  throw operandError(name, 2, "one of {array, set}", value);
}

function neighbours(graph: RegoObjectValue, node: Value): readonly Value[] | undefined {
  const found = member(graph, node);
  if (found === undefined) return undefined;
  if (isArray(found)) return found;
  return isSet(found) ? found.sorted() : [];
}

export const GRAPHS: Implementations = {
  "graph.reachable": (evaluation, a, b) => {
    const graph = graphOperand("graph.reachable", a);
    const reached = new RegoSet();
    const queue = [...nodes("graph.reachable", b)];
    for (let at = 0; at < queue.length; at++) {
      evaluation.charge(1);
      const node = queue[at] as Value;
      const edges = neighbours(graph, node);
      if (edges === undefined || reached.has(node)) continue;
      reached.add(node);
      for (const edge of edges) if (!reached.has(edge)) queue.push(edge);
    }
    return reached;
  },
  "graph.reachable_paths": (evaluation, a, b) => {
    const graph = graphOperand("graph.reachable_paths", a);
    const paths = new RegoSet();
    for (const root of nodes("graph.reachable_paths", b)) {
      const edges = neighbours(graph, root);
      if (edges === undefined) continue;
      extend(evaluation, graph, root, [], new RegoSet(), paths);
    }
    return paths;
  },
};

/** Paths end where no neighbour is left, or where the only way on is back to where the path has been. */
function extend(
  evaluation: Evaluation,
  graph: RegoObjectValue,
  node: Value,
  path: readonly Value[],
  seen: RegoSet,
  paths: RegoSet,
): void {
  evaluation.charge(1);
  const edges = neighbours(graph, node);
  if (edges === undefined || seen.has(node)) {
    paths.add(path);
    return;
  }
  const longer = [...path, node];
  if (edges.length === 0) {
    paths.add(longer);
    return;
  }
  const visited = RegoSet.of([...seen.unsorted(), node]);
  for (const edge of edges) extend(evaluation, graph, edge, longer, visited, paths);
}
