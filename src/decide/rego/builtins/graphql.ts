/** GraphQL (OPA "GraphQL"): documents as trees, and whether a query fits a schema. */
import { BuiltinError } from "../errors.ts";
import { isObject, type Value } from "../values/index.ts";
import { type Evaluation, type Implementations, operandError, stringOperand } from "./builtin.ts";
import { DataError, reading } from "./data-error.ts";
import { decodeQuery, decodeSchema } from "./graphql/decode.ts";
import { parseQuery } from "./graphql/parse-query.ts";
import { parseSchema } from "./graphql/parse-schema.ts";
import { Parser, type Places } from "./graphql/parser.ts";
import { type Schema, schemaOf } from "./graphql/schema.ts";
import type { QueryDocument, SchemaDocument } from "./graphql/syntax.ts";
import { validateQuery } from "./graphql/validate.ts";

interface Parsed<T> {
  readonly document: T;
  readonly places: Places;
}

function parsed<T>(text: string, parse: (parser: Parser) => T): Parsed<T> {
  const parser = new Parser(text);
  return { document: parse(parser), places: parser.places };
}

function queryOf(name: string, operand: Value): Parsed<QueryDocument> {
  if (typeof operand === "string") return parsed(operand, parseQuery);
  if (!isObject(operand)) throw operandError(name, 1, "one of {string, object}", operand);
  return { document: decodeQuery(operand), places: new WeakMap() };
}

interface KnownSchema {
  readonly document: SchemaDocument;
  readonly schema: Schema;
}

/** A schema's text is mostly the same one from call to call, so what it says is kept. */
function schemaFrom(evaluation: Evaluation, name: string, position: number, operand: Value): KnownSchema {
  if (typeof operand === "string")
    return evaluation.cache.get("graphql-schema", operand, () => {
      const { document, places } = parsed(operand, parseSchema);
      return { document, schema: schemaOf(document, places) };
    });
  if (!isObject(operand)) throw operandError(name, position, "one of {string, object}", operand);
  const document = decodeSchema(operand);
  return { document, schema: schemaOf(document, new WeakMap()) };
}

/** Both documents, of which the query fits the schema. */
function fitting(
  evaluation: Evaluation,
  name: string,
  query: Value,
  schema: Value,
): readonly [QueryDocument, SchemaDocument] {
  const { document, places } = queryOf(name, query);
  const known = schemaFrom(evaluation, name, 2, schema);
  validateQuery(document, places, known.schema, (steps) => evaluation.charge(steps));
  return [document, known.document];
}

/** What `work` gives, or `otherwise` where the documents are not as they should be. */
function orElse(work: () => Value, otherwise: Value): Value {
  try {
    return work();
  } catch (error) {
    if (error instanceof DataError || error instanceof BuiltinError) return otherwise;
    throw error;
  }
}

type Implementation = (evaluation: Evaluation, ...operands: Value[]) => Value;

const BUILTINS: Readonly<Record<string, Implementation>> = {
  "graphql.parse_query": (_evaluation, text) =>
    parsed(stringOperand("graphql.parse_query", 1, text as Value), parseQuery).document,
  "graphql.parse_schema": (_evaluation, text) =>
    parsed(stringOperand("graphql.parse_schema", 1, text as Value), parseSchema).document,
  "graphql.parse": (evaluation, query, schema) =>
    fitting(evaluation, "graphql.parse", query as Value, schema as Value),
  "graphql.parse_and_verify": (evaluation, query, schema) =>
    orElse(
      () => [true, ...fitting(evaluation, "graphql.parse_and_verify", query as Value, schema as Value)],
      [false, {}, {}],
    ),
  "graphql.is_valid": (evaluation, query, schema) =>
    orElse(() => {
      fitting(evaluation, "graphql.is_valid", query as Value, schema as Value);
      return true;
    }, false),
  "graphql.schema_is_valid": (evaluation, schema) =>
    orElse(() => {
      schemaFrom(evaluation, "graphql.schema_is_valid", 1, schema as Value);
      return true;
    }, false),
};

export const GRAPHQL: Implementations = Object.fromEntries(
  Object.entries(BUILTINS).map(([name, implementation]) => [name, reading(name, implementation)]),
);
