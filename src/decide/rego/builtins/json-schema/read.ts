/** Schema documents into schemas, with the checks that each keyword's value needs (JSON Schema drafts 4, 6 and 7). */
import {
  compareNumbers,
  isArray,
  isNumber,
  isObject,
  member,
  numberText,
  type RegoNumber,
  type RegoObjectValue,
  type Value,
} from "../../values/index.ts";
import { DataError } from "../data-error.ts";
import { Pattern } from "../regex/pattern.ts";
import { Documents, type SchemaDocument } from "./documents.ts";
import { literalText, membersOf } from "./literal.ts";
import { type Bounds, type Draft, emptySchema, type Fetch, type Schema, TYPES } from "./schema.ts";

/** @throws DataError that says what is wrong with the schema */
export function readSchema(value: Value, fetch: Fetch): Schema {
  if (!isObject(value) && typeof value !== "boolean") throw new DataError("schema is invalid");
  const documents = new Documents(value, fetch);
  return new Reader(documents).schema(documents.root);
}

function invalidType(expected: string, given: string): DataError {
  return new DataError(`Invalid type. Expected: ${expected}, given: ${given}`);
}

class Reader {
  readonly #documents: Documents;
  /** By address: references may go in circles. */
  readonly #known = new Map<string, Schema>();
  constructor(documents: Documents) {
    this.#documents = documents;
  }

  schema({ value, draft }: SchemaDocument, schema: Schema = emptySchema()): Schema {
    if (typeof value === "boolean" && draft !== "draft4") {
      schema.pass = value;
      return schema;
    }
    if (!isObject(value)) throw new DataError("Expected: Valid Schema, given: Invalid JSON");
    new SchemaReader(this, value, draft, schema).read();
    return schema;
  }

  reference(address: string): Schema {
    const known = this.#known.get(address);
    if (known !== undefined) return known;
    const found = this.#documents.at(address);
    if (!isObject(found.value) && typeof found.value !== "boolean")
      throw new DataError("Valid Schema must be of type object");
    const schema = emptySchema();
    this.#known.set(address, schema);
    return this.schema(found, schema);
  }
}

/** One schema object, keyword by keyword. */
class SchemaReader {
  readonly #reader: Reader;
  readonly #object: RegoObjectValue;
  readonly #draft: Draft;
  readonly #schema: Schema;
  constructor(reader: Reader, object: RegoObjectValue, draft: Draft, schema: Schema) {
    this.#reader = reader;
    this.#object = object;
    this.#draft = draft;
    this.#schema = schema;
  }

  read(): void {
    if (this.#draft === "draft4" || this.#draft === "hybrid") this.#mustBeText("id");
    if (this.#isSix) this.#mustBeText("$id");
    this.#definitions();
    for (const name of ["title", "description", "$ref"]) this.#mustBeText(name);
    const reference = this.#get("$ref");
    if (typeof reference === "string") {
      this.#schema.reference = this.#reader.reference(reference);
      return;
    }
    this.#types();
    this.#members();
    this.#items();
    this.#numbers();
    this.#texts();
    this.#counts();
    this.#values();
    this.#combinations();
  }

  #get(name: string): Value | undefined {
    return member(this.#object, name);
  }

  /** Whether keywords that came with draft 6 count. */
  get #isSix(): boolean {
    return this.#draft !== "draft4";
  }

  get #isSeven(): boolean {
    return this.#draft === "draft7" || this.#draft === "hybrid";
  }

  #isSchema(value: Value): boolean {
    return isObject(value) || (typeof value === "boolean" && this.#isSix);
  }

