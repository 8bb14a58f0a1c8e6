/** Compact JSON Web Signatures (RFC 7515 §7.1) taken apart, and their JOSE headers. */
import {
  isArray,
  isObject,
  member,
  parseValue,
  type RegoObjectValue,
  sortedEntries,
} from "../../values/index.ts";
import { decodeBase64Url } from "../base64-text.ts";
import { DataError } from "../data-error.ts";

/** The three parts, still encoded. */
export interface Token {
  readonly header: string;
  readonly payload: string;
  readonly signature: string;
}

export function splitToken(text: string): Token {
  if (!text.includes(".")) throw new DataError("encoded JWT had no period separators");
  const [header = "", payload = "", signature = "", ...more] = text.split(".");
  const sections = text.split(".").length;
  if (sections !== 3 || more.length > 0)
    throw new DataError(`encoded JWT must have 3 sections, found ${sections}`);
  return { header, payload, signature };
}

/** What the signature is over. */
export function signedPart(token: Token): Buffer {
  return Buffer.from(`${token.header}.${token.payload}`);
}

/** Decodes a part; `what` names it in the failure. */
export function decodePart(part: string, what: string): Buffer {
  try {
    return decodeBase64Url(part);
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    throw new DataError(`${what} had invalid encoding: ${error.message}`);
  }
}

/** Reads the JSON object that these bytes are. */
export function parseJsonObject(bytes: Buffer): RegoObjectValue {
  const value = parseJson(bytes.toString("utf8"));
  if (!isObject(value)) throw new DataError("decoded JSON type was not an Object");
  return value;
}

function parseJson(text: string): ReturnType<typeof parseValue> {
  try {
    return parseValue(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new DataError(`invalid JSON: ${text.trim() === "" ? "EOF" : error.message}`);
  }
}

/** The JOSE header as an object. Encrypted tokens (RFC 7516 §4.1.2) are refused. */
export function decodeHeader(token: Token): RegoObjectValue {
  const bytes = decodePart(token.header, "JWT header");
  let header: RegoObjectValue;
  try {
    header = parseJsonObject(bytes);
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    throw new DataError(`bad JWT header: ${error.message}`);
  }
  if (member(header, "enc") !== undefined) throw new DataError("JWT is a JWE object, which is not supported");
  return header;
}

/** The members of a header that verifying heeds (RFC 7515 §4.1). */
export interface JoseHeader {
  readonly alg: string;
  readonly kid: string;
  readonly cty: string;
  /** Whether `alg` is there and no critical parameter is one that nobody here understands. */
  readonly acceptable: boolean;
}

const UNDERSTOOD = new Set(["alg", "kid", "typ", "cty", "crit"]);

export function readHeader(header: RegoObjectValue): JoseHeader {
  const text = (name: string): string => {
    const value = member(header, name);
    if (value !== undefined && typeof value !== "string") throw new DataError(`${name}: must be a string`);
    return value ?? "";
  };
  const alg = text("alg");
  const kid = text("kid");
  const cty = text("cty");
  text("typ");
  const critical = criticalOf(header);
  const unknown = sortedEntries(header).some(
    ([name]) => typeof name === "string" && !UNDERSTOOD.has(name) && critical.has(name),
  );
  return { alg, kid, cty, acceptable: alg !== "" && !unknown };
}

function criticalOf(header: RegoObjectValue): ReadonlySet<string> {
  const value = member(header, "crit");
  if (value === undefined) return new Set();
  if (!isArray(value)) throw new DataError("crit: must be a list");
  // OPA looks at the first name alone to tell a list of names.
  if (typeof value[0] !== "string") throw new DataError("crit: must be a nonempty list");
  return new Set(value.filter((name) => typeof name === "string"));
}
