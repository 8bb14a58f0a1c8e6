import {
  isArray,
  isObject,
  isSet,
  parseValue,
  sortedEntries,
  stringify,
  type Value,
} from "../values/index.ts";
import { type Evaluation, failure, type Implementations } from "./builtin.ts";
import { DataError } from "./data-error.ts";
import { fetching } from "./json-schema/fetch.ts";
import { readSchema } from "./json-schema/read.ts";
import type { Finding, Schema } from "./json-schema/schema.ts";
import { validate } from "./json-schema/validate.ts";

/** A value of JSON: itself, or what its text says. */
function jsonOf(value: Value): Value {
  if (typeof value === "string") {
    try {
      return parseValue(value);
    } catch (error) {
      if (error instanceof SyntaxError) throw new DataError("invalid JSON string");
      throw error;
    }
  }
  if (!isObject(value) && !isArray(value)) throw new DataError("wrong type, expected string or object");
  return isJson(value) ? value : parseValue(stringify(value));
}

function isJson(value: Value): boolean {
  if (isArray(value)) return value.every(isJson);
  if (isObject(value))
    return sortedEntries(value).every(([key, item]) => typeof key === "string" && isJson(item));
  return !isSet(value);
}

function compiled(evaluation: Evaluation, name: string, schema: Value): Schema {
  const value = jsonOf(schema);
  return evaluation.cache.get("json-schema", stringify(value), () =>
    readSchema(value, fetching(evaluation.world, name)),
  );
}

function shown({ type, field, description }: Finding): Value {
  return { desc: description, error: `${field}: ${description}`, field, type };
}

export const JSON_SCHEMA: Implementations = {
  "json.match_schema": (evaluation, value, schema) => {
    try {
      const document = jsonOf(value);
      const findings = validate(evaluation, compiled(evaluation, "json.match_schema", schema), document);
      return [findings.length === 0, findings.map(shown)];
    } catch (error) {
      if (error instanceof DataError) throw failure("json.match_schema", error.message);
      throw error;
    }
  },
  "json.verify_schema": (evaluation, schema) => {
    try {
      compiled(evaluation, "json.verify_schema", schema);
      return [true, null];
    } catch (error) {
      if (error instanceof DataError) return [false, `jsonschema: ${error.message}`];
      throw error;
    }
  },
};
