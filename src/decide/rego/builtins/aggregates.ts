/** Aggregates (OPA policy reference, "Aggregates"). */
import { BuiltinError } from "../errors.ts";
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
import { type Implementations, operandError } from "./builtin.ts";

function items(name: string, value: Value): readonly Value[] {
  if (isArray(value)) return value;
  if (isSet(value)) return value.sorted();
  throw operandError(name, 1, "one of {set, array}", value);
}

function numbers(name: string, value: Value): readonly RegoNumber[] {
  const found = items(name, value);
  for (const item of found)
    if (!isNumber(item))
      throw new BuiltinError(
        "eval_type_error",
        `${name}: operand 1 must be ${isSet(value) ? "set" : "array"} of {number}`,
      );
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
  max: (_, value) => extreme(items("max", value), 1),
  min: (_, value) => extreme(items("min", value), -1),
  sort: (_, value) => [...items("sort", value)].sort(compare),
  all: (_, value) => items("all", value).every((item) => item === true),
  any: (_, value) => items("any", value).some((item) => item === true),
};

function extreme(values: readonly Value[], sign: number): Value | undefined {
  let found: Value | undefined;
  for (const value of values) if (found === undefined || compare(value, found) * sign > 0) found = value;
  return found;
}

function codePoints(text: string): number {
  let count = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit >= 0xd800 && unit < 0xdc00) i++;
    count++;
  }
  return count;
}
