/** JSON texts (OPA policy reference, "Encoding"). Texts are written as Go's encoder writes them: `<`, `>`, `&` and U+2028 escaped. */
import { BuiltinError } from "../errors.ts";
import {
  isArray,
  isJsonNumber,
  isNumber,
  isObject,
  isSet,
  member,
  numberText,
  parseValue,
  type RegoNumber,
  type RegoObjectValue,
  sortedEntries,
  sortTexts,
  type Value,
} from "../values/index.ts";
import { failure, type Implementations, operandError, stringOperand } from "./builtin.ts";
import { byteOf } from "./byte-text.ts";
import { goQuote, termText } from "./go-text.ts";

const ESCAPED = /[<>&\u2028\u2029]/g;

function quote(text: string): string {
  if (!text.isWellFormed())
    return `"${Array.from(text, (character) => (byteOf(character) === undefined ? quote(character).slice(1, -1) : "\\ufffd")).join("")}"`;
  return JSON.stringify(text).replace(
    ESCAPED,
    (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function numberJson(value: RegoNumber): string {
  if (!isJsonNumber(value))
    throw failure("json.marshal", `json: invalid number literal ${goQuote(numberText(value))}`);
  return numberText(value);
}

/** Members by the text of their key; of keys that read alike the last counts. */
function members(value: RegoObjectValue): readonly (readonly [string, Value])[] {
  const found = new Map<string, Value>();
  for (const [key, item] of sortedEntries(value))
    found.set(typeof key === "string" ? key : marshal(key), item);
  return sortTexts([...found.keys()]).map((key) => [key, found.get(key) as Value]);
}

/** One line of JSON. */
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
    if (error instanceof SyntaxError) throw failure(name, error.message);
    throw error;
  }
}

export const JSON_TEXT: Implementations = {
  "json.marshal": (_, value) => marshal(value),
  "json.marshal_with_options": (_, value, options) => {
    if (!isObject(options)) throw operandError("json.marshal_with_options", 2, "object", options);
    for (const [key, item] of sortedEntries(options)) {
      if (key !== "pretty" && key !== "indent" && key !== "prefix")
        throw new BuiltinError(
          "eval_type_error",
          `json.marshal_with_options: operand 2 object contained unknown key ${termText(key)}`,
        );
      const wanted = key === "pretty" ? "boolean" : "string";
      if (typeof item !== wanted)
        throw new BuiltinError(
          "eval_type_error",
          `json.marshal_with_options: key ${marshal(key)} failed cast to ${wanted === "boolean" ? "bool" : "string"}`,
        );
    }
    const pretty = member(options, "pretty") ?? sortedEntries(options).length > 0;
    if (pretty === false) return marshal(value);
    const prefix = (member(options, "prefix") ?? "") as string;
    const indent = (member(options, "indent") ?? "\t") as string;
    return prefix + indented(value, prefix, indent);
  },
  "json.unmarshal": (_, text) => parse("json.unmarshal", stringOperand("json.unmarshal", 1, text)),
  "json.is_valid": (_, text) => {
    if (typeof text !== "string") return false;
    try {
      parseValue(text);
      return true;
    } catch (error) {
      if (error instanceof SyntaxError) return false;
      throw error;
    }
  },
};
