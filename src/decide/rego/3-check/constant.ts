import type { Term } from "../syntax.ts";
import type { Value } from "../values/index.ts";

/** The value of a scalar term. */
export function constantOf(term: Term): Value | undefined {
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
