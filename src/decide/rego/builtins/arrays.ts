/** Arrays (OPA policy reference, "Arrays"). */
import { isArray, type Value } from "../values/index.ts";
import { arrayOperand, type Implementations } from "./builtin.ts";
import { integerOperand } from "./numbers.ts";

export const ARRAYS: Implementations = {
  "array.concat": (evaluation, a, b) => {
    const first = arrayOperand("array.concat", 1, a);
    const second = arrayOperand("array.concat", 2, b);
    // A chain of rules that each double an array would fill the memory before the steps are used up.
    evaluation.charge((first.length + second.length) >> 2);
    return first.concat(second);
  },
  "array.reverse": (_, a) => [...arrayOperand("array.reverse", 1, a)].reverse(),
  "array.slice": (_, a, b, c) => {
    const items = arrayOperand("array.slice", 1, a);
    const start = clamp(integerOperand("array.slice", 2, b), items.length);
    const stop = clamp(integerOperand("array.slice", 3, c), items.length);
    return stop <= start ? [] : items.slice(start, stop);
  },
  "array.flatten": (_, a) => flatten(arrayOperand("array.flatten", 1, a)),
  "regal.last": (_, a) => {
    const items = arrayOperand("regal.last", 1, a);
    return items[items.length - 1];
  },
};

function clamp(index: bigint, length: number): number {
  if (index < 0n) return 0;
  return index > BigInt(length) ? length : Number(index);
}

/** One level, as OPA flattens. */
function flatten(items: readonly Value[]): readonly Value[] {
  return items.flatMap((item) => (isArray(item) ? item : [item]));
}
