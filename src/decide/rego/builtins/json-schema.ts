/** Documents held against JSON schemas (OPA policy reference, "Object": `json.match_schema`, `json.verify_schema`). */
import { BuiltinError, RefusedError } from "../errors.ts";
import {
  isArray,
  isObject,
  isSet,
  member,
  parseValue,
  type RegoObjectValue,
  sortedEntries,
  stringify,
  type Value,
} from "../values/index.ts";
import { type Evaluation, failure, type Implementations, type World } from "./builtin.ts";
import { DataError } from "./data-error.ts";
import { readSchema } from "./json-schema/read.ts";
import type { Fetch, Finding, Schema } from "./json-schema/schema.ts";
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

/** Schemas of other addresses are asked for over the network. */
function fetching(evaluation: Evaluation, name: string): Fetch {
  return (address) => {
    if (evaluation.world === undefined || !/^https?:/i.test(address))
      throw new DataError(`remote reference loading disabled: ${JSON.stringify(address)}`);
    const answer = asked(evaluation.world, name, address);
    const status = member(answer, "status");
    const body = member(answer, "body") ?? null;
    if (member(answer, "status_code") !== 200 || body === null)
      throw new DataError(
        `Could not read schema from HTTP, response status is ${typeof status === "string" ? status : "unknown"}`,
      );
    return body;
  };
}

/** What the network says; that it cannot be reached is a fault of the schema, that it may not be asked is not. */
function asked(world: World, name: string, address: string): RegoObjectValue {
  try {
    const answer = world.send({ method: "get", url: address, force_json_decode: true });
    return isObject(answer) ? answer : {};
  } catch (error) {
    if (!(error instanceof BuiltinError)) throw error;
    const message = error.message.replace(/^http\.send: /, "");
    throw error instanceof RefusedError
      ? new RefusedError(`${name}: ${message}`, error.wanted)
      : new DataError(message);
  }
}

function compiled(evaluation: Evaluation, name: string, schema: Value): Schema {
  const value = jsonOf(schema);
  return evaluation.cache.get("json-schema", stringify(value), () =>
    readSchema(value, fetching(evaluation, name)),
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
