/** Type system documents as schemas: extensions merged, names looked up, what GraphQL (October 2021, §3) asks for held as gqlparser holds it. */
import { DataError } from "../data-error.ts";
import { checkDefinition, checkDirectiveDefinition, checkDirectives } from "./check-definitions.ts";
import type { Position } from "./lexer.ts";
import type { Places } from "./parser.ts";
import type { Definition, DefinitionKind, DirectiveDefinition, SchemaDocument } from "./syntax.ts";

export interface Schema {
  readonly types: ReadonlyMap<string, Definition>;
  readonly directives: ReadonlyMap<string, DirectiveDefinition>;
  /** The names of the types of `query`, `mutation` and `subscription`. */
  readonly roots: ReadonlyMap<string, string>;
  readonly places: Places;
}

/** What a schema breaks. */
export function schemaError(message: string, place: Position | undefined): DataError {
  const where = place === undefined ? "input:" : `input:${place.line}:${place.column}:`;
  return new DataError(`Error in gqlparser SchemaDocument to Schema conversion: ${where} ${message}`);
}

const BUILT_IN_TYPES: readonly (readonly [kind: DefinitionKind, names: string])[] = [
  ["SCALAR", "Int Float String Boolean ID"],
  ["OBJECT", "__Schema __Type __Field __InputValue __EnumValue __Directive"],
  ["ENUM", "__TypeKind __DirectiveLocation"],
];

/** Directives of every schema, which may be defined again: name, arguments, locations (§3.13). */
const BUILT_IN_DIRECTIVES: readonly (readonly [name: string, args: string, locations: string])[] = [
  ["include", "if:Boolean!", "FIELD FRAGMENT_SPREAD INLINE_FRAGMENT"],
  ["skip", "if:Boolean!", "FIELD FRAGMENT_SPREAD INLINE_FRAGMENT"],
  ["deprecated", "reason:String", "FIELD_DEFINITION ARGUMENT_DEFINITION INPUT_FIELD_DEFINITION ENUM_VALUE"],
  ["specifiedBy", "url:String!", "SCALAR"],
  ["defer", "if:Boolean label:String", "FRAGMENT_SPREAD INLINE_FRAGMENT"],
  ["oneOf", "", "INPUT_OBJECT"],
];

function builtInTypes(): Map<string, Definition> {
  return new Map(
    BUILT_IN_TYPES.flatMap(([kind, names]) =>
      names
        .split(" ")
        .map((name) => [name, { Kind: kind, Name: name, Description: "", BuiltIn: true }] as const),
    ),
  );
}

function builtInDirectives(): Map<string, DirectiveDefinition> {
  return new Map(
    BUILT_IN_DIRECTIVES.map(([name, args, locations]) => [
      name,
      {
        Name: name,
        Description: "",
        IsRepeatable: false,
        Locations: locations.split(" "),
        Arguments: args
          .split(" ")
          .filter((text) => text !== "")
          .map((text) => {
            const [argument = "", type = ""] = text.split(":");
            const named = type.replace("!", "");
            return {
              Name: argument,
              Description: "",
              Type: { NamedType: named, NonNull: type.endsWith("!") },
            };
          }),
      },
    ]),
  );
}

/** The schema that a document defines. @throws DataError where it defines none. */
export function schemaOf(document: SchemaDocument, places: Places): Schema {
  const types = builtInTypes();
  for (const definition of document.Definitions ?? []) {
    if (types.has(definition.Name))
      throw schemaError(`Cannot redeclare type ${definition.Name}.`, places.get(definition));
    types.set(definition.Name, definition);
  }
  for (const extension of document.Extensions ?? []) extend(types, extension, places);
  const schema: Schema = {
    types,
    directives: directivesOf(document, places),
    roots: rootsOf(document, types, places),
    places,
  };
  for (const definition of types.values())
    if (!definition.BuiltIn || places.has(definition)) checkDefinition(schema, definition);
  for (const directive of document.Directives ?? []) checkDirectiveDefinition(schema, directive);
  for (const { Directives = [] } of [...(document.Schema ?? []), ...(document.SchemaExtension ?? [])])
    checkDirectives(schema, Directives, "SCHEMA");
  return schema;
}

/** Adds to a type, or makes it where it is not there. */
function extend(types: Map<string, Definition>, extension: Definition, places: Places): void {
  const { Name, Kind } = extension;
  const base = types.get(Name) ?? { Kind, Name, Description: "", BuiltIn: false };
  if (base.Kind !== Kind)
    throw schemaError(
      `Cannot extend type ${Name} because the base type is a ${base.Kind}, not ${Kind}.`,
      places.get(extension),
    );
  const merged: Definition = {
    ...base,
    Directives: [...(base.Directives ?? []), ...(extension.Directives ?? [])],
    Interfaces: [...(base.Interfaces ?? []), ...(extension.Interfaces ?? [])],
    Fields: [...(base.Fields ?? []), ...(extension.Fields ?? [])],
    Types: [...(base.Types ?? []), ...(extension.Types ?? [])],
    EnumValues: [...(base.EnumValues ?? []), ...(extension.EnumValues ?? [])],
  };
  const place = places.get(base) ?? places.get(extension);
  if (place !== undefined) places.set(merged, place);
  types.set(Name, merged);
}

function directivesOf(document: SchemaDocument, places: Places): ReadonlyMap<string, DirectiveDefinition> {
  const defined = new Map<string, DirectiveDefinition>();
  for (const directive of document.Directives ?? []) {
    if (defined.has(directive.Name))
      throw schemaError(`Cannot redeclare directive ${directive.Name}.`, places.get(directive));
    defined.set(directive.Name, directive);
  }
  return new Map([...builtInDirectives(), ...defined]);
}

const USUAL_ROOTS: readonly (readonly [operation: string, type: string])[] = [
  ["query", "Query"],
  ["mutation", "Mutation"],
  ["subscription", "Subscription"],
];

function rootsOf(
  document: SchemaDocument,
  types: ReadonlyMap<string, Definition>,
  places: Places,
): ReadonlyMap<string, string> {
  const definitions = document.Schema ?? [];
  const second = definitions[1];
  if (second !== undefined)
    throw schemaError(
      "Cannot have multiple schema entry points, consider schema extensions instead.",
      places.get(second),
    );
  const roots = new Map<string, string>();
  for (const { OperationTypes = [] } of [...definitions, ...(document.SchemaExtension ?? [])])
    for (const root of OperationTypes) {
      if (!types.has(root.Type))
        throw schemaError(
          `Schema root ${root.Operation} refers to a type ${root.Type} that does not exist.`,
          places.get(root),
        );
      roots.set(root.Operation, root.Type);
    }
  if (roots.size > 0) return roots;
  return new Map(USUAL_ROOTS.filter(([, type]) => types.has(type)));
}
