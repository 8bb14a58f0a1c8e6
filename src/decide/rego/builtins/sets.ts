/** Sets (OPA policy reference, "Sets"). */
import { isSet, RegoSet, type Value } from "../values/index.ts";
import { type Implementations, operandError, setOperand } from "./builtin.ts";

function sets(name: string, value: Value): readonly RegoSet[] {
  const found: RegoSet[] = [];
  for (const item of setOperand(name, 1, value).sorted()) {
    if (!isSet(item)) throw operandError(name, 1, "set", item);
    found.push(item);
  }
  return found;
}

function intersection(a: RegoSet, b: RegoSet): RegoSet {
  return RegoSet.of(a.unsorted().filter((value) => b.has(value)));
}

/** What the first has and the second has not. */
export function difference(a: RegoSet, b: RegoSet): RegoSet {
  return RegoSet.of(a.unsorted().filter((value) => !b.has(value)));
}

export const SETS: Implementations = {
  and: (_, a, b) => intersection(setOperand("and", 1, a), setOperand("and", 2, b)),
  or: (_, a, b) => RegoSet.of([...setOperand("or", 1, a).unsorted(), ...setOperand("or", 2, b).unsorted()]),
  set_diff: (_, a, b) => difference(setOperand("set_diff", 1, a), setOperand("set_diff", 2, b)),
  union: (_, value) => RegoSet.of(sets("union", value).flatMap((set) => set.unsorted())),
  intersection: (_, value) => {
    const all = sets("intersection", value);
    return all.length === 0 ? new RegoSet() : all.reduce(intersection);
  },
};
