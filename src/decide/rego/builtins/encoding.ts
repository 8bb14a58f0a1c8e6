/** Encodings of text: base64, hexadecimal, URL queries (OPA policy reference, "Encoding"). */
import { BuiltinError } from "../errors.ts";
import {
  isArray,
  isSet,
  objectOf,
  type RegoObjectValue,
  sortedEntries,
  sortTexts,
  type Value,
} from "../values/index.ts";
import { decodeBase64, decodeBase64Url } from "./base64-text.ts";
import { failure, type Implementations, objectOperand, stringOperand } from "./builtin.ts";
import { bytesOfText, textOfBytes } from "./byte-text.ts";
import { DataError, reading } from "./data-error.ts";
import { goEscape, goQuote } from "./go-text.ts";
import { marshal } from "./json-text.ts";

const one =
  (name: string, answer: (text: string) => Value): Implementations[string] =>
  (_, a) =>
    answer(stringOperand(name, 1, a));

const PLAIN = /^[A-Za-z0-9_.~-]*$/;

function queryEncode(text: string): string {
  if (PLAIN.test(text)) return text;
  let encoded = "";
  for (const byte of bytesOfText(text)) {
    const character = String.fromCharCode(byte);
    if (byte < 0x80 && PLAIN.test(character)) encoded += character;
    else encoded += byte === 0x20 ? "+" : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return encoded;
}

/** @throws DataError for a `%` that two hexadecimal digits do not follow */
function queryDecode(text: string): string {
  const bad = /%(?![0-9a-fA-F]{2})/.exec(text);
  if (bad !== null) {
    const shown = bytesOfText(text.slice(bad.index)).subarray(0, 3);
    throw new DataError(`invalid URL escape ${goQuote(textOfBytes(shown))}`);
  }
  const plain = text.replaceAll("+", " ");
  if (!plain.includes("%")) return plain;
  const bytes: Buffer[] = [];
  let last = 0;
  for (const match of plain.matchAll(/(?:%[0-9a-fA-F]{2})+/g)) {
    bytes.push(bytesOfText(plain.slice(last, match.index)), Buffer.from(match[0].replaceAll("%", ""), "hex"));
    last = match.index + match[0].length;
  }
  bytes.push(bytesOfText(plain.slice(last)));
  return textOfBytes(Buffer.concat(bytes));
}

/** @throws DataError for what is no query; a semicolon before any other reason */
function queryPairs(text: string): Map<string, Value[]> {
  const pairs = text.split("&").filter((pair) => pair !== "");
  if (pairs.some((pair) => pair.includes(";"))) throw new DataError("invalid semicolon separator in query");
  const found = new Map<string, Value[]>();
  for (const pair of pairs) {
    const at = pair.indexOf("=");
    const key = queryDecode(at < 0 ? pair : pair.slice(0, at));
    const value = queryDecode(at < 0 ? "" : pair.slice(at + 1));
    const values = found.get(key);
    if (values === undefined) found.set(key, [value]);
    else values.push(value);
  }
  return found;
}

/** The texts of one member, which is a text, or an array or a set of texts. */
function textsOf(value: Value): readonly string[] {
  const items = isArray(value) ? value : isSet(value) ? value.sorted() : [value];
  for (const item of items)
    if (typeof item !== "string")
      throw new BuiltinError(
        "eval_type_error",
        "urlquery.encode_object: operand 1 values must be string, array[string], or set[string]",
      );
  return items as readonly string[];
}

function encodeObject(object: RegoObjectValue): string {
  const pairs = new Map<string, readonly string[]>();
  for (const [key, value] of sortedEntries(object))
    pairs.set(typeof key === "string" ? key : marshal(key), textsOf(value));
  return sortTexts([...pairs.keys()])
    .flatMap((key) => (pairs.get(key) ?? []).map((text) => `${queryEncode(key)}=${queryEncode(text)}`))
    .join("&");
}

function hexDecode(text: string): string {
  const bad = /[^0-9a-fA-F]/u.exec(text)?.[0];
  if (bad !== undefined) {
    const byte = bytesOfText(bad)[0] as number;
    const code = byte.toString(16).toUpperCase().padStart(4, "0");
    const character = goEscape(String.fromCharCode(byte), "", false);
    const shown = character.length === 1 ? ` '${character}'` : "";
    throw failure("hex.decode", `encoding/hex: invalid byte: U+${code}${shown}`);
  }
  if (text.length % 2 !== 0) throw failure("hex.decode", "encoding/hex: odd length hex string");
  return textOfBytes(Buffer.from(text, "hex"));
}

function isBase64(text: string): boolean {
  try {
    decodeBase64(text, "standard");
    return true;
  } catch (error) {
    if (error instanceof DataError) return false;
    throw error;
  }
}

export const ENCODING: Implementations = {
  "base64.encode": one("base64.encode", (text) => bytesOfText(text).toString("base64")),
  "base64.decode": reading(
    "base64.decode",
    one("base64.decode", (text) => textOfBytes(decodeBase64(text, "standard"))),
  ),
  "base64.is_valid": (_, text) => typeof text === "string" && isBase64(text),
  "base64url.encode": one("base64url.encode", (text) =>
    bytesOfText(text).toString("base64").replaceAll("+", "-").replaceAll("/", "_"),
  ),
  "base64url.encode_no_pad": one("base64url.encode_no_pad", (text) =>
    bytesOfText(text).toString("base64url"),
  ),
  "base64url.decode": reading(
    "base64url.decode",
    one("base64url.decode", (text) => textOfBytes(decodeBase64Url(text))),
  ),
  "hex.encode": one("hex.encode", (text) => bytesOfText(text).toString("hex")),
  "hex.decode": one("hex.decode", hexDecode),
  "urlquery.encode": one("urlquery.encode", queryEncode),
  "urlquery.decode": reading("urlquery.decode", one("urlquery.decode", queryDecode)),
  "urlquery.encode_object": reading("urlquery.encode_object", (_, value) =>
    encodeObject(objectOperand("urlquery.encode_object", 1, value)),
  ),
  "urlquery.decode_object": reading(
    "urlquery.decode_object",
    one("urlquery.decode_object", (text) => objectOf(queryPairs(text))),
  ),
};
