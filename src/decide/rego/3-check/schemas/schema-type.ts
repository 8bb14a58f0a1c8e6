import type { Schema } from "../../builtins/json-schema/schema.ts";
import { canonicalText } from "../../values/index.ts";
import {
  ANY,
  arrayOf,
  BOOLEAN,
  dictionary,
  isAnything,
  NUMBER,
  type ObjectType,
  orAll,
  type Property,
  STRING,
  type Type,
} from "../types.ts";
import { merged } from "./all-of.ts";

/** Of several types the first of these counts. */
const KINDS: readonly (readonly [
  name: string,
  kind: "boolean" | "string" | "number" | "object" | "array" | "null",
])[] = [
  ["boolean", "boolean"],
  ["string", "string"],
  ["number", "number"],
  ["integer", "number"],
  ["object", "object"],
  ["array", "array"],
  ["null", "null"],
];

/** How often one reference may be followed within itself. */
const RETURNS = 4;
/** Parts of one type; what is beyond can be anything. */
const PARTS = 50_000;

/**
 * The type of what a schema takes. Only what shapes a document counts: types, properties, items, `anyOf` and `allOf`.
 * @throws DataError where the schemas of an `allOf` contradict each other
 */
export function typeOfSchema(schema: Schema): Type {
  return new Reader().type(schema);
}

class Reader {
  /** The references that are being followed, and how often. */
  readonly #open = new Map<Schema, number>();
  #parts = 0;

  type(schema: Schema): Type {
    this.#parts += 1;
    if (this.#parts > PARTS || schema.pass !== undefined) return ANY;
    const { reference } = schema;
    if (reference !== undefined) {
      const times = this.#open.get(reference) ?? 0;
      if (times >= RETURNS) return ANY;
      this.#open.set(reference, times + 1);
      const type = this.type(reference);
      this.#open.set(reference, times);
      return type;
    }
    const own = schema.allOf.length === 0 ? schema : merged(schema);
    if (own === undefined) return ANY;
    if (own.anyOf.length > 0) {
      const types = own.anyOf.map((one) => this.type(one));
      if (own.types.includes("object") && own.properties.length > 0) types.push(this.#object(own));
      return types.some(isAnything) ? ANY : (orAll(types) ?? ANY);
    }
    switch (kindOf(own)) {
      case "boolean":
        return BOOLEAN;
      case "string":
        return STRING;
      case "number":
        return NUMBER;
      case "object":
        return this.#object(own);
      case "array":
        return this.#array(own);
      // OPA takes null for a type that says nothing.
      case "null":
      case undefined:
        return ANY;
    }
  }

  #object({ properties }: Schema): Type {
    if (properties.length === 0) return dictionary(ANY, ANY);
    const members = new Map<string, Property>();
    // Of one name in several schemas the first counts.
    for (const [key, property] of properties) {
      const text = canonicalText(key);
      if (!members.has(text)) members.set(text, { key, type: this.type(property) });
    }
    const type: ObjectType = { kind: "object", members, rest: undefined };
    return type;
  }

  #array({ items }: Schema): Type {
    if (items === undefined) return arrayOf([], ANY);
    if (!isRow(items)) return arrayOf([], this.type(items));
    return items.length === 0 ? arrayOf([], ANY) : arrayOf(items.map((item) => this.type(item)));
  }
}

function isRow(items: Schema | readonly Schema[]): items is readonly Schema[] {
  return Array.isArray(items);
}

function kindOf({ types, properties, items }: Schema): (typeof KINDS)[number][1] | undefined {
  if (types.length > 0) return KINDS.find(([name]) => types.includes(name))?.[1];
  if (properties.length > 0) return "object";
  return items === undefined ? undefined : "array";
}
