/** Aggregates (OPA policy reference, "Aggregates"). */
import {
  compare,
  isArray,
  isNumber,
  isObject,
  isSet,
  memberCount,
  productOf,
  type RegoNumber,
  sumOf,
  type Value,
} from "../values/index.ts";
import { type Implementations, itemError, operandError } from "./builtin.ts";
import { codePoints } from "./code-points.ts";

function items(name: string, value: Value): readonly Value[] {
  if (isArray(value)) return value;
  if (isSet(value)) return value.sorted();
  throw operandError(name, 1, "one of {set, array}", value);
}

function unsorted(name: string, value: Value): readonly Value[] {
  return isSet(value) ? value.unsorted() : items(name, value);
}

function truths(name: string, value: Value): readonly Value[] {
  if (!isArray(value) && !isSet(value)) throw operandError(name, 1, "one of {array, set}", value);
  return unsorted(name, value);
}

function numbers(name: string, value: Value): readonly RegoNumber[] {
  const found = items(name, value);
  for (const item of found) if (!isNumber(item)) throw itemError(name, 1, value, "numbers", item);
  return found as readonly RegoNumber[];
}

export const AGGREGATES: Implementations = {
  count: (_, value) => {
    if (typeof value === "string") return codePoints(value);
    if (isArray(value)) return value.length;
    if (isSet(value)) return value.size;
    if (isObject(value)) return memberCount(value);
    throw operandError("count", 1, "one of {array, object, set, string}", value);
  },
  sum: (_, value) => sumOf(numbers("sum", value)),
  product: (_, value) => productOf(numbers("product", value)),
  max: (_, value) => extreme(unsorted("max", value), 1),
  min: (_, value) => extreme(unsorted("min", value), -1),
  sort: (_, value) => (isSet(value) ? value.sorted() : [...items("sort", value)].sort(compare)),
  all: (_, value) => truths("all", value).every((item) => item === true),
  any: (_, value) => truths("any", value).some((item) => item === true),
};

/** Of equal ones the last. */
function extreme(values: readonly Value[], sign: number): Value | undefined {
  let found: Value | undefined;
  for (const value of values) if (found === undefined || compare(value, found) * sign >= 0) found = value;
  return found;
}