  #sub(value: Value): Schema {
    return this.#reader.schema({ value, draft: this.#draft });
  }

  #mustBeText(name: string): void {
    const value = this.#get(name);
    if (value !== undefined && typeof value !== "string") throw invalidType("string", name);
  }

  #definitions(): void {
    const value = this.#get("definitions");
    if (value === undefined) return;
    const wrong = invalidType("Array Of Schemas", "definitions");
    if (!isObject(value)) throw wrong;
    for (const [, definition] of membersOf(value)) {
      if (!this.#isSchema(definition)) throw wrong;
      this.#sub(definition);
    }
  }

  #types(): void {
    const value = this.#get("type");
    if (value === undefined) return;
    const types = isArray(value) ? value : [value];
    const found: string[] = [];
    for (const type of types) {
      if (typeof type !== "string") throw invalidType("type", "string/Array Of Strings");
      if (!TYPES.has(type))
        throw new DataError(
          `has a primitive type that is NOT VALID -- given: /${type}/ Expected valid values are:[${[...TYPES].join(" ")}]`,
        );
      if (found.includes(type)) throw new DataError(`${type} type is duplicated`);
      found.push(type);
    }
    this.#schema.types = found;
  }

  #members(): void {
    const properties = this.#get("properties");
    if (properties !== undefined) {
      if (!isObject(properties)) throw new DataError("Properties must be of type object");
      this.#schema.properties = namedSchemas(properties, (value) => this.#sub(value));
    }
    const additional = this.#get("additionalProperties");
    if (additional !== undefined)
      this.#schema.additionalProperties = this.#booleanOrSchema("additionalProperties", additional);
    const patterns = this.#get("patternProperties");
    if (patterns !== undefined) {
      if (!isObject(patterns)) throw invalidType("Valid Schema", "patternProperties");
      this.#schema.patternProperties = namedSchemas(patterns, (value) => this.#sub(value)).map(
        ([pattern, schema]) => [compiled(pattern, `Invalid regex pattern '${pattern}'`), schema],
      );
    }
    const names = this.#get("propertyNames");
    if (names !== undefined && this.#isSix) {
      if (!this.#isSchema(names)) throw invalidType("Valid Schema", "patternProperties");
      this.#schema.propertyNames = this.#sub(names);
    }
    this.#dependencies();
  }

  #dependencies(): void {
    const value = this.#get("dependencies");
    if (value === undefined) return;
    if (!isObject(value)) throw new DataError("dependencies must be of type object");
    const found = new Map<string, readonly string[] | Schema>();
    for (const [name, item] of membersOf(value)) {
      const names = isArray(item) ? item.filter((text) => typeof text === "string") : undefined;
      if (isArray(item) && names !== undefined && names.length === item.length) found.set(name, names);
      else if (!isArray(item) && this.#isSchema(item)) found.set(name, this.#sub(item));
      else throw new DataError("Dependency must be of type Schema Or Array Of Strings");
    }
    this.#schema.dependencies = found;
  }

  #booleanOrSchema(name: string, value: Value): boolean | Schema {
    if (typeof value === "boolean") return value;
    if (!isObject(value)) throw invalidType("boolean/Valid Schema", name);
    return this.#sub(value);
  }

  #items(): void {
    const items = this.#get("items");
    if (items !== undefined) {
      const wrong = invalidType("Valid Schema/Array Of Schemas", "items");
      if (isArray(items)) {
        if (!items.every((item) => this.#isSchema(item))) throw wrong;
        this.#schema.items = items.map((item) => this.#sub(item));
      } else {
        if (!this.#isSchema(items)) throw wrong;
        this.#schema.items = this.#sub(items);
      }
    }
    const additional = this.#get("additionalItems");
    if (additional !== undefined)
      this.#schema.additionalItems = this.#booleanOrSchema("additionalItems", additional);
  }

  #numbers(): void {
    const multiple = this.#get("multipleOf");
    if (multiple !== undefined) {
      if (!isNumber(multiple)) throw invalidType("Number", "multipleOf");
      if (compareNumbers(multiple, 0) <= 0) throw new DataError("multipleOf must be strictly greater than 0");
      this.#schema.multipleOf = multiple;
    }
    for (const [name, exclusive] of [
      ["minimum", "exclusiveMinimum"],
      ["maximum", "exclusiveMaximum"],
    ] as const) {
      const limit = this.#get(name);
      if (limit !== undefined && !isNumber(limit)) throw new DataError(`${name} must be of a Number`);
      const strict = this.#exclusive(name, exclusive, limit);
      if (limit !== undefined && strict !== limit) this.#schema[name] = limit;
      if (strict !== undefined) this.#schema[exclusive] = strict;
    }
  }

  /** A number of its own since draft 6; before, whether the limit itself is refused. */
  #exclusive(name: string, exclusive: string, limit: RegoNumber | undefined): RegoNumber | undefined {
    const value = this.#get(exclusive);
    if (value === undefined) return undefined;
    if (typeof value === "boolean" && (this.#draft === "draft4" || this.#draft === "hybrid")) {
      if (limit === undefined) throw new DataError(`${exclusive} cannot be used without ${name}`);
      return value ? limit : undefined;
    }
    if (isNumber(value) && this.#isSix) return value;
    const expected = { draft4: "boolean", hybrid: "boolean/number", draft6: "number", draft7: "number" };
    throw invalidType(expected[this.#draft], exclusive);
  }

  #bounds(minimum: string, maximum: string): Bounds {
    return { ...this.#count("minimum", minimum), ...this.#count("maximum", maximum) };
  }

  #count(side: "minimum" | "maximum", name: string): Bounds {
    const value = this.#get(name);
    if (value === undefined) return {};
    const text = isNumber(value) ? numberText(value) : "";
    if (!/^-?\d+$/.test(text) || BigInt.asIntN(64, BigInt(text)) !== BigInt(text))
      throw new DataError(`${name} must be of an integer`);
    if (BigInt(text) < 0n) throw new DataError(`${name} must be greater than or equal to 0`);
    return { [side]: Number(text) };
  }

  #texts(): void {
    this.#schema.length = this.#bounds("minLength", "maxLength");
    mustNotCross(this.#schema.length, "minLength", "maxLength");
    for (const name of ["pattern", "format"]) this.#mustBeText(name);
    const pattern = this.#get("pattern");
    if (typeof pattern === "string")
      this.#schema.pattern = compiled(pattern, "pattern must be a valid regex");
    const format = this.#get("format");
    if (typeof format === "string") this.#schema.format = format;
  }

  #counts(): void {
    this.#schema.propertyCount = this.#bounds("minProperties", "maxProperties");
    mustNotCross(this.#schema.propertyCount, "minProperties", "maxProperties");
    const required = this.#get("required");
    if (required !== undefined) {
      if (!isArray(required)) throw new DataError("required must be of an array");
      const names: string[] = [];
      for (const name of required) {
        if (typeof name !== "string") throw invalidType("string", "required");
        if (names.includes(name)) throw new DataError("required items must be unique");
        names.push(name);
      }
      this.#schema.required = names;
    }
    this.#schema.itemCount = this.#bounds("minItems", "maxItems");
    const unique = this.#get("uniqueItems");
    if (unique !== undefined && typeof unique !== "boolean")
      throw new DataError("uniqueItems must be of a boolean");
    this.#schema.isUnique = unique === true;
    const contains = this.#get("contains");
    if (contains !== undefined && this.#isSix) this.#schema.contains = this.#sub(contains);
  }

  #values(): void {
    const constant = this.#get("const");
    if (constant !== undefined && this.#isSix) this.#schema.constant = literalText(constant);
    const values = this.#get("enum");
    if (values === undefined) return;
    if (!isArray(values)) throw new DataError("enum must be of an array");
    const allowed = values.map(literalText);
    if (new Set(allowed).size < allowed.length) throw new DataError("enum items must be unique");
    this.#schema.enumeration = allowed;
  }

  #combinations(): void {
    for (const name of ["oneOf", "anyOf", "allOf"] as const) {
      const value = this.#get(name);
      if (value === undefined) continue;
      if (!isArray(value)) throw new DataError(`${name} must be of an array`);
      this.#schema[name] = value.map((item) => this.#sub(item));
    }
    for (const name of ["not", "if", "then", "else"] as const) {
      const value = this.#get(name);
      if (value === undefined || (name !== "not" && !this.#isSeven)) continue;
      if (!this.#isSchema(value)) throw new DataError(`${name} must be of an object`);
      this.#schema[name] = this.#sub(value);
    }
  }
}

function namedSchemas(
  object: RegoObjectValue,
  read: (value: Value) => Schema,
): readonly (readonly [string, Schema])[] {
  return membersOf(object).map(([name, value]) => [name, read(value)]);
}

function mustNotCross({ minimum = 0, maximum = minimum }: Bounds, lower: string, upper: string): void {
  if (minimum > maximum) throw new DataError(`${lower} cannot be greater than ${upper}`);
}

function compiled(pattern: string, message: string): Pattern {
  try {
    return new Pattern(pattern);
  } catch (error) {
    if (error instanceof DataError) throw new DataError(message);
    throw error;
  }
}
