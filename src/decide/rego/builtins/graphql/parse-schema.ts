/** Type system documents (GraphQL October 2021, §3) to their tree. */
import type { Token } from "./lexer.ts";
import type { Parser } from "./parser.ts";
import type {
  ArgumentDefinition,
  CommentGroup,
  Definition,
  DefinitionKind,
  DirectiveDefinition,
  EnumValueDefinition,
  FieldDefinition,
  OperationType,
  SchemaDefinition,
  SchemaDocument,
} from "./syntax.ts";

type Writable<T> = { -readonly [K in keyof T]: T[K] };

export function parseSchema(parser: Parser): SchemaDocument {
  const lists: {
    [K in Exclude<keyof SchemaDocument, "Comment">]-?: Writable<NonNullable<SchemaDocument[K]>[number][]>;
  } = {
    Schema: [],
    SchemaExtension: [],
    Directives: [],
    Definitions: [],
    Extensions: [],
  };
  while (parser.token.kind !== "<EOF>") {
    const described = description(parser);
    const keyword = parser.token.value;
    if (parser.token.kind !== "Name") throw parser.unexpected();
    if (keyword === "extend") {
      if (described.text !== undefined) throw parser.unexpected(described.token);
      extension(parser, described, lists.SchemaExtension, lists.Extensions);
    } else if (keyword === "schema") lists.Schema.push(schemaDefinition(parser, described, false));
    else if (keyword === "directive") lists.Directives.push(directiveDefinition(parser, described));
    else lists.Definitions.push(definition(parser, described, false));
  }
  const document: Writable<SchemaDocument> = { ...parser.comment };
  for (const [name, list] of Object.entries(lists))
    if (list.length > 0) Object.assign(document, { [name]: list });
  return document;
}

/** A description and the comments around it. */
interface Described {
  readonly text: string | undefined;
  readonly token: Token;
  readonly before: CommentGroup | undefined;
  readonly after: CommentGroup | undefined;
}

function description(parser: Parser): Described {
  const { token } = parser;
  if (token.kind !== "String" && token.kind !== "BlockString")
    return { text: undefined, token, before: undefined, after: token.comments };
  parser.advance();
  return { text: token.value, token, before: token.comments, after: parser.token.comments };
}

interface Heading {
  readonly Description: string;
  readonly BeforeDescriptionComment?: CommentGroup;
  readonly AfterDescriptionComment?: CommentGroup;
}

function heading({ text, before, after }: Described): Heading {
  return {
    Description: text ?? "",
    ...(before === undefined ? {} : { BeforeDescriptionComment: before }),
    ...(after === undefined ? {} : { AfterDescriptionComment: after }),
  };
}

/** Items between brackets under a name, left out when there are none, with the comments before the closing one. */
function block<T, N extends string>(
  parser: Parser,
  name: N,
  item: () => T,
): { readonly [K in N]?: readonly T[] } & { readonly EndOfDefinitionComment?: CommentGroup } {
  let end: CommentGroup | undefined;
  const items = parser.list("{", "}", item, ({ comments }) => {
    end = comments;
  });
  const result: Record<string, unknown> = items.length === 0 ? {} : { [name]: items };
  if (end !== undefined) result["EndOfDefinitionComment"] = end;
  return result as ReturnType<typeof block<T, N>>;
}

const ROOTS = new Set(["query", "mutation", "subscription"]);

function schemaDefinition(parser: Parser, described: Described, extending: boolean): SchemaDefinition {
  const place = parser.advance();
  const directives = parser.directives(true);
  if (!extending && !parser.is("{")) parser.expect("{");
  const operations = block(parser, "OperationTypes", () => operationType(parser));
  if (extending && directives.Directives === undefined && operations.OperationTypes === undefined)
    throw parser.unexpected();
  return parser.at(place, { ...heading(described), ...directives, ...operations });
}

function operationType(parser: Parser): OperationType {
  const { comment, token } = parser;
  if (token.kind !== "Name" || !ROOTS.has(token.value)) throw parser.unexpected();
  parser.advance();
  parser.expect(":");
  return parser.at(token, { Operation: token.value, Type: parser.name(), ...comment });
}

function extension(
  parser: Parser,
  described: Described,
  schemas: SchemaDefinition[],
  definitions: Definition[],
): void {
  parser.advance();
  if (parser.isName("schema")) schemas.push(schemaDefinition(parser, described, true));
  else definitions.push(definition(parser, described, true));
}

