/** Objects and JSON documents by path (OPA policy reference, "Object"). */
import { BuiltinError } from "../errors.ts";
import {
  entries,
  equal,
  isArray,
  isObject,
  isSet,
  member,
  objectOf,
  RegoObject,
  type RegoObjectValue,
  RegoSet,
  setMember,
  sortedKeys,
  type Value,
} from "../values/index.ts";
import {
  arrayOperand,
  type Evaluation,
  type Implementations,
  itemError,
  objectOperand,
  operandError,
} from "./builtin.ts";
import { patch } from "./json-patch.ts";
import { at, stepsOf } from "./json-path.ts";

/** Keys named by an array, a set or an object's own keys. */
function keysOperand(name: string, value: Value): RegoSet {
  if (isArray(value)) return RegoSet.of(value);
  if (isSet(value)) return value;
  if (isObject(value)) return RegoSet.of(sortedKeys(value));
  throw operandError(name, 2, "one of {object, set, array}", value);
}

/** Paths as a tree: a step to what is below it, `null` where a path ends. A shorter path takes in the longer ones. */
type PathTree = RegoObject;

function pathTree(name: string, value: Value): PathTree {
  if (!isArray(value) && !isSet(value)) throw operandError(name, 2, "one of {set, array}", value);
  const tree = new RegoObject();
  for (const path of isSet(value) ? value.sorted() : value) insert(tree, stepsOf(name, path));
  return tree;
}

function insert(tree: PathTree, path: readonly Value[]): void {
  let node = tree;
  for (const [index, step] of path.entries()) {
    const below = node.get(step);
    if (below === null) return;
    if (index === path.length - 1) {
      node.put(step, null);
      return;
    }
    if (below instanceof RegoObject) node = below;
    else {
      const made = new RegoObject();
      node.put(step, made);
      node = made;
    }
  }
}

function filtered(value: Value, tree: Value): Value {
  if (!(tree instanceof RegoObject)) return value;
  if (isArray(value))
    return value.flatMap((item, index) => {
      const below = tree.get(String(index));
      return below === undefined ? [] : [filtered(item, below)];
    });
  if (isSet(value))
    return RegoSet.of(
      value.unsorted().flatMap((item) => {
        const below = tree.get(item);
        return below === undefined ? [] : [filtered(item, below)];
      }),
    );
  if (!isObject(value)) return value;
  return objectOf(
    entries(value).flatMap(([key, item]): [Value, Value][] => {
      const below = tree.get(key);
      return below === undefined ? [] : [[key, filtered(item, below)]];
    }),
  );
}

function without(value: Value, tree: Value): Value {
  if (!(tree instanceof RegoObject)) return value;
  const kept = (item: Value, key: Value): Value[] => {
    const below = tree.get(key);
    if (below === undefined) return [item];
    return below === null ? [] : [without(item, below)];
  };
  if (isArray(value)) return value.flatMap((item, index) => kept(item, String(index)));
  if (isSet(value)) return RegoSet.of(value.unsorted().flatMap((item) => kept(item, item)));
  if (!isObject(value)) return value;
  return objectOf(
    entries(value).flatMap(([key, item]) => kept(item, key).map((left): [Value, Value] => [key, left])),
  );
}

function union(a: RegoObjectValue, b: RegoObjectValue): RegoObjectValue {
  if (a instanceof RegoObject || b instanceof RegoObject) {
    const merged = RegoObject.of(entries(a));
    for (const [key, value] of entries(b)) merged.put(key, unionOf(merged.get(key), value));
    return merged;
  }
  const merged: Record<string, Value> = { ...a };
  for (const key of Object.keys(b)) setMember(merged, key, unionOf(member(a, key), b[key] as Value));
  return merged;
}

function unionOf(old: Value | undefined, value: Value): Value {
  return isObject(old) && isObject(value) ? union(old, value) : value;
}

/** The members whose keys pass. */
function membersWhere(object: RegoObjectValue, isKept: (key: Value) => boolean): RegoObjectValue {
  if (object instanceof RegoObject) return objectOf(object.unsorted().filter(([key]) => isKept(key)));
  const kept: Record<string, Value> = {};
  for (const key of Object.keys(object)) if (isKept(key)) setMember(kept, key, object[key] as Value);
  return kept;
}

/** Undefined where neither kind of value can hold the other. */
function isSubset(evaluation: Evaluation, whole: Value, part: Value): boolean | undefined {
  if (isObject(whole) && isObject(part))
    return entries(part).every(([key, value]) => {
      const other = member(whole, key);
      return other !== undefined && (isSubset(evaluation, other, value) ?? equal(other, value));
    });
  if (isSet(whole) && isSet(part)) return part.unsorted().every((value) => whole.has(value));
  if (isArray(whole) && isArray(part)) return isWithin(evaluation, whole, part);
  if (isArray(whole) && isSet(part)) {
    const all = RegoSet.of(whole);
    // An array of nothing is never asked for what it holds.
    return whole.length > 0 && part.unsorted().every((value) => all.has(value));
  }
  return undefined;
}

/** Whether the part stands in the whole, one item after the other. */
function isWithin(evaluation: Evaluation, whole: readonly Value[], part: readonly Value[]): boolean {
  for (let start = 0; start + part.length <= whole.length; start++) {
    const different = part.findIndex((value, index) => !equal(whole[start + index] as Value, value));
    if (different < 0) return true;
    evaluation.charge(different + 1);
  }
  return false;
}

export const JSON_DOCUMENTS: Implementations = {
  "object.get": (_, a, key, fallback) => {
    const object = objectOperand("object.get", 1, a);
    let found: Value | undefined = isArray(key) ? object : member(object, key);
    if (isArray(key)) for (const step of key) found = found === undefined ? undefined : at(found, step);
    return found === undefined ? fallback : found;
  },
  "object.keys": (_, a) => RegoSet.of(sortedKeys(objectOperand("object.keys", 1, a))),
  "object.remove": (_, a, b) => {
    const object = objectOperand("object.remove", 1, a);
    const keys = keysOperand("object.remove", b);
    return membersWhere(object, (key) => !keys.has(key));
  },
  "object.filter": (_, a, b) => {
    const object = objectOperand("object.filter", 1, a);
    const keys = keysOperand("object.filter", b);
    return membersWhere(object, (key) => keys.has(key));
  },
  "object.union": (_, a, b) =>
    union(objectOperand("object.union", 1, a), objectOperand("object.union", 2, b)),
  "object.union_n": (_, a) => {
    let merged: RegoObjectValue = {};
    for (const item of arrayOperand("object.union_n", 1, a)) {
      if (!isObject(item)) throw itemError("object.union_n", 1, a, "objects", item);
      merged = union(merged, item);
    }
    return merged;
  },
  "object.subset": (evaluation, a, b) => {
    const found = isSubset(evaluation, a, b);
    if (found === undefined)
      throw new BuiltinError(
        "eval_type_error",
        "object.subset: both arguments object.subset must be of the same type or array and set",
      );
    return found;
  },
  "json.filter": (_, a, b) => filtered(objectOperand("json.filter", 1, a), pathTree("json.filter", b)),
  "json.remove": (_, a, b) => without(objectOperand("json.remove", 1, a), pathTree("json.remove", b)),
  "json.patch": (_, a, b) => patch(a, arrayOperand("json.patch", 2, b)),
};
