/** What a JSON schema says (JSON Schema drafts 4, 6 and 7), ready to be held against documents. */
import type { RegoNumber, Value } from "../../values/index.ts";
import type { Pattern } from "../regex/pattern.ts";

/** `hybrid` is every keyword of the three, for schemas that name none of them. */
export type Draft = "draft4" | "draft6" | "draft7" | "hybrid";

export const TYPES: ReadonlySet<string> = new Set([
  "array",
  "boolean",
  "integer",
  "number",
  "null",
  "object",
  "string",
]);

export interface Bounds {
  readonly minimum?: number;
  readonly maximum?: number;
}

export interface Schema {
  /** A schema that is `true` or `false`. */
  pass?: boolean;
  /** Then nothing else counts. */
  reference?: Schema;
  types: readonly string[];
  properties: readonly (readonly [name: string, schema: Schema])[];
  additionalProperties?: boolean | Schema;
  patternProperties: readonly (readonly [pattern: Pattern, schema: Schema])[];
  propertyNames?: Schema;
  /** One for all items, or one for each in turn. */
  items?: Schema | readonly Schema[];
  additionalItems?: boolean | Schema;
  contains?: Schema;
  isUnique: boolean;
  itemCount: Bounds;
  length: Bounds;
  propertyCount: Bounds;
  required: readonly string[];
  dependencies: ReadonlyMap<string, readonly string[] | Schema>;
  /** As JSON text, by which values are compared. */
  constant?: string;
  enumeration?: readonly string[];
  format?: string;
  pattern?: Pattern;
  multipleOf?: RegoNumber;
  minimum?: RegoNumber;
  exclusiveMinimum?: RegoNumber;
  maximum?: RegoNumber;
  exclusiveMaximum?: RegoNumber;
  anyOf: readonly Schema[];
  oneOf: readonly Schema[];
  allOf: readonly Schema[];
  not?: Schema;
  if?: Schema;
  then?: Schema;
  else?: Schema;
}

export function emptySchema(): Schema {
  return {
    types: [],
    properties: [],
    patternProperties: [],
    isUnique: false,
    itemCount: {},
    length: {},
    propertyCount: {},
    required: [],
    dependencies: new Map(),
    anyOf: [],
    oneOf: [],
    allOf: [],
  };
}

/** What a document has that a schema refuses. */
export interface Finding {
  readonly type: string;
  readonly field: string;
  readonly description: string;
}

/** Where schemas of other addresses come from. */
export type Fetch = (address: string) => Value;
