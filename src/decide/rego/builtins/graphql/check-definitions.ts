/** What each definition of a schema is held to (GraphQL October 2021, §3.3 to §3.13). */
import type { Schema } from "./schema.ts";
import { schemaError } from "./schema.ts";
import {
  type ArgumentDefinition,
  type Definition,
  type DefinitionKind,
  type Directive,
  type DirectiveDefinition,
  type FieldDefinition,
  type TypeReference,
  VALUE_KIND,
} from "./syntax.ts";

const OUTPUT: readonly DefinitionKind[] = ["SCALAR", "OBJECT", "INTERFACE", "UNION", "ENUM"];
const INPUT: readonly DefinitionKind[] = ["SCALAR", "ENUM", "INPUT_OBJECT"];
/** What a definition of that kind may not be without. */
const CONTENTS: ReadonlyMap<DefinitionKind, readonly [list: "Fields" | "EnumValues", what: string]> = new Map<
  DefinitionKind,
  readonly ["Fields" | "EnumValues", string]
>([
  ["OBJECT", ["Fields", "fields"]],
  ["INTERFACE", ["Fields", "fields"]],
  ["INPUT_OBJECT", ["Fields", "input fields"]],
  ["ENUM", ["EnumValues", "unique enum values"]],
]);

function broken(schema: Schema, node: object, message: string): Error {
  return schemaError(message, schema.places.get(node));
}

export function checkDefinition(schema: Schema, definition: Definition): void {
  const { Name, Kind, Fields = [], Interfaces = [], EnumValues = [] } = definition;
  for (const field of Fields) checkField(schema, definition, field);
  checkMembers(schema, definition);
  for (const name of Interfaces) checkImplements(schema, definition, name);
  const needed = definition.BuiltIn ? undefined : CONTENTS.get(Kind);
  if (needed !== undefined && (definition[needed[0]] ?? []).length === 0)
    throw broken(schema, definition, `${Kind} ${Name}: must define one or more ${needed[1]}.`);
  for (const value of EnumValues) {
    if (["true", "false", "null"].includes(value.Name))
      throw broken(schema, definition, `${Kind} ${Name}: non-enum value ${value.Name}.`);
    checkDirectives(schema, value.Directives, "ENUM_VALUE");
  }
  checkOnce(schema, Fields, (field) => `Field ${Name}.${field} can only be defined once.`);
  checkOnce(schema, EnumValues, (value) => `Enum value ${Name}.${value} can only be defined once.`);
  if (!definition.BuiltIn) checkName(schema, definition);
  checkDirectives(schema, definition.Directives, Kind);
  if (Kind === "INPUT_OBJECT") checkCycles(schema, definition);
}

function checkName(schema: Schema, node: { readonly Name: string }): void {
  if (node.Name.startsWith("__"))
    throw broken(
      schema,
      node,
      `Name "${node.Name}" must not begin with "__", which is reserved by GraphQL introspection.`,
    );
}

function checkOnce(
  schema: Schema,
  nodes: readonly { readonly Name: string }[],
  message: (name: string) => string,
): void {
  const seen = new Set<string>();
  for (const node of nodes) {
    if (seen.has(node.Name)) throw broken(schema, node, message(node.Name));
    seen.add(node.Name);
  }
}

function checkField(schema: Schema, definition: Definition, field: FieldDefinition): void {
  checkName(schema, field);
  const kind = kindOf(schema, field.Type);
  checkArguments(schema, field.Arguments);
  const isInput = definition.Kind === "INPUT_OBJECT";
  checkDirectives(schema, field.Directives, isInput ? "INPUT_FIELD_DEFINITION" : "FIELD_DEFINITION");
  const kinds = isInput ? INPUT : OUTPUT;
  // The two messages name the type differently.
  const what = isInput ? `${kind} ${field.Name}` : `${definition.Kind} ${definition.Name}`;
  if (!kinds.includes(kind))
    throw broken(schema, field, `${what}: field must be one of ${kinds.join(", ")}.`);
}

/** The kind of the type that a reference leads to. */
function kindOf(schema: Schema, reference: TypeReference): DefinitionKind {
  let type = reference;
  while (type.Elem !== undefined) type = type.Elem;
  const definition = schema.types.get(type.NamedType);
  if (definition === undefined) throw broken(schema, type, `Undefined type ${type.NamedType}.`);
  return definition.Kind;
}

function checkArguments(
  schema: Schema,
  defined: readonly ArgumentDefinition[] = [],
  within?: DirectiveDefinition,
): void {
  for (const argument of defined) {
    checkName(schema, argument);
    const kind = kindOf(schema, argument.Type);
    if (!INPUT.includes(kind))
      throw broken(
        schema,
        argument,
        `cannot use ${typeText(argument.Type)} as argument ${argument.Name} because ${kind} is not a valid input type`,
      );
    checkDirectives(schema, argument.Directives, "ARGUMENT_DEFINITION", within);
  }
}

export function checkDirectiveDefinition(schema: Schema, directive: DirectiveDefinition): void {
  checkName(schema, directive);
  checkArguments(schema, directive.Arguments, directive);
}

/** `within` is the directive whose own definition the directives stand in. */
export function checkDirectives(
  schema: Schema,
  directives: readonly Directive[] = [],
  location: string,
  within?: DirectiveDefinition,
): void {
  for (const directive of directives) {
    const { Name } = directive;
    checkName(schema, directive);
    if (within?.Name === Name) throw broken(schema, directive, `Directive ${Name} cannot refer to itself.`);
    const definition = schema.directives.get(Name);
    if (definition === undefined) throw broken(schema, directive, `Undefined directive ${Name}.`);
    if (!(definition.Locations ?? []).includes(location))
      throw broken(schema, directive, `Directive ${Name} is not applicable on ${location}.`);
    checkDirectiveArguments(schema, directive, definition);
  }
}

