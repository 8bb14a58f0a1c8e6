/** `allOf` as OPA merges it: what one schema lacks, later ones do not add, but for properties and items. */
import { DataError } from "../../builtins/data-error.ts";
import type { Schema } from "../../builtins/json-schema/schema.ts";

const REFUSAL = "unable to merge these schemas";

/**
 * The schema with those of its `allOf` in one; undefined where nothing is left that says what it takes.
 * @throws DataError where they contradict each other
 */
export function merged(schema: Schema): Schema | undefined {
  const all = schema.allOf
    .map(followed)
    .filter((one) => one.anyOf.length === 0 || shapeOf(one) !== UNDEFINED);
  const [first, ...others] = all;
  if (first === undefined) return undefined;
  let result = first;
  for (const other of others) {
    const [a, b] = [shapeOf(result), shapeOf(other)];
    if (a !== b) throw new DataError(`${REFUSAL}: type mismatch: ${a} and ${b}`);
    result = joined(result, other);
  }
  if (schema.types.length > 0) {
    const [a, b] = [shapeOf(result), shapeOf(schema)];
    if (a !== b)
      throw new DataError(schema.types.length > 1 ? `${REFUSAL}: type mismatch: ${a} and ${b}` : REFUSAL);
    result = joined(result, schema);
  }
  return schema.anyOf.length > 0 ? { ...result, anyOf: schema.anyOf } : result;
}

const UNDEFINED = "Undefined";

/** The type that it names, or that its keywords are about. */
function shapeOf({ types, properties, items }: Schema): string {
  const [only, ...more] = types;
  if (more.length > 0) return `[${types.join(",")}]`;
  if (only !== undefined) return only;
  if (properties.length > 0) return "object";
  return items === undefined || (Array.isArray(items) && items.length === 0) ? UNDEFINED : "array";
}

function followed(schema: Schema): Schema {
  return schema.reference === undefined ? schema : followed(schema.reference);
}

function joined(a: Schema, b: Schema): Schema {
  if (a.properties.length > 0) return { ...a, properties: [...a.properties, ...b.properties] };
  if (a.items === undefined || b.items === undefined) return a;
  if (isRow(a.items) && isRow(b.items)) return { ...a, items: joinedRows(a.items, b.items) };
  if (!isRow(a.items) && !isRow(b.items)) mustAgree(a.items, b.items);
  return a;
}

function joinedRows(a: readonly Schema[], b: readonly Schema[]): readonly Schema[] {
  for (const [index, item] of a.entries()) {
    const other = b[index];
    if (other !== undefined) mustAgree(item, other);
  }
  return [...a, ...b.slice(a.length)];
}

function mustAgree(a: Schema, b: Schema): void {
  if (shapeOf(followed(a)) !== shapeOf(followed(b))) throw new DataError(REFUSAL);
}

function isRow(items: Schema | readonly Schema[]): items is readonly Schema[] {
  return Array.isArray(items);
}
