/**
 * Documents held against schemas (JSON Schema drafts 4, 6 and 7). Of alternatives that all refuse, the findings of the one that
 * came closest are told, which is why every schema keeps a score.
 */
import {
  compareNumbers,
  isArray,
  isNumber,
  isObject,
  member,
  memberCount,
  partsOfNumber,
  type RegoNumber,
  type RegoObjectValue,
  type Value,
} from "../../values/index.ts";
import type { Evaluation } from "../builtin.ts";
import { codePoints } from "../code-points.ts";
import { isFormat } from "./formats.ts";
import { limitText, literalText, membersOf } from "./literal.ts";
import type { Bounds, Finding, Schema } from "./schema.ts";

/** What a document or a part of it was found to be. */
class Result {
  readonly findings: Finding[] = [];
  score = 0;
  get isValid(): boolean {
    return this.findings.length === 0;
  }
  refuse(type: string, field: string, description: string): void {
    this.findings.push({ type, field, description });
    this.score -= 2;
  }
  merge(other: Result): void {
    this.findings.push(...other.findings);
    this.score += other.score;
  }
}

export function validate(evaluation: Evaluation, schema: Schema, document: Value): readonly Finding[] {
  return new Validator(evaluation).check(schema, document, []).findings;
}

/** The path of a value within the document. */
type Path = readonly string[];

function fieldOf(path: Path): string {
  return path.length === 0 ? "(Root)" : path.join(".");
}

const PLURALS = {
  itemCount: ["array_min_items", "array_max_items", "Array must have", "items"],
  propertyCount: ["array_min_properties", "array_max_properties", "Must have", "properties"],
} as const;

class Validator {
  readonly #evaluation: Evaluation;
  constructor(evaluation: Evaluation) {
    this.#evaluation = evaluation;
  }

  check(schema: Schema, value: Value, path: Path): Result {
    const result = new Result();
    this.#into(result, schema, value, path);
    return result;
  }

