import type { Term } from "../syntax.ts";
import { objectOf, RegoSet, type Value } from "../values/index.ts";

/** The value of a term that holds scalars only. */
export function constantOf(term: Term): Value | undefined {
  switch (term.kind) {
    case "null":
      return null;
    case "boolean":
    case "number":
    case "string":
      return term.value;
    case "array":
      return constantsOf(term.items);
    case "set": {
      const items = constantsOf(term.items);
      return items && RegoSet.of(items);
    }
    case "object": {
      const members: (readonly [Value, Value])[] = [];
      for (const [key, value] of term.members) {
        const [name, item] = [constantOf(key), constantOf(value)];
        if (name === undefined || item === undefined) return undefined;
        members.push([name, item]);
      }
      return objectOf(members);
    }
    case "call":
    case "comprehension":
    case "ref":
    case "template":
    case "var":
      return undefined;
  }
}

function constantsOf(terms: readonly Term[]): readonly Value[] | undefined {
  const values: Value[] = [];
  for (const term of terms) {
    const value = constantOf(term);
    if (value === undefined) return undefined;
    values.push(value);
  }
  return values;
}

/** The value of a scalar term. */
export function scalarOf(term: Term): Value | undefined {
  switch (term.kind) {
    case "null":
      return null;
    case "boolean":
    case "number":
    case "string":
      return term.value;
    case "array":
    case "call":
    case "comprehension":
    case "object":
    case "ref":
    case "set":
    case "template":
    case "var":
      return undefined;
  }
}