const KINDS: ReadonlyMap<string, DefinitionKind> = new Map<string, DefinitionKind>([
  ["scalar", "SCALAR"],
  ["type", "OBJECT"],
  ["interface", "INTERFACE"],
  ["union", "UNION"],
  ["enum", "ENUM"],
  ["input", "INPUT_OBJECT"],
]);

function definition(parser: Parser, described: Described, extending: boolean): Definition {
  const kind = parser.token.kind === "Name" ? KINDS.get(parser.token.value) : undefined;
  if (kind === undefined) throw parser.unexpected();
  parser.advance();
  const place = parser.token;
  const name = parser.name();
  const interfaces = kind === "OBJECT" || kind === "INTERFACE" ? implemented(parser) : [];
  const contents = {
    ...(interfaces.length === 0 ? {} : { Interfaces: interfaces }),
    ...parser.directives(true),
    ...members(parser, kind),
  };
  if (extending && Object.keys(contents).length === 0) throw parser.unexpected();
  return parser.at(place, { ...heading(described), Kind: kind, Name: name, BuiltIn: false, ...contents });
}

function implemented(parser: Parser): readonly string[] {
  if (!parser.isName("implements")) return [];
  parser.advance();
  parser.take("&");
  const names = [parser.name()];
  while (parser.take("&")) names.push(parser.name());
  return names;
}

function members(
  parser: Parser,
  kind: DefinitionKind,
): Pick<Definition, "Fields" | "Types" | "EnumValues" | "EndOfDefinitionComment"> {
  switch (kind) {
    case "SCALAR":
      return {};
    case "UNION": {
      if (!parser.take("=")) return {};
      parser.take("|");
      const types = [parser.name()];
      while (parser.take("|")) types.push(parser.name());
      return { Types: types };
    }
    case "ENUM":
      return block(parser, "EnumValues", () => enumValue(parser));
    case "INPUT_OBJECT":
      return block(parser, "Fields", () => inputField(parser));
    case "OBJECT":
    case "INTERFACE":
      return block(parser, "Fields", () => fieldDefinition(parser));
  }
}

function enumValue(parser: Parser): EnumValueDefinition {
  const described = description(parser);
  const { token } = parser;
  return parser.at(token, { ...heading(described), Name: parser.name(), ...parser.directives(true) });
}

function fieldDefinition(parser: Parser): FieldDefinition {
  const described = description(parser);
  const { token } = parser;
  const name = parser.name();
  const defined = argumentDefinitions(parser);
  parser.expect(":");
  return parser.at(token, {
    ...heading(described),
    Name: name,
    ...(defined.length === 0 ? {} : { Arguments: defined }),
    Type: parser.type(),
    ...parser.directives(true),
  });
}

function argumentDefinitions(parser: Parser): readonly ArgumentDefinition[] {
  return parser.list("(", ")", () => inputField(parser));
}

function inputField(parser: Parser): ArgumentDefinition {
  const described = description(parser);
  const { token } = parser;
  const name = parser.name();
  parser.expect(":");
  const type = parser.type();
  const value = parser.take("=") ? { DefaultValue: parser.value(true) } : {};
  return parser.at(token, {
    ...heading(described),
    Name: name,
    Type: type,
    ...value,
    ...parser.directives(true),
  });
}

const LOCATIONS = new Set(
  (
    "QUERY MUTATION SUBSCRIPTION FIELD FRAGMENT_DEFINITION FRAGMENT_SPREAD INLINE_FRAGMENT VARIABLE_DEFINITION " +
    "SCHEMA SCALAR OBJECT FIELD_DEFINITION ARGUMENT_DEFINITION INTERFACE UNION ENUM ENUM_VALUE INPUT_OBJECT INPUT_FIELD_DEFINITION"
  ).split(" "),
);

function directiveDefinition(parser: Parser, described: Described): DirectiveDefinition {
  parser.advance();
  parser.expect("@");
  const place = parser.token;
  const name = parser.name();
  const defined = argumentDefinitions(parser);
  const repeatable = parser.isName("repeatable");
  if (repeatable) parser.advance();
  parser.keyword("on");
  parser.take("|");
  const locations = [location(parser)];
  while (parser.take("|")) locations.push(location(parser));
  return parser.at(place, {
    ...heading(described),
    Name: name,
    ...(defined.length === 0 ? {} : { Arguments: defined }),
    Locations: locations,
    IsRepeatable: repeatable,
  });
}

function location(parser: Parser): string {
  if (parser.token.kind === "Name" && !LOCATIONS.has(parser.token.value)) throw parser.unexpected();
  return parser.name();
}
