/** Trees that policies give as objects, held to the shape that parsing gives; what else is in them is left out. */
import { isArray, isNumber, isObject, member, numberText, type Value } from "../../values/index.ts";
import { DataError } from "../data-error.ts";
import type { QueryDocument, SchemaDocument } from "./syntax.ts";

/** How a member is read, and what it is where it is not there; `undefined` leaves it out. */
type Reader = (value: Value, path: string) => Value;
type Member = readonly [name: string, reader: Reader, missing: Value | undefined];

const text: Reader = (value, path) => {
  if (typeof value !== "string") throw wrong(path, "string");
  return value;
};
const flag: Reader = (value, path) => {
  if (typeof value !== "boolean") throw wrong(path, "bool");
  return value;
};
const number: Reader = (value, path) => {
  if (!isNumber(value) || !/^\d+$/.test(numberText(value))) throw wrong(path, "int");
  return value;
};

function wrong(path: string, type: string): DataError {
  return new DataError(
    `cannot read ${path === "" ? "the document" : path} of a GraphQL tree: it is no ${type}`,
  );
}

/** A list without its nulls. */
function list(item: Reader): Reader {
  return (value, path) => {
    if (!isArray(value)) throw wrong(path, "list");
    return value.map((element, at) => item(element, `${path}[${at}]`));
  };
}

/** An object of these members. They are given by a function since trees hold each other. */
function object(members: () => readonly Member[]): Reader {
  return (value, path) => {
    if (!isObject(value)) throw wrong(path, "object");
    const result: Record<string, Value> = {};
    for (const [name, reader, missing] of members()) {
      const given = member(value, name) ?? null;
      const read = given === null ? missing : reader(given, `${path}.${name}`);
      if (read !== undefined && !(isArray(read) && read.length === 0)) result[name] = read;
    }
    return result;
  };
}

const COMMENTS: readonly Member[] = [
  "Comment",
  "BeforeDescriptionComment",
  "AfterDescriptionComment",
  "EndOfDefinitionComment",
].map((name) => [
  name,
  object(() => [["List", list(object(() => [["Value", text, ""]])), undefined]]),
  undefined,
]);
const named: Member = ["Name", text, ""];
const described: Member = ["Description", text, ""];

const node = (members: () => readonly Member[]): Reader => object(() => [...COMMENTS, ...members()]);

const type: Reader = object(() => [
  ["NamedType", text, ""],
  ["Elem", type, undefined],
  ["NonNull", flag, false],
]);
const valueNode: Reader = object(() => [
  ["Raw", text, ""],
  ["Kind", number, 0],
  ["Children", list(node(() => [named, ["Value", valueNode, undefined]])), undefined],
  ["ExpectedTypeHasDefault", flag, false],
]);
const argument = node(() => [named, ["Value", valueNode, undefined]]);
const directive = node(() => [named, ["Arguments", list(argument), undefined], ["Location", text, ""]]);
const directives: Member = ["Directives", list(directive), undefined];
/** Every selection is taken for a field, so that fragments never fit; what is no object is passed over. */
const selectionSet: Member = [
  "SelectionSet",
  (value, path) => list(field)(isArray(value) ? value.filter(isObject) : value, path),
  undefined,
];

const field = node(() => [
  ["Alias", text, ""],
  named,
  ["Arguments", list(argument), undefined],
  directives,
  selectionSet,
]);

const variable = node(() => [
  ["Variable", text, ""],
  ["Type", type, { NamedType: "", NonNull: false }],
  ["DefaultValue", valueNode, undefined],
  directives,
  ["Used", flag, false],
]);
const query = object(() => [
  [
    "Operations",
    list(
      node(() => [
        ["Operation", text, ""],
        named,
        ["VariableDefinitions", list(variable), undefined],
        directives,
        selectionSet,
      ]),
    ),
    undefined,
  ],
  [
    "Fragments",
    list(
      node(() => [
        named,
        ["VariableDefinition", list(variable), undefined],
        ["TypeCondition", text, ""],
        directives,
        selectionSet,
      ]),
    ),
    undefined,
  ],
]);

const input = node(() => [
  described,
  named,
  ["DefaultValue", valueNode, undefined],
  ["Type", type, { NamedType: "", NonNull: false }],
  directives,
]);
const fieldDefinition = node(() => [
  described,
  named,
  ["Arguments", list(input), undefined],
  ["DefaultValue", valueNode, undefined],
  ["Type", type, { NamedType: "", NonNull: false }],
  directives,
]);
const definition = node(() => [
  ["Kind", text, ""],
  described,
  named,
  directives,
  ["Interfaces", list(text), undefined],
  ["Fields", list(fieldDefinition), undefined],
  ["Types", list(text), undefined],
  ["EnumValues", list(node(() => [described, named, directives])), undefined],
  ["BuiltIn", flag, false],
]);
const schemaDefinition = node(() => [
  described,
  directives,
  [
    "OperationTypes",
    list(
      node(() => [
        ["Operation", text, ""],
        ["Type", text, ""],
      ]),
    ),
    undefined,
  ],
]);
const schema = node(() => [
  ["Schema", list(schemaDefinition), undefined],
  ["SchemaExtension", list(schemaDefinition), undefined],
  [
    "Directives",
    list(
      node(() => [
        described,
        named,
        ["Arguments", list(input), undefined],
        ["Locations", list(text), undefined],
        ["IsRepeatable", flag, false],
      ]),
    ),
    undefined,
  ],
  ["Definitions", list(definition), undefined],
  ["Extensions", list(definition), undefined],
]);

export function decodeQuery(value: Value): QueryDocument {
  return query(value, "") as QueryDocument;
}

export function decodeSchema(value: Value): SchemaDocument {
  return schema(value, "") as SchemaDocument;
}
