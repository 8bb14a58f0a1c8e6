/** Executable documents (GraphQL October 2021, §2.2 to §2.8) to their tree. */
import type { Parser } from "./parser.ts";
import type {
  Field,
  Fragment,
  FragmentSpread,
  InlineFragment,
  Operation,
  QueryDocument,
  Selection,
  VariableDefinition,
} from "./syntax.ts";

export function parseQuery(parser: Parser): QueryDocument {
  const operations: Operation[] = [];
  const fragments: Fragment[] = [];
  while (parser.token.kind !== "<EOF>") {
    if (parser.isName("fragment")) fragments.push(fragment(parser));
    else operations.push(operation(parser));
  }
  return {
    ...(operations.length === 0 ? {} : { Operations: operations }),
    ...(fragments.length === 0 ? {} : { Fragments: fragments }),
  };
}

const OPERATIONS = new Set(["query", "mutation", "subscription"]);

function operation(parser: Parser): Operation {
  const { comment, token } = parser;
  if (parser.is("{"))
    return parser.at(token, { Operation: "query", Name: "", ...selections(parser), ...comment });
  if (token.kind !== "Name" || !OPERATIONS.has(token.value)) throw parser.unexpected();
  parser.advance();
  const name = parser.token.kind === "Name" ? parser.name() : "";
  const variables = variableDefinitions(parser);
  return parser.at(token, {
    Operation: token.value,
    Name: name,
    ...(variables.length === 0 ? {} : { VariableDefinitions: variables }),
    ...parser.directives(false),
    ...requiredSelections(parser),
    ...comment,
  });
}

function fragment(parser: Parser): Fragment {
  const { comment, token } = parser;
  parser.advance();
  if (parser.isName("on")) throw parser.unexpected();
  const name = parser.name();
  const variables = variableDefinitions(parser);
  parser.keyword("on");
  return parser.at(token, {
    Name: name,
    ...(variables.length === 0 ? {} : { VariableDefinition: variables }),
    TypeCondition: parser.name(),
    ...parser.directives(false),
    ...requiredSelections(parser),
    ...comment,
  });
}

function variableDefinitions(parser: Parser): readonly VariableDefinition[] {
  return parser.list("(", ")", () => {
    const { comment, token } = parser;
    parser.expect("$");
    const name = parser.name();
    parser.expect(":");
    const type = parser.type();
    const value = parser.take("=") ? { DefaultValue: parser.value(true) } : {};
    return parser.at(token, {
      Variable: name,
      Type: type,
      ...value,
      ...parser.directives(false),
      Used: false,
      ...comment,
    });
  });
}

type Selections = { readonly SelectionSet?: readonly Selection[] };

function selections(parser: Parser): Selections {
  const items = parser.list("{", "}", () => selection(parser));
  return items.length === 0 ? {} : { SelectionSet: items };
}

function requiredSelections(parser: Parser): Selections {
  if (!parser.is("{")) parser.expect("{");
  return selections(parser);
}

function selection(parser: Parser): Selection {
  return parser.is("...") ? spread(parser) : field(parser);
}

function field(parser: Parser): Field {
  const { comment, token } = parser;
  const alias = parser.name();
  const name = parser.take(":") ? parser.name() : alias;
  return parser.at(token, {
    Alias: alias,
    Name: name,
    ...parser.arguments(false),
    ...parser.directives(false),
    ...selections(parser),
    ...comment,
  });
}

function spread(parser: Parser): FragmentSpread | InlineFragment {
  const { comment, token } = parser;
  parser.advance();
  if (parser.token.kind === "Name" && !parser.isName("on"))
    return parser.at(token, { Name: parser.name(), ...parser.directives(false), ...comment });
  let type = "";
  if (parser.isName("on")) {
    parser.advance();
    type = parser.name();
  }
  return parser.at(token, {
    TypeCondition: type,
    ...parser.directives(false),
    ...requiredSelections(parser),
    ...comment,
  });
}
