/** Encodings of text: base64, hexadecimal, URL queries (OPA policy reference, "Encoding"). Bytes that are no UTF-8 become U+FFFD. */
import { isArray, isObject, isSet, objectOf, sortedEntries, type Value } from "../values/index.ts";
import { failure, type Implementations, operandError, stringOperand } from "./builtin.ts";

const one =
  (name: string, answer: (text: string) => Value) =>
  (_: unknown, a: Value): Value =>
    answer(stringOperand(name, 1, a));

const STANDARD = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const URL_SAFE = /^(?:[A-Za-z0-9_-]{4})*(?:[A-Za-z0-9_-]{2}(?:==)?|[A-Za-z0-9_-]{3}=?)?$/;

/** Line ends are ignored anywhere, as Go's decoder does. */
function base64(text: string): string | undefined {
  const bare = text.replace(/[\r\n]/g, "");
  return STANDARD.test(bare) ? Buffer.from(bare, "base64").toString("utf8") : undefined;
}

function queryEncode(text: string): string {
  return encodeURIComponent(text)
    .replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll("%20", "+");
}

/** Undefined for a `%` that two hexadecimal digits do not follow. */
function queryDecode(text: string): string | undefined {
  if (/%(?![0-9a-fA-F]{2})/.test(text)) return undefined;
  const plain = text.replaceAll("+", " ");
  if (!plain.includes("%")) return plain;
  const bytes: Buffer[] = [];
  let last = 0;
  for (const match of plain.matchAll(/%([0-9a-fA-F]{2})/g)) {
    bytes.push(Buffer.from(plain.slice(last, match.index)), Buffer.from(match[1] as string, "hex"));
    last = match.index + 3;
  }
  bytes.push(Buffer.from(plain.slice(last)));
  return Buffer.concat(bytes).toString("utf8");
}

export const ENCODING: Implementations = {
  "base64.encode": one("base64.encode", (text) => Buffer.from(text).toString("base64")),
  "base64.decode": one("base64.decode", (text) => {
    const decoded = base64(text);
    if (decoded === undefined) throw failure("base64.decode", "illegal base64 data");
    return decoded;
  }),
  "base64.is_valid": one("base64.is_valid", (text) => base64(text) !== undefined),
  "base64url.encode": one("base64url.encode", (text) =>
    Buffer.from(text).toString("base64").replaceAll("+", "-").replaceAll("/", "_"),
  ),
  "base64url.encode_no_pad": one("base64url.encode_no_pad", (text) =>
    Buffer.from(text).toString("base64url"),
  ),
  "base64url.decode": one("base64url.decode", (text) => {
    if (!URL_SAFE.test(text)) throw failure("base64url.decode", "illegal base64 data");
    return Buffer.from(text, "base64url").toString("utf8");
  }),
  "hex.encode": one("hex.encode", (text) => Buffer.from(text).toString("hex")),
  "hex.decode": one("hex.decode", (text) => {
    const bad = /[^0-9a-fA-F]/u.exec(text)?.[0];
    if (bad !== undefined) {
      const code = (bad.codePointAt(0) as number).toString(16).toUpperCase().padStart(4, "0");
      throw failure("hex.decode", `encoding/hex: invalid byte: U+${code} '${bad}'`);
    }
    if (text.length % 2 !== 0) throw failure("hex.decode", "encoding/hex: odd length hex string");
    return Buffer.from(text, "hex").toString("utf8");
  }),
  "urlquery.encode": one("urlquery.encode", queryEncode),
  "urlquery.decode": one("urlquery.decode", (text) => {
    const decoded = queryDecode(text);
    if (decoded === undefined) throw failure("urlquery.decode", `invalid URL escape`);
    return decoded;
  }),
  "urlquery.encode_object": (_, value) => {
    if (!isObject(value)) throw operandError("urlquery.encode_object", 1, "object", value);
    const pairs: string[] = [];
    for (const [key, item] of sortedEntries(value)) {
      if (typeof key !== "string") throw operandError("urlquery.encode_object", 1, "string", key);
      const items = isArray(item) ? item : isSet(item) ? item.sorted() : [item];
      for (const one of items) {
        if (typeof one !== "string")
          throw operandError("urlquery.encode_object", 1, "one of {string, array, set}", one);
        pairs.push(`${queryEncode(key)}=${queryEncode(one)}`);
      }
    }
    return pairs.join("&");
  },
  "urlquery.decode_object": one("urlquery.decode_object", (text) => {
    const found = new Map<string, Value[]>();
    for (const pair of text.split("&")) {
      if (pair === "") continue;
      const at = pair.indexOf("=");
      const key = queryDecode(at < 0 ? pair : pair.slice(0, at));
      const item = queryDecode(at < 0 ? "" : pair.slice(at + 1));
      if (pair.includes(";") || key === undefined || item === undefined)
        throw failure(
          "urlquery.decode_object",
          pair.includes(";") ? "invalid semicolon separator in query" : "invalid URL escape",
        );
      const items = found.get(key);
      if (items === undefined) found.set(key, [item]);
      else items.push(item);
    }
    return objectOf(found);
  }),
};