  #into(result: Result, schema: Schema, value: Value, path: Path): void {
    this.#evaluation.charge(1);
    const field = fieldOf(path);
    if (schema.pass !== undefined) {
      if (!schema.pass) result.refuse("false", field, "False always fails validation");
      return;
    }
    if (schema.reference !== undefined) {
      this.#into(result, schema.reference, value, path);
      return;
    }
    const type = typeOf(value);
    const { types } = schema;
    if (types.length > 0 && !types.includes(type) && !(type === "integer" && types.includes("number"))) {
      const expected = types.length === 1 ? types[0] : `[${types.join(",")}]`;
      result.refuse("invalid_type", field, `Invalid type. Expected: ${expected}, given: ${type}`);
      return;
    }
    this.#combinations(result, schema, value, path);
    if (isArray(value)) this.#array(result, schema, value, path);
    if (isObject(value)) this.#object(result, schema, value, path);
    if (isNumber(value)) number(result, schema, value, field);
    common(result, schema, value, field);
    if (typeof value === "string") text(result, schema, value, field);
    if (isObject(value))
      for (const [name, property] of schema.properties) {
        const item = member(value, name);
        if (item !== undefined) this.#into(result, property, item, [...path, name]);
      }
    result.score++;
  }

  #combinations(result: Result, schema: Schema, value: Value, path: Path): void {
    const field = fieldOf(path);
    if (schema.anyOf.length > 0) {
      const { valid, closest } = this.#alternatives(schema.anyOf, value, path, 1);
      if (valid === 0) {
        result.refuse("number_any_of", field, "Must validate at least one schema (anyOf)");
        if (closest !== undefined) result.merge(closest);
      }
    }
    if (schema.oneOf.length > 0) {
      const { valid, closest } = this.#alternatives(schema.oneOf, value, path, 2);
      if (valid !== 1) {
        result.refuse("number_one_of", field, "Must validate one and only one schema (oneOf)");
        if (valid === 0 && closest !== undefined) result.merge(closest);
      }
    }
    if (schema.allOf.length > 0) {
      const parts = schema.allOf.map((part) => this.check(part, value, path));
      for (const part of parts) result.merge(part);
      if (!parts.every(({ isValid }) => isValid))
        result.refuse("number_all_of", field, "Must validate all the schemas (allOf)");
    }
    if (schema.not !== undefined && this.check(schema.not, value, path).isValid)
      result.refuse("number_not", field, "Must not validate the schema (not)");
    if (isObject(value)) this.#dependencies(result, schema, value, path);
    this.#condition(result, schema, value, path);
    result.score++;
  }

  /** How many are valid, up to so many, and of those that are not the one with the best score. */
  #alternatives(
    schemas: readonly Schema[],
    value: Value,
    path: Path,
    enough: number,
  ): { readonly valid: number; readonly closest: Result | undefined } {
    let valid = 0;
    let closest: Result | undefined;
    for (const schema of schemas) {
      const found = this.check(schema, value, path);
      if (found.isValid) valid++;
      else if (closest === undefined || closest.score < found.score) closest = found;
      if (valid === enough) break;
    }
    return { valid, closest };
  }

  #dependencies(result: Result, schema: Schema, value: RegoObjectValue, path: Path): void {
    for (const [name, dependency] of schema.dependencies) {
      if (member(value, name) === undefined) continue;
      if (!isNames(dependency)) this.#into(result, dependency, value, path);
      else
        for (const needed of dependency)
          if (member(value, needed) === undefined)
            result.refuse("missing_dependency", fieldOf(path), `Has a dependency on ${needed}`);
    }
  }

  #condition(result: Result, schema: Schema, value: Value, path: Path): void {
    if (schema.if === undefined) return;
    const holds = this.check(schema.if, value, path).isValid;
    const branch = holds ? schema.then : schema.else;
    if (branch === undefined) return;
    const found = this.check(branch, value, path);
    if (found.isValid) return;
    const field = fieldOf(path);
    if (holds) result.refuse("condition_then", field, 'Must validate "then" as "if" was valid');
    else result.refuse("condition_else", field, 'Must validate "else" as "if" was not valid');
    result.merge(found);
  }

  #array(result: Result, schema: Schema, value: readonly Value[], path: Path): void {
    const field = fieldOf(path);
    const { items, additionalItems } = schema;
    for (const [index, item] of value.entries()) {
      const own = items === undefined || !isRow(items) ? items : items[index];
      // Additional are only items after a row of schemas.
      const beyond = items !== undefined && isRow(items) && items.length > 0 && index >= items.length;
      if (own !== undefined) result.merge(this.check(own, item, [...path, String(index)]));
      else if (beyond && typeof additionalItems === "object")
        result.merge(this.check(additionalItems, item, [...path, String(index)]));
      else if (beyond && additionalItems === false) {
        result.refuse("array_no_additional_items", field, "No additional items allowed on array");
        break;
      }
    }
    count(result, schema, "itemCount", value.length, field);
    if (schema.isUnique) unique(result, value, field);
    if (schema.contains !== undefined) {
      let closest: Result | undefined;
      const isThere = value.some((item, index) => {
        const found = this.check(schema.contains as Schema, item, [...path, String(index)]);
        if (closest === undefined || closest.score < found.score) closest = found;
        return found.isValid;
      });
      if (!isThere) {
        result.refuse("contains", field, "At least one of the items must match");
        if (closest !== undefined) result.merge(closest);
      }
    }
    result.score++;
  }

  #object(result: Result, schema: Schema, value: RegoObjectValue, path: Path): void {
    const field = fieldOf(path);
    count(result, schema, "propertyCount", memberCount(value), field);
    for (const name of schema.required) {
      if (member(value, name) !== undefined) result.score++;
      else result.refuse("required", field, `${name} is required`);
    }
    for (const [name, item] of this.#needsNames(schema) ? membersOf(value) : [])
      this.#additional(result, schema, name, item, path);
    if (schema.propertyNames !== undefined)
      for (const [name] of membersOf(value)) {
        const found = this.check(schema.propertyNames, name, path);
        if (found.isValid) continue;
        result.refuse("invalid_property_name", field, `Property name of "${name}" does not match`);
        result.merge(found);
      }
    result.score++;
  }

  #needsNames({ additionalProperties = true, patternProperties }: Schema): boolean {
    return additionalProperties !== true || patternProperties.length > 0;
  }

  #additional(result: Result, schema: Schema, name: string, item: Value, path: Path): void {
    let isKnown = schema.properties.some(([property]) => property === name);
    let isMatched = false;
    for (const [pattern, property] of schema.patternProperties) {
      if (!pattern.test(name)) continue;
      isMatched = true;
      result.merge(this.check(property, item, [...path, name]));
    }
    if (isMatched) result.score++;
    isKnown ||= isMatched;
    if (isKnown) return;
    if (typeof schema.additionalProperties === "object")
      result.merge(this.check(schema.additionalProperties, item, [...path, name]));
    else if (schema.additionalProperties === false)
      result.refuse(
        "additional_property_not_allowed",
        fieldOf(path),
        `Additional property ${name} is not allowed`,
      );
  }
}

