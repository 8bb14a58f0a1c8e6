/** Our trees as those of the `graphql` package, which holds queries to schemas. */
import type { ASTNode, DocumentNode } from "graphql";
import type { Position } from "./lexer.ts";
import type { Places } from "./parser.ts";
import type { Schema } from "./schema.ts";
import {
  type Argument,
  type ArgumentDefinition,
  type Definition,
  type Directive,
  type DirectiveDefinition,
  type QueryDocument,
  type Selection,
  type TypeReference,
  VALUE_KIND,
  type ValueNode,
  type VariableDefinition,
} from "./syntax.ts";

/** A document, and where its nodes stand. */
export interface Converted {
  readonly document: DocumentNode;
  readonly places: ReadonlyMap<ASTNode, Position>;
  readonly fields: number;
}

type Kind = `${ASTNode["kind"]}`;
type NodeOf<K extends Kind> = Extract<ASTNode, { readonly kind: `${K}` }>;

/** Makes nodes of the package's; kinds are given as texts, so that the package need not be loaded for them. */
class Converter {
  readonly #places: Places;
  readonly converted: Map<ASTNode, Position> = new Map();
  fields = 0;
  constructor(places: Places) {
    this.#places = places;
  }

  make<K extends Kind>(kind: K, members: Readonly<Record<string, unknown>>, of?: object): NodeOf<K> {
    const node = { ...members, kind } as NodeOf<K>;
    const place = of === undefined ? undefined : this.#places.get(of);
    if (place !== undefined) this.converted.set(node, place);
    return node;
  }
  name(value: string): NodeOf<"Name"> {
    return this.make("Name", { value });
  }
  named(value: string): NodeOf<"NamedType"> {
    return this.make("NamedType", { name: this.name(value) });
  }

  type(reference: TypeReference): ASTNode {
    const inner =
      reference.Elem === undefined
        ? this.named(reference.NamedType)
        : this.make("ListType", { type: this.type(reference.Elem) }, reference);
    return reference.NonNull ? this.make("NonNullType", { type: inner }, reference) : inner;
  }

  value(value: ValueNode): ASTNode {
    const { Raw, Children = [] } = value;
    switch (value.Kind) {
      case VALUE_KIND.variable:
        return this.make("Variable", { name: this.name(Raw) }, value);
      case VALUE_KIND.int:
        return this.make("IntValue", { value: Raw }, value);
      case VALUE_KIND.float:
        return this.make("FloatValue", { value: Raw }, value);
      case VALUE_KIND.string:
      case VALUE_KIND.block:
        return this.make("StringValue", { value: Raw }, value);
      case VALUE_KIND.boolean:
        return this.make("BooleanValue", { value: Raw === "true" }, value);
      case VALUE_KIND.null:
        return this.make("NullValue", {}, value);
      case VALUE_KIND.list:
        return this.make("ListValue", { values: Children.map((child) => this.value(child.Value)) }, value);
      case VALUE_KIND.object: {
        const fields = Children.map((child) =>
          this.make("ObjectField", { name: this.name(child.Name), value: this.value(child.Value) }, child),
        );
        return this.make("ObjectValue", { fields }, value);
      }
      default:
        return this.make("EnumValue", { value: Raw }, value);
    }
  }

  arguments(given: readonly Argument[] = []): readonly ASTNode[] {
    return given.map((argument) =>
      this.make("Argument", { name: this.name(argument.Name), value: this.value(argument.Value) }, argument),
    );
  }
  directives(directives: readonly Directive[] = []): readonly ASTNode[] {
    return directives.map((directive) =>
      this.make(
        "Directive",
        { name: this.name(directive.Name), arguments: this.arguments(directive.Arguments) },
        directive,
      ),
    );
  }
  variables(definitions: readonly VariableDefinition[] = []): readonly ASTNode[] {
    return definitions.map((definition) =>
      this.make(
        "VariableDefinition",
        {
          variable: this.make("Variable", { name: this.name(definition.Variable) }, definition),
          type: this.type(definition.Type),
          ...(definition.DefaultValue === undefined
            ? {}
            : { defaultValue: this.value(definition.DefaultValue) }),
          directives: this.directives(definition.Directives),
        },
        definition,
      ),
    );
  }

