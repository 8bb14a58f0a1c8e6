/** JavaScript literals of constants. Nothing that a policy says enters emitted code but through `textLiteral`. */
import type { Term } from "../syntax.ts";
import { objectOf, RegoSet, type Value } from "../values/index.ts";

/** A text as a JavaScript string literal: quotes, backslashes, line ends (U+2028 and U+2029 too) and lone surrogates escaped. */
export function textLiteral(text: string): string {
  return JSON.stringify(text).replace(/[\u2028\u2029<]/g, escaped);
}

function escaped(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** A scalar as a literal, or undefined for what has none. */
export function scalarLiteral(value: Value): string | undefined {
  switch (typeof value) {
    case "string":
      return textLiteral(value);
    case "boolean":
      return String(value);
    case "number":
      return `(${value})`;
    case "bigint":
      return `(${value}n)`;
    case "function":
    case "object":
    case "symbol":
    case "undefined":
      return value === null ? "null" : undefined;
  }
}

/** The value of a term that is one, whatever happens: scalars, and composites of such. */
export function constantOf(term: Term): Value | undefined {
  switch (term.kind) {
    case "null":
      return null;
    case "boolean":
    case "number":
    case "string":
      return term.value;
    case "array": {
      const items = term.items.map(constantOf);
      return items.every((item) => item !== undefined) ? items : undefined;
    }
    case "set": {
      const items = term.items.map(constantOf);
      return items.every((item) => item !== undefined) ? RegoSet.of(items) : undefined;
    }
    case "object": {
      const members: [Value, Value][] = [];
      for (const [keyTerm, valueTerm] of term.members) {
        const key = constantOf(keyTerm);
        const value = constantOf(valueTerm);
        if (key === undefined || value === undefined) return undefined;
        members.push([key, value]);
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

/** Whether equality with this constant is JavaScript's `===`. */
export function isIdentity(value: Value): boolean {
  return value === null || typeof value === "string" || typeof value === "boolean";
}
