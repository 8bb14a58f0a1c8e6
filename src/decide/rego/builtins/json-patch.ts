/** JSON Patch (RFC 6902) on Rego's values; a path may leave its first `/` out, and may be an array of steps. */

import { BuiltinError } from "../errors.ts";
import {
  entries,
  equal,
  integerOf,
  isArray,
  isNumber,
  isObject,
  isSet,
  member,
  objectOf,
  RegoSet,
  type Value,
} from "../values/index.ts";
import { failure } from "./builtin.ts";

const fail = (message: string): never => {
  throw failure("json.patch", message);
};

/** One step into a value; undefined where there is nothing. */
export function at(value: Value, step: Value): Value | undefined {
  if (isArray(value)) {
    const index = indexOf(step);
    return index === undefined ? undefined : value[index];
  }
  if (isSet(value)) return value.member(step);
  return isObject(value) ? member(value, step) : undefined;
}

function indexOf(step: Value): number | undefined {
  const found = isNumber(step) ? integerOf(step) : undefined;
  return found !== undefined && found >= 0n && found < 2n ** 32n ? Number(found) : undefined;
}

/** An index of an array within a patch's path, where texts of digits count too. */
function place(step: Value, length: number): number {
  if (step === "-") return length;
  const index = typeof step === "string" && /^(?:0|[1-9]\d{0,9})$/.test(step) ? Number(step) : indexOf(step);
  return index === undefined || index > length ? fail("invalid index") : index;
}

function stepsOf(operation: Value, name: "path" | "from"): readonly Value[] {
  const path = isObject(operation) ? member(operation, name) : undefined;
  if (path === undefined)
    throw new BuiltinError("eval_type_error", `json.patch: missing '${name}' attribute`);
  if (isArray(path)) return path;
  if (typeof path !== "string")
    throw new BuiltinError("eval_type_error", `json.patch: invalid type for '${name}'`);
  if (path === "") return [];
  return path
    .replace(/^\//, "")
    .split("/")
    .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
}

export function patch(document: Value, operations: readonly Value[]): Value {
  let result = document;
  for (const operation of operations) result = apply(result, operation);
  return result;
}

function apply(document: Value, operation: Value): Value {
  if (!isObject(operation))
    throw new BuiltinError(
      "eval_type_error",
      "json.patch: must be an array of JSON-Patch objects, but at least one element is not an object",
    );
  const named = member(operation, "op");
  const op = typeof named === "string" ? named : "";
  const path = stepsOf(operation, "path");
  const value = (): Value => {
    const found = member(operation, "value");
    if (found === undefined)
      throw new BuiltinError("eval_type_error", "json.patch: missing 'value' attribute");
    return found;
  };
  switch (op) {
    case "add":
      return insert(document, path, 0, value());
    case "remove":
      return path.length === 0 ? fail("cannot remove the root") : remove(document, path, 0);
    case "replace": {
      const item = value();
      if (path.length === 0) return item;
      return insert(remove(document, path, 0), path, 0, item);
    }
    case "move": {
      const from = stepsOf(operation, "from");
      if (from.length === 0) fail("cannot move the root");
      const moved = get(document, from);
      return insert(remove(document, from, 0), path, 0, moved);
    }
    case "copy":
      return insert(document, path, 0, get(document, stepsOf(operation, "from")));
    case "test":
      return equal(get(document, path), value()) ? document : fail("test failed");
    default:
      throw new BuiltinError("eval_type_error", "json.patch: unrecognized op");
  }
}

function get(document: Value, path: readonly Value[]): Value {
  let found = document;
  for (const step of path) found = inner(found, step);
  return found;
}

function inner(value: Value, step: Value): Value {
  const found = isArray(value)
    ? value[step === "-" ? value.length : place(step, value.length)]
    : at(value, step);
  return found ?? (found === null ? null : fail("no such path"));
}

function insert(value: Value, path: readonly Value[], depth: number, item: Value): Value {
  const step = path[depth];
  if (step === undefined) return item;
  if (depth < path.length - 1) return changed(value, step, (below) => insert(below, path, depth + 1, item));
  if (isArray(value)) {
    const index = place(step, value.length);
    return [...value.slice(0, index), item, ...value.slice(index)];
  }
  if (isSet(value)) {
    if (!equal(step, item)) fail("set key does not equal value");
    return RegoSet.of([...value.unsorted(), item]);
  }
  if (isObject(value))
    return objectOf([...entries(value).filter(([key]) => !equal(key, step)), [step, item]]);
  return fail("no such path");
}

function remove(value: Value, path: readonly Value[], depth: number): Value {
  const step = path[depth] as Value;
  if (depth < path.length - 1) return changed(value, step, (below) => remove(below, path, depth + 1));
  const old = inner(value, step);
  if (isArray(value)) {
    const index = place(step, value.length);
    return [...value.slice(0, index), ...value.slice(index + 1)];
  }
  if (isSet(value)) return RegoSet.of(value.unsorted().filter((item) => !equal(item, old)));
  if (isObject(value)) return objectOf(entries(value).filter(([key]) => !equal(key, step)));
  return fail("no such path");
}

function changed(value: Value, step: Value, change: (below: Value) => Value): Value {
  const old = inner(value, step);
  const made = change(old);
  if (isArray(value)) {
    const index = place(step, value.length);
    return [...value.slice(0, index), made, ...value.slice(index + 1)];
  }
  if (isSet(value)) return RegoSet.of(value.unsorted().map((item) => (equal(item, old) ? made : item)));
  if (isObject(value))
    return objectOf(entries(value).map(([key, item]) => [key, equal(key, step) ? made : item]));
  return fail("no such path");
}