function checkDirectiveArguments(
  schema: Schema,
  directive: Directive,
  definition: DirectiveDefinition,
): void {
  const { Name, Arguments = [] } = directive;
  const defined = definition.Arguments ?? [];
  for (const argument of Arguments)
    if (!defined.some((known) => known.Name === argument.Name))
      throw broken(schema, argument, `Undefined argument ${argument.Name} for directive ${Name}.`);
  for (const known of defined) {
    if (!known.Type.NonNull || known.DefaultValue !== undefined) continue;
    const given = Arguments.find((argument) => argument.Name === known.Name);
    if (given === undefined || given.Value.Kind === VALUE_KIND.null)
      throw broken(schema, directive, `Argument ${known.Name} for directive ${Name} cannot be null.`);
  }
}

/** The types of a union. */
function checkMembers(schema: Schema, union: Definition): void {
  const seen = new Set<string>();
  for (const name of union.Types ?? []) {
    const type = schema.types.get(name);
    if (type === undefined) throw broken(schema, union, `Undefined type "${name}".`);
    if (type.Kind !== "OBJECT") throw broken(schema, union, `${union.Kind} type "${name}" must be OBJECT.`);
    if (seen.has(name))
      throw broken(schema, union, `Union type ${union.Name} can only include type ${name} once.`);
    seen.add(name);
  }
}

function checkImplements(schema: Schema, definition: Definition, name: string): void {
  const contract = schema.types.get(name);
  if (contract === undefined) throw broken(schema, definition, `Undefined type "${name}".`);
  if (contract.Kind !== "INTERFACE")
    throw broken(schema, definition, `"${name}" is a non interface type ${contract.Kind}.`);
  for (const required of contract.Fields ?? []) checkImplemented(schema, definition, contract, required);
  if (contract.Name === definition.Name) return;
  for (const ancestor of contract.Interfaces ?? []) {
    if (ancestor === definition.Name)
      throw broken(
        schema,
        definition,
        `Type ${definition.Name} cannot implement ${name} because it would create a circular reference.`,
      );
    if (!(definition.Interfaces ?? []).includes(ancestor))
      throw broken(
        schema,
        definition,
        `Type ${definition.Name} must implement ${ancestor} because it is implemented by ${name}.`,
      );
  }
}

function checkImplemented(
  schema: Schema,
  definition: Definition,
  contract: Definition,
  required: FieldDefinition,
): void {
  const to = `For ${definition.Name} to implement ${contract.Name}`;
  const field = (definition.Fields ?? []).find(({ Name }) => Name === required.Name);
  if (field === undefined)
    throw broken(schema, definition, `${to} it must have a field called ${required.Name}.`);
  if (!isCovariant(schema, required.Type, field.Type))
    throw broken(schema, field, `${to} the field ${field.Name} must have type ${typeText(required.Type)}.`);
  const same = `${to} the field ${field.Name} must have the same arguments but`;
  for (const wanted of required.Arguments ?? []) {
    const found = (field.Arguments ?? []).find(({ Name }) => Name === wanted.Name);
    if (found === undefined) throw broken(schema, field, `${same} it is missing ${wanted.Name}.`);
    if (typeText(found.Type) !== typeText(wanted.Type))
      throw broken(schema, found, `${same} ${wanted.Name} has the wrong type.`);
  }
  for (const argument of field.Arguments ?? []) {
    const known = (required.Arguments ?? []).some(({ Name }) => Name === argument.Name);
    if (!known && argument.Type.NonNull && argument.DefaultValue === undefined)
      throw broken(
        schema,
        argument,
        `${to} any additional arguments on ${field.Name} must be optional or have a default value but ${argument.Name} is required.`,
      );
  }
}

function isCovariant(schema: Schema, required: TypeReference, actual: TypeReference): boolean {
  if (required.NonNull && !actual.NonNull) return false;
  if (required.Elem !== undefined)
    return actual.Elem !== undefined && isCovariant(schema, required.Elem, actual.Elem);
  if (actual.Elem !== undefined) return false;
  if (required.NamedType === actual.NamedType) return true;
  const possible = schema.types.get(actual.NamedType);
  const contract = schema.types.get(required.NamedType);
  return (
    (possible?.Interfaces ?? []).includes(required.NamedType) ||
    (contract?.Types ?? []).includes(actual.NamedType)
  );
}

function typeText(type: TypeReference): string {
  const text = type.Elem === undefined ? type.NamedType : `[${typeText(type.Elem)}]`;
  return type.NonNull ? `${text}!` : text;
}

/** An input object that needs another of itself can never be written down. */
function checkCycles(schema: Schema, start: Definition): void {
  const seen = new Set<string>();
  const pending = [start];
  for (let next = pending.pop(); next !== undefined; next = pending.pop())
    for (const { Type } of next.Fields ?? []) {
      if (!Type.NonNull || Type.Elem !== undefined) continue;
      if (Type.NamedType === start.Name)
        throw broken(
          schema,
          start,
          `Cannot reference Input Object "${start.Name}" within itself through a series of non-null fields.`,
        );
      const target = schema.types.get(Type.NamedType);
      if (target === undefined || seen.has(target.Name)) continue;
      seen.add(target.Name);
      pending.push(target);
    }
}
