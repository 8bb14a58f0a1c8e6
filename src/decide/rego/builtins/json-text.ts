/** JSON texts (OPA policy reference, "Encoding"). Texts are written as Go's encoder writes them: `<`, `>`, `&` and U+2028 escaped. */
import { BuiltinError } from "../errors.ts";
import {
  isArray,
  isJsonNumber,
  isNumber,
  isObject,
  isSet,
  member,
  NumberTooLarge,
  numberText,
  parseValue,
  type RegoNumber,
  type RegoObjectValue,
  sortedEntries,
  sortTexts,
  typeName,
  type Value,
} from "../values/index.ts";
import { failure, type Implementations, objectOperand, stringOperand } from "./builtin.ts";
import { byteOf } from "./byte-text.ts";
import { DataError, reading } from "./data-error.ts";
import { goQuote, termText } from "./go-text.ts";
import { faultOf } from "./json-fault.ts";

const ESCAPED = /[<>&\u2028\u2029]/;
const ALL_ESCAPED = new RegExp(ESCAPED, "g");

function quote(text: string): string {
  if (!text.isWellFormed())
    return `"${Array.from(text, (character) => (byteOf(character) === undefined ? quote(character).slice(1, -1) : "\\ufffd")).join("")}"`;
  const quoted = JSON.stringify(text);
  if (!ESCAPED.test(quoted)) return quoted;
  return quoted.replace(ALL_ESCAPED, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function numberJson(value: RegoNumber): string {
  if (!isJsonNumber(value)) throw new DataError(`json: invalid number literal ${goQuote(numberText(value))}`);
  return numberText(value);
}

/** Members by the text of their key; of keys that read alike the last counts. */
function members(value: RegoObjectValue): readonly (readonly [string, Value])[] {
  const all = sortedEntries(value);
  if (all.every((entry): entry is readonly [string, Value] => typeof entry[0] === "string")) return all;
  const found = new Map(all.map(([key, item]) => [typeof key === "string" ? key : marshal(key), item]));
  return sortTexts([...found.keys()]).map((key) => [key, found.get(key) as Value]);
}

/** One line of JSON. @throws DataError for a number whose spelling JSON has not */
export function marshal(value: Value): string {
  if (typeof value === "string") return quote(value);
  if (isNumber(value)) return numberJson(value);
  if (value === null || typeof value === "boolean") return String(value);
  if (isArray(value)) return `[${value.map(marshal).join(",")}]`;
  if (isSet(value)) return `[${value.sorted().map(marshal).join(",")}]`;
  return `{${members(value)
    .map(([key, item]) => `${quote(key)}:${marshal(item)}`)
    .join(",")}}`;
}

function indented(value: Value, before: string, indent: string): string {
  const inner = before + indent;
  const list = (open: string, items: readonly string[], close: string): string =>
    items.length === 0
      ? open + close
      : `${open}\n${items.map((item) => inner + item).join(",\n")}\n${before}${close}`;
  if (isArray(value) || isSet(value))
    return list(
      "[",
      (isSet(value) ? value.sorted() : value).map((item) => indented(item, inner, indent)),
      "]",
    );
  if (!isObject(value)) return marshal(value);
  return list(
    "{",
    members(value).map(([key, item]) => `${quote(key)}: ${indented(item, inner, indent)}`),
    "}",
  );
}

function parse(name: string, text: string): Value {
  try {
    return parseValue(text);
  } catch (error) {
    if (error instanceof SyntaxError) throw failure(name, faultOf(text) ?? error.message);
    throw error;
  }
}

interface Layout {
  readonly prefix: string;
  readonly indent: string;
}

/** How the options lay the text out; undefined for one line. */
function layoutOf(options: RegoObjectValue): Layout | undefined {
  const all = sortedEntries(options);
  for (const [index, [key, value]] of all.entries()) {
    const got = `operand 0 must be string but got ${typeName(typeof key === "string" ? value : key)}`;
    if (typeof key !== "string")
      throw optionError(`failed to stringify key ${termText(key)} at index ${index}: ${got}`);
    if (key === "pretty") {
      if (typeof value !== "boolean") throw optionError(`key "pretty" failed cast to bool`);
    } else if (key !== "indent" && key !== "prefix")
      throw optionError(`object contained unknown key ${goQuote(key)}`);
    else if (typeof value !== "string") throw optionError(`key "${key}" failed cast to string: ${got}`);
  }
  if (!(member(options, "pretty") ?? all.length > 0)) return undefined;
  const { prefix = "", indent = "\t" } = Object.fromEntries(all) as Partial<Layout>;
  return { prefix, indent };
}

function optionError(message: string): BuiltinError {
  return new BuiltinError("eval_type_error", `json.marshal_with_options: operand 2 ${message}`);
}

export const JSON_TEXT: Implementations = {
  "json.marshal": reading("json.marshal", (_, value) => marshal(value)),
  "json.marshal_with_options": reading("json.marshal_with_options", (_, value, options) => {
    const layout = layoutOf(objectOperand("json.marshal_with_options", 2, options));
    if (layout === undefined) return marshal(value);
    return layout.prefix + indented(value, layout.prefix, layout.indent);
  }),
  "json.unmarshal": (_, text) => parse("json.unmarshal", stringOperand("json.unmarshal", 1, text)),
  "json.is_valid": (_, text) => {
    if (typeof text !== "string") return false;
    try {
      parseValue(text);
      return true;
    } catch (error) {
      if (error instanceof NumberTooLarge) return true;
      if (error instanceof SyntaxError) return false;
      throw error;
    }
  },
};
