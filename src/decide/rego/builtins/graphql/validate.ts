/** Whether a query fits a schema (GraphQL October 2021, §5). */
import type {
  ASTNode,
  ASTVisitor,
  GraphQLError,
  GraphQLSchema,
  SelectionSetNode,
  ValidationContext,
} from "graphql";
import { DataError } from "../data-error.ts";
import { convertQuery, convertSchema } from "./convert.ts";
import { errorAt } from "./lexer.ts";
import { graphql } from "./library.ts";
import type { Places } from "./parser.ts";
import type { Schema } from "./schema.ts";
import type { QueryDocument } from "./syntax.ts";

const BUILT = new WeakMap<Schema, GraphQLSchema>();

function built(schema: Schema): GraphQLSchema {
  const known = BUILT.get(schema);
  if (known !== undefined) return known;
  const made = graphql().buildASTSchema(convertSchema(schema), { assumeValid: true, assumeValidSDL: true });
  BUILT.set(schema, made);
  return made;
}

/**
 * Holds a query to a schema. `charge` is called with the steps that it takes: each field is held against each other.
 * @throws DataError with what is wrong first
 */
export function validateQuery(
  query: QueryDocument,
  places: Places,
  schema: Schema,
  charge: (steps: number) => void,
): void {
  const { recommendedRules, SingleFieldSubscriptionsRule, specifiedRules, validate } = graphql();
  for (const operation of query.Operations ?? [])
    if (operation.Operation !== "" && !schema.roots.has(operation.Operation)) {
      const message = `Schema does not support operation type "${operation.Operation}"`;
      const place = places.get(operation);
      throw place === undefined ? new DataError(message) : errorAt(message, place);
    }
  const converted = convertQuery(query, places);
  charge(Math.ceil(converted.fields ** 2 / 64));
  const rules = [...specifiedRules, ...recommendedRules, wideNumbers, oneFieldSubscriptions];
  const [first] = validate(
    built(schema),
    converted.document,
    rules.filter((rule) => rule !== SingleFieldSubscriptionsRule),
  ).filter(({ message }) => !message.startsWith(NARROW));
  if (first !== undefined) throw located(first, converted.places);
}

/** What the package says of integers beyond 32 bits; OPA takes them up to 64. */
const NARROW = "Int cannot represent non 32-bit signed integer value";

function wideNumbers(context: ValidationContext): ASTVisitor {
  const fails = (node: ASTNode, type: string, value: string): void =>
    context.reportError(
      new (graphql().GraphQLError)(`${type} cannot represent value: ${value}`, { nodes: node }),
    );
  const typeName = (): string => String(graphql().getNamedType(context.getInputType()) ?? "");
  return {
    IntValue(node) {
      const value = BigInt(node.value);
      const type = typeName();
      if ((type === "Int" || type === "ID") && BigInt.asIntN(64, value) !== value)
        fails(node, type, node.value);
    },
    FloatValue(node) {
      if (typeName() === "Float" && !Number.isFinite(Number(node.value))) fails(node, "Float", node.value);
    },
  };
}

/** A subscription asks for one field, however often (§5.2.3.1, by the fields' names). */
function oneFieldSubscriptions(context: ValidationContext): ASTVisitor {
  return {
    OperationDefinition(operation) {
      if (operation.operation !== "subscription") return;
      const names = new Set<string>();
      const seen = new Set<string>();
      const collect = (set: SelectionSetNode): void => {
        for (const selection of set.selections) {
          if (selection.kind === "Field") names.add(selection.name.value);
          else if (selection.kind === "InlineFragment") collect(selection.selectionSet);
          else {
            const fragment = context.getFragment(selection.name.value);
            if (fragment == null || seen.has(fragment.name.value)) continue;
            seen.add(fragment.name.value);
            collect(fragment.selectionSet);
          }
        }
      };
      collect(operation.selectionSet);
      if (names.size < 2 && ![...names].some((name) => name.startsWith("__"))) return;
      const who =
        operation.name === undefined ? "Anonymous Subscription" : `Subscription "${operation.name.value}"`;
      context.reportError(
        new (graphql().GraphQLError)(`${who} must select only one top level field.`, { nodes: operation }),
      );
    },
  };
}

function located(
  error: GraphQLError,
  places: ReadonlyMap<object, { line: number; column: number }>,
): DataError {
  const message = error.message.replace(/\.$/, "");
  const node = error.nodes?.find((candidate) => places.has(candidate));
  const place = node === undefined ? undefined : places.get(node);
  return place === undefined ? new DataError(message) : errorAt(message, place);
}
