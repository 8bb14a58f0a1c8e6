/** Comparisons and membership (OPA policy reference, "Comparison"). */
import { compare, entries, equal, isArray, isObject, isSet } from "../values/index.ts";
import type { Implementations } from "./builtin.ts";
import { at } from "./json-path.ts";

export const COMPARISON: Implementations = {
  equal: (_, a, b) => equal(a, b),
  eq: (_, a, b) => equal(a, b),
  assign: (_, a, b) => equal(a, b),
  neq: (_, a, b) => !equal(a, b),
  lt: (_, a, b) => compare(a, b) < 0,
  lte: (_, a, b) => compare(a, b) <= 0,
  gt: (_, a, b) => compare(a, b) > 0,
  gte: (_, a, b) => compare(a, b) >= 0,
  "internal.member_2": (_, value, collection) => {
    if (isArray(collection)) return collection.some((item) => equal(item, value));
    if (isSet(collection)) return collection.has(value);
    return isObject(collection) && entries(collection).some(([, item]) => equal(item, value));
  },
  "internal.member_3": (_, key, value, collection) => {
    if (isSet(collection)) return equal(key, value) && collection.has(value);
    const found = at(collection, key);
    return found !== undefined && equal(found, value);
  },
};
