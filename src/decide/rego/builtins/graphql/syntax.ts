/**
 * The syntax tree of GraphQL documents, in the form that OPA gives to policies: the structures of Go's gqlparser, in which
 * empty lists are left out. The members are values, so a tree is one.
 */

/** `List` holds comment lines, each with its `#`. */
export type CommentGroup = { readonly List: readonly { readonly Value: string }[] };

export type QueryDocument = {
  readonly Operations?: readonly Operation[];
  readonly Fragments?: readonly Fragment[];
};

export type Operation = {
  readonly Operation: string;
  readonly Name: string;
  readonly VariableDefinitions?: readonly VariableDefinition[];
  readonly Directives?: readonly Directive[];
  readonly SelectionSet?: readonly Selection[];
  readonly Comment?: CommentGroup;
};

export type Fragment = {
  readonly Name: string;
  readonly VariableDefinition?: readonly VariableDefinition[];
  readonly TypeCondition: string;
  readonly Directives?: readonly Directive[];
  readonly SelectionSet?: readonly Selection[];
  readonly Comment?: CommentGroup;
};

export type VariableDefinition = {
  readonly Variable: string;
  readonly Type: TypeReference;
  readonly DefaultValue?: ValueNode;
  readonly Directives?: readonly Directive[];
  readonly Used: boolean;
  readonly Comment?: CommentGroup;
};

export type Selection = Field | FragmentSpread | InlineFragment;
export type Field = {
  readonly Alias: string;
  readonly Name: string;
  readonly Arguments?: readonly Argument[];
  readonly Directives?: readonly Directive[];
  readonly SelectionSet?: readonly Selection[];
  readonly Comment?: CommentGroup;
};
export type FragmentSpread = {
  readonly Name: string;
  readonly Directives?: readonly Directive[];
  readonly Comment?: CommentGroup;
};
export type InlineFragment = {
  readonly TypeCondition: string;
  readonly Directives?: readonly Directive[];
  readonly SelectionSet?: readonly Selection[];
  readonly Comment?: CommentGroup;
};

export type Directive = {
  readonly Name: string;
  readonly Arguments?: readonly Argument[];
  readonly Location: string;
};
export type Argument = { readonly Name: string; readonly Value: ValueNode; readonly Comment?: CommentGroup };

/** `Kind` is one of `VALUE_KIND`. `Raw` is the text within quotes, after escapes. */
export type ValueNode = {
  readonly Raw: string;
  readonly Kind: number;
  readonly Children?: readonly ChildValue[];
  readonly ExpectedTypeHasDefault: boolean;
};
/** The name is empty in a list. */
export type ChildValue = {
  readonly Name: string;
  readonly Value: ValueNode;
  readonly Comment?: CommentGroup;
};

export const VALUE_KIND = {
  variable: 0,
  int: 1,
  float: 2,
  string: 3,
  block: 4,
  boolean: 5,
  null: 6,
  enum: 7,
  list: 8,
  object: 9,
} as const;

/** A name, or a list of `Elem`. */
export type TypeReference = {
  readonly NamedType: string;
  readonly Elem?: TypeReference;
  readonly NonNull: boolean;
};

export type SchemaDocument = {
  readonly Schema?: readonly SchemaDefinition[];
  readonly SchemaExtension?: readonly SchemaDefinition[];
  readonly Directives?: readonly DirectiveDefinition[];
  readonly Definitions?: readonly Definition[];
  readonly Extensions?: readonly Definition[];
  readonly Comment?: CommentGroup;
};

type Commented = {
  readonly BeforeDescriptionComment?: CommentGroup;
  readonly AfterDescriptionComment?: CommentGroup;
};

export type SchemaDefinition = Commented & {
  readonly Description: string;
  readonly Directives?: readonly Directive[];
  readonly OperationTypes?: readonly OperationType[];
  readonly EndOfDefinitionComment?: CommentGroup;
};
export type OperationType = {
  readonly Operation: string;
  readonly Type: string;
  readonly Comment?: CommentGroup;
};

export type DirectiveDefinition = Commented & {
  readonly Description: string;
  readonly Name: string;
  readonly Arguments?: readonly ArgumentDefinition[];
  readonly Locations?: readonly string[];
  readonly IsRepeatable: boolean;
};

export type DefinitionKind = "SCALAR" | "OBJECT" | "INTERFACE" | "UNION" | "ENUM" | "INPUT_OBJECT";

export type Definition = Commented & {
  readonly Kind: DefinitionKind;
  readonly Description: string;
  readonly Name: string;
  readonly Directives?: readonly Directive[];
  readonly Interfaces?: readonly string[];
  readonly Fields?: readonly FieldDefinition[];
  readonly Types?: readonly string[];
  readonly EnumValues?: readonly EnumValueDefinition[];
  readonly BuiltIn: boolean;
  readonly EndOfDefinitionComment?: CommentGroup;
};

export type FieldDefinition = Commented & {
  readonly Description: string;
  readonly Name: string;
  readonly Arguments?: readonly ArgumentDefinition[];
  /** Of an input object's field. */
  readonly DefaultValue?: ValueNode;
  readonly Type: TypeReference;
  readonly Directives?: readonly Directive[];
};
export type ArgumentDefinition = Commented & {
  readonly Description: string;
  readonly Name: string;
  readonly DefaultValue?: ValueNode;
  readonly Type: TypeReference;
  readonly Directives?: readonly Directive[];
};
export type EnumValueDefinition = Commented & {
  readonly Description: string;
  readonly Name: string;
  readonly Directives?: readonly Directive[];
};