function isNames(dependency: readonly string[] | Schema): dependency is readonly string[] {
  return Array.isArray(dependency);
}

function isRow(items: Schema | readonly Schema[]): items is readonly Schema[] {
  return Array.isArray(items);
}

function typeOf(value: Value): string {
  if (value === null) return "null";
  if (isNumber(value)) return partsOfNumber(value).exponent >= 0 ? "integer" : "number";
  if (isArray(value)) return "array";
  return typeof value;
}

function count(
  result: Result,
  schema: Schema,
  kind: "itemCount" | "propertyCount",
  size: number,
  field: string,
): void {
  const { minimum = 0, maximum = Number.POSITIVE_INFINITY }: Bounds = schema[kind];
  const [low, high, start, noun] = PLURALS[kind];
  if (size < minimum) result.refuse(low, field, `${start} at least ${minimum} ${noun}`);
  if (size > maximum) result.refuse(high, field, `${start} at most ${maximum} ${noun}`);
}

function unique(result: Result, value: readonly Value[], field: string): void {
  const seen = new Map<string, number>();
  for (const [index, item] of value.entries()) {
    const key = literalText(item);
    const before = seen.get(key);
    if (before !== undefined)
      result.refuse("unique", field, `array items[${before},${index}] must be unique`);
    seen.set(key, index);
  }
}

function common(result: Result, schema: Schema, value: Value, field: string): void {
  if (schema.constant !== undefined && literalText(value) !== schema.constant)
    result.refuse("const", field, `${field} does not match: ${schema.constant}`);
  if (schema.enumeration !== undefined && !schema.enumeration.includes(literalText(value)))
    result.refuse("enum", field, `${field} must be one of the following: ${schema.enumeration.join(", ")}`);
  if (schema.format !== undefined && typeof value === "string" && !isFormat(schema.format, value))
    result.refuse("format", field, `Does not match format '${schema.format}'`);
  result.score++;
}

function text(result: Result, schema: Schema, value: string, field: string): void {
  const { minimum, maximum } = schema.length;
  const length = minimum === undefined && maximum === undefined ? 0 : codePoints(value);
  if (minimum !== undefined && length < minimum)
    result.refuse("string_gte", field, `String length must be greater than or equal to ${minimum}`);
  if (maximum !== undefined && length > maximum)
    result.refuse("string_lte", field, `String length must be less than or equal to ${maximum}`);
  if (schema.pattern !== undefined && !schema.pattern.test(value))
    result.refuse("pattern", field, `Does not match pattern '${schema.pattern.source}'`);
  result.score++;
}

function number(result: Result, schema: Schema, value: RegoNumber, field: string): void {
  const { multipleOf, minimum, exclusiveMinimum, maximum, exclusiveMaximum } = schema;
  const must = (type: string, what: string, limit: RegoNumber): void =>
    result.refuse(type, field, `Must be ${what} ${limitText(limit)}`);
  if (multipleOf !== undefined && !isMultiple(value, multipleOf))
    must("multiple_of", "a multiple of", multipleOf);
  if (maximum !== undefined && compareNumbers(value, maximum) > 0)
    must("number_lte", "less than or equal to", maximum);
  if (exclusiveMaximum !== undefined && compareNumbers(value, exclusiveMaximum) >= 0)
    must("number_lt", "less than", exclusiveMaximum);
  if (minimum !== undefined && compareNumbers(value, minimum) < 0)
    must("number_gte", "greater than or equal to", minimum);
  if (exclusiveMinimum !== undefined && compareNumbers(value, exclusiveMinimum) <= 0)
    must("number_gt", "greater than", exclusiveMinimum);
  result.score++;
}

/** Exact, and without writing out an exponent. */
function isMultiple(value: RegoNumber, of: RegoNumber): boolean {
  const a = partsOfNumber(value);
  const b = partsOfNumber(of);
  if (a.digits === 0n) return true;
  const shift = a.exponent - b.exponent;
  if (shift >= 0) return (a.digits * powerOfTen(shift, b.digits)) % b.digits === 0n;
  // The digits have no zeros at their end, so that no power of ten divides them.
  return false;
}

/** 10 to that power, modulo. */
function powerOfTen(power: number, modulus: bigint): bigint {
  let result = 1n;
  let base = 10n % modulus;
  for (let rest = power; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result = (result * base) % modulus;
    base = (base * base) % modulus;
  }
  return result;
}
