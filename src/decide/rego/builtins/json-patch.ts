/** JSON Patch (RFC 6902) on Rego's values: within sets a member is its own key, and arrays take steps that are numbers. */
import {
  entries,
  equal,
  isArray,
  isNumber,
  isObject,
  isSet,
  member,
  objectOf,
  type RegoObjectValue,
  RegoSet,
  typeName,
  type Value,
} from "../values/index.ts";
import { failure } from "./builtin.ts";
import { termText } from "./go-text.ts";
import { at, stepsOf } from "./json-path.ts";
import { intOf } from "./numbers.ts";

type Path = readonly Value[];

function fail(message: string): never {
  throw failure("json.patch", message);
}

/** An index of an array: a number, or its text; `-` is the place after the last. */
function indexOf(step: Value, length: number): number {
  if (step === "-") return length;
  if (isNumber(step)) return Number(intOf(step) ?? fail("invalid number type for indexing"));
  if (typeof step !== "string") return fail("invalid type for indexing");
  if (!/^[+-]?\d*(?:\.0*)?$/.test(step) || step === "") fail("invalid string for indexing");
  if (step.length > 1 && step.startsWith("0")) fail("leading zeros are not allowed in JSON paths");
  const index = Number(step);
  return Math.abs(index) < 2 ** 63 ? index : fail("invalid string for indexing");
}

/** The value of a member that an operation must have. */
function attribute(operation: RegoObjectValue, name: string): Value {
  const found = member(operation, name);
  return found === undefined ? fail(`missing required attribute '${name}'`) : found;
}

/** The document with every operation applied to it, one after the other. @throws BuiltinError for the first that fails */
export function patch(document: Value, operations: readonly Value[]): Value {
  let result = document;
  for (const operation of operations) {
    if (!isObject(operation))
      fail("must be an array of JSON-Patch objects, but at least one element is not an object");
    result = apply(result, operation);
  }
  return result;
}

function apply(document: Value, operation: RegoObjectValue): Value {
  const path = stepsOf("json.patch", attribute(operation, "path"));
  const op = attribute(operation, "op");
  const from = (): Path => stepsOf("json.patch", attribute(operation, "from"));
  if (op === "add") return insert(document, path, attribute(operation, "value"));
  if (op === "remove") return path.length === 0 ? fail("cannot delete the root") : remove(document, path);
  if (op === "replace") {
    const rest = path.length === 0 ? document : remove(document, path);
    return insert(rest, path, attribute(operation, "value"));
  }
  if (op === "copy") return insert(document, path, get(document, from()));
  if (op === "move") return move(document, from(), path);
  if (op === "test") return test(document, path, operation);
  if (typeof op !== "string") return fail(`attribute 'op' must be a string but found: ${typeName(op)}`);
  return fail(`unrecognized op: '${op}'`);
}

function move(document: Value, from: Path, path: Path): Value {
  const moved = get(document, from);
  if (from.length > 0) return insert(remove(document, from), path, moved);
  return path.length === 0 ? moved : fail("deleted node encountered during insert operation");
}

function test(document: Value, path: Path, operation: RegoObjectValue): Value {
  const found = get(document, path);
  const expected = attribute(operation, "value");
  if (equal(found, expected)) return document;
  return fail(
    `value from EditTree != patch value.\n\nExpected: ${termText(expected)}\n\nFound: ${termText(found)}`,
  );
}

function get(document: Value, path: Path): Value {
  let found = document;
  for (const step of path) {
    if (!isComposite(found)) notComposite(found, ` for path ${termText(step)}`);
    found = inner(found, step);
  }
  return found;
}

function isComposite(value: Value): boolean {
  return isArray(value) || isSet(value) || isObject(value);
}

function notComposite(value: Value, where: string): never {
  const type = typeName(value);
  return fail(
    `expected composite type${where}, found value: ${termText(value)} (type: ast.${type.charAt(0).toUpperCase()}${type.slice(1)})`,
  );
}

/** What is at a step, which must be there. */
function inner(value: Value, step: Value): Value {
  const index = isArray(value) ? indexOf(step, value.length) : undefined;
  const found = isArray(value) ? value[index ?? -1] : at(value, step);
  if (found !== undefined) return found;
  const name = index ?? (isSet(value) && typeof step === "string" ? step : termText(step));
  return fail(`path ${name} does not exist in ${typeName(value)} term ${termText(value)}`);
}

/** The value with what is at a path, down to its last step, put in the place of what was there. */
function changed(
  value: Value,
  path: Path,
  depth: number,
  change: (value: Value, step: Value) => Value,
): Value {
  if (!isComposite(value)) notComposite(value, "");
  const step = path[depth] as Value;
  if (depth === path.length - 1) return change(value, step);
  const old = inner(value, step);
  const made = changed(old, path, depth + 1, change);
  if (isArray(value)) return value.with(indexOf(step, value.length), made);
  if (isSet(value)) return RegoSet.of([...value.unsorted().filter((item) => !equal(item, old)), made]);
  return objectOf([...others(value as RegoObjectValue, step), [step, made]]);
}

/** The members of an object but the one of that key. */
function others(object: RegoObjectValue, key: Value): readonly (readonly [Value, Value])[] {
  return entries(object).filter(([other]) => !equal(other, key));
}

function insert(document: Value, path: Path, item: Value): Value {
  if (path.length === 0) return item;
  return changed(document, path, 0, (value, step) => {
    if (isArray(value)) {
      const index = indexOf(step, value.length);
      if (index < 0 || index > value.length) fail("index for array insertion out of bounds");
      return value.toSpliced(index, 0, item);
    }
    if (!isSet(value)) return objectOf([...others(value as RegoObjectValue, step), [step, item]]);
    if (!equal(step, item))
      fail(`set key ${termText(step)} does not equal value to be inserted ${termText(item)}`);
    return RegoSet.of([...value.unsorted(), item]);
  });
}

function remove(document: Value, path: Path): Value {
  return changed(document, path, 0, (value, step) => {
    if (isArray(value)) {
      const index = indexOf(step, value.length);
      if (index < 0 || index >= value.length) fail("index for array delete out of bounds");
      return value.toSpliced(index, 1);
    }
    if (at(value, step) === undefined) fail(`cannot delete child key ${termText(step)} that does not exist`);
    if (isSet(value)) return RegoSet.of(value.unsorted().filter((item) => !equal(item, step)));
    return objectOf(others(value as RegoObjectValue, step));
  });
}