  selections(selections: readonly Selection[] = []): ASTNode {
    return this.make("SelectionSet", { selections: selections.map((item) => this.#selection(item)) });
  }
  #selection(selection: Selection): ASTNode {
    const directives = this.directives(selection.Directives);
    if ("Alias" in selection) {
      this.fields++;
      const { Alias, Name, SelectionSet = [] } = selection;
      const members = {
        ...(Alias === Name || Alias === "" ? {} : { alias: this.name(Alias) }),
        name: this.name(Name),
        arguments: this.arguments(selection.Arguments),
        directives,
        ...(SelectionSet.length === 0 ? {} : { selectionSet: this.selections(SelectionSet) }),
      };
      return this.make("Field", members, selection);
    }
    if ("Name" in selection)
      return this.make("FragmentSpread", { name: this.name(selection.Name), directives }, selection);
    const { TypeCondition } = selection;
    const members = {
      ...(TypeCondition === "" ? {} : { typeCondition: this.named(TypeCondition) }),
      directives,
      selectionSet: this.selections(selection.SelectionSet),
    };
    return this.make("InlineFragment", members, selection);
  }

  query({ Operations = [], Fragments = [] }: QueryDocument): DocumentNode {
    // A tree that a policy made may leave out what an operation is; then there is nothing to hold it to.
    const operations = Operations.filter(({ Operation }) => Operation !== "").map((operation) =>
      this.make(
        "OperationDefinition",
        {
          operation: operation.Operation,
          ...(operation.Name === "" ? {} : { name: this.name(operation.Name) }),
          variableDefinitions: this.variables(operation.VariableDefinitions),
          directives: this.directives(operation.Directives),
          selectionSet: this.selections(operation.SelectionSet),
        },
        operation,
      ),
    );
    const fragments = Fragments.map((fragment) =>
      this.make(
        "FragmentDefinition",
        {
          name: this.name(fragment.Name),
          variableDefinitions: this.variables(fragment.VariableDefinition),
          typeCondition: this.named(fragment.TypeCondition),
          directives: this.directives(fragment.Directives),
          selectionSet: this.selections(fragment.SelectionSet),
        },
        fragment,
      ),
    );
    return this.make("Document", { definitions: [...operations, ...fragments] });
  }

  schema({ types, directives, roots }: Schema): DocumentNode {
    const rootNames = new Set(roots.values());
    const operationTypes = [...roots].map(([operation, type]) =>
      this.make("OperationTypeDefinition", { operation, type: this.named(type) }),
    );
    const definitions = [...types.values()]
      .filter(({ BuiltIn }) => !BuiltIn)
      // Whatever a root is, its fields may be asked for.
      .map((definition) =>
        this.#definition(rootNames.has(definition.Name) ? { ...definition, Kind: "OBJECT" } : definition),
      );
    return this.make("Document", {
      definitions: [
        ...(operationTypes.length === 0 ? [] : [this.make("SchemaDefinition", { operationTypes })]),
        ...[...directives.values()].map((directive) => this.#directive(directive)),
        ...definitions,
      ],
    });
  }

  #directive(directive: DirectiveDefinition): ASTNode {
    return this.make("DirectiveDefinition", {
      name: this.name(directive.Name),
      arguments: this.#inputs(directive.Arguments),
      repeatable: directive.IsRepeatable,
      locations: (directive.Locations ?? []).map((location) => this.name(location)),
    });
  }

  #definition(definition: Definition): ASTNode {
    const common = { name: this.name(definition.Name), directives: this.directives(definition.Directives) };
    const interfaces = (definition.Interfaces ?? []).map((name) => this.named(name));
    switch (definition.Kind) {
      case "SCALAR":
        return this.make("ScalarTypeDefinition", common);
      case "OBJECT":
        return this.make("ObjectTypeDefinition", { ...common, interfaces, fields: this.#fields(definition) });
      case "INTERFACE":
        return this.make("InterfaceTypeDefinition", {
          ...common,
          interfaces,
          fields: this.#fields(definition),
        });
      case "UNION":
        return this.make("UnionTypeDefinition", {
          ...common,
          types: (definition.Types ?? []).map((name) => this.named(name)),
        });
      case "ENUM": {
        const values = (definition.EnumValues ?? []).map((value) =>
          this.make("EnumValueDefinition", { name: this.name(value.Name), directives: [] }),
        );
        return this.make("EnumTypeDefinition", { ...common, values });
      }
      case "INPUT_OBJECT":
        return this.make("InputObjectTypeDefinition", { ...common, fields: this.#inputs(definition.Fields) });
    }
  }

  #fields({ Fields = [] }: Definition): readonly ASTNode[] {
    return Fields.map((field) =>
      this.make("FieldDefinition", {
        name: this.name(field.Name),
        arguments: this.#inputs(field.Arguments),
        type: this.type(field.Type),
        directives: [],
      }),
    );
  }
  #inputs(defined: readonly ArgumentDefinition[] = []): readonly ASTNode[] {
    return defined.map((input) =>
      this.make("InputValueDefinition", {
        name: this.name(input.Name),
        type: this.type(input.Type),
        ...(input.DefaultValue === undefined ? {} : { defaultValue: this.value(input.DefaultValue) }),
        directives: [],
      }),
    );
  }
}

export function convertQuery(query: QueryDocument, places: Places): Converted {
  const converter = new Converter(places);
  const document = converter.query(query);
  return { document, places: converter.converted, fields: converter.fields };
}

export function convertSchema(schema: Schema): DocumentNode {
  return new Converter(new WeakMap()).schema(schema);
}
