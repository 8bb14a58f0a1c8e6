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
    default:
      return undefined;
  }
}

/** Whether a term is made of constants alone. */
export function isConstant(term: Term): boolean {
  switch (term.kind) {
    case "array":
    case "set":
      return term.items.every(isConstant);
    case "object":
      return term.members.every((member) => member.every(isConstant));
    default:
      return constantOf(term) !== undefined;
  }
}
