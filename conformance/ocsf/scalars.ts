import type { Json } from "#kernel";
import type { OcsfSchema } from "./schema.ts";

/** The base types of the dictionary: all others narrow one of them. */
const BASE: ReadonlyMap<string, (value: Json) => boolean> = new Map<string, (value: Json) => boolean>([
  ["boolean_t", (value) => typeof value === "boolean"],
  ["float_t", (value) => typeof value === "number"],
  ["integer_t", isInteger],
  // a JSON number that a reader of 64-bit integers and one of doubles read alike
  ["long_t", isInteger],
  ["json_t", () => true],
  ["string_t", (value) => typeof value === "string" && value.isWellFormed()],
]);

/** What is wrong with a value for a data type of the dictionary, or undefined. */
export function scalarProblem(schema: OcsfSchema, name: string, value: Json): string | undefined {
  const base = BASE.get(name);
  if (base !== undefined) return base(value) ? undefined : `not a ${name}`;
  const type = Object.hasOwn(schema.dictionary.types.attributes, name)
    ? schema.dictionary.types.attributes[name]
    : undefined;
  if (type?.type === undefined) return `of a type that the schema does not define: ${name}`;
  const wider = scalarProblem(schema, type.type, value);
  if (wider !== undefined) return `not a ${name}: ${wider}`;
  if (typeof value === "string") {
    if (type.max_len !== undefined && value.length > type.max_len)
      return `not a ${name}: longer than ${type.max_len}`;
    if (type.regex !== undefined && !new RegExp(type.regex).test(value)) return `not a ${name}`;
  }
  if (typeof value === "number" && type.range !== undefined) {
    const [least = -Infinity, most = Infinity] = type.range;
    if (value < least || value > most) return `not a ${name}: not in ${least}..${most}`;
  }
  return undefined;
}

function isInteger(value: Json): boolean {
  return Number.isSafeInteger(value);
}
