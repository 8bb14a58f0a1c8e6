/**
 * JSON Web Keys (RFC 7517, RFC 7518 §6, RFC 8037), with the checks of the library that OPA reads them by: members of known
 * names must have the right type, coordinates the right length, points be on their curve.
 */
import {
  isArray,
  isObject,
  member,
  parseValue,
  type RegoObjectValue,
  type Value,
} from "../../values/index.ts";
import { decodeBase64 } from "../base64-text.ts";
import { DataError } from "../data-error.ts";
import { parseCertificate } from "../x509/certificate.ts";
import { bigintOf, CURVES, type Curve, isPoint } from "../x509/public-key.ts";

interface Common {
  readonly kid: string;
  /** Empty where the key does not say. */
  readonly alg: string;
}
export interface RsaJwk extends Common {
  readonly kty: "RSA";
  readonly n: Buffer;
  readonly e: Buffer;
  /** Of a private key; its primes may be left out. */
  readonly private?: {
    readonly d: Buffer;
    readonly p: Buffer;
    readonly q: Buffer;
    readonly dp: Buffer;
    readonly dq: Buffer;
  };
}
export interface EcJwk extends Common {
  readonly kty: "EC";
  readonly curve: Curve;
  readonly x: Buffer;
  readonly y: Buffer;
  readonly d?: Buffer;
}
export interface OkpJwk extends Common {
  readonly kty: "OKP";
  readonly crv: string;
  readonly x: Buffer;
  readonly d?: Buffer;
}
export interface OctJwk extends Common {
  readonly kty: "oct";
  readonly k: Buffer;
}
export type Jwk = RsaJwk | EcJwk | OkpJwk | OctJwk;

/** The algorithms that `alg` may name: of signatures, key management and content encryption (RFC 7518, RFC 8037, RFC 9864). */
const ALGORITHMS: ReadonlySet<string> = new Set(
  [
    "none HS256 HS384 HS512 RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 ES256K EdDSA Ed25519",
    "RSA1_5 RSA-OAEP RSA-OAEP-256 RSA-OAEP-384 RSA-OAEP-512 A128KW A192KW A256KW dir",
    "ECDH-ES ECDH-ES+A128KW ECDH-ES+A192KW ECDH-ES+A256KW A128GCMKW A192GCMKW A256GCMKW",
    "PBES2-HS256+A128KW PBES2-HS384+A192KW PBES2-HS512+A256KW",
    "A128GCM A192GCM A256GCM A128CBC-HS256 A192CBC-HS384 A256CBC-HS512",
  ].flatMap((line) => line.split(" ")),
);
const OKP_CURVES = new Set(["Ed25519", "X25519", "Ed448"]);
const SOLE = "jwk.Parse: failed to parse sole key: jwk.ParseKey: ";

/** Reads a key, or a set of them (RFC 7517 §5). What follows a single key's object is not looked at. */
export function parseJwks(text: string): readonly Jwk[] {
  const whole = jsonOf(text);
  const keys = isObject(whole) ? member(whole, "keys") : undefined;
  if (keys === undefined) return [parseJwk(jsonOf(firstObject(text)), SOLE)];
  const problem = "jwk.Parse: failed to unmarshal JWK set: failed to decode";
  if (!isArray(keys)) throw new DataError(`${problem} "keys": expected '['`);
  return keys.map((key, at) => parseJwk(key, `${problem} key #${at} in "keys": jwk.ParseKey: `));
}

function jsonOf(text: string): Value | undefined {
  try {
    return parseValue(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** The text up to the bracket that closes the first one. */
function firstObject(text: string): string {
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (quoted) {
      if (character === "\\") at++;
      else if (character === '"') quoted = false;
    } else if (character === '"') quoted = true;
    else if (character === "{" || character === "[") depth++;
    else if ((character === "}" || character === "]") && --depth === 0) return text.slice(0, at + 1);
  }
  return text;
}

function parseJwk(value: Value | undefined, prefix: string): Jwk {
  if (value === undefined || (value !== null && !isObject(value)))
    throw new DataError(`${prefix}jwk.Parse: failed to probe data: probe: failed to unmarshal data`);
  const kty = value === null ? undefined : member(value, "kty");
  if (kty !== undefined && kty !== null && typeof kty !== "string")
    throw new DataError(`${prefix}jwk.Parse: failed to probe data: probe: failed to unmarshal data`);
  const reader = READERS.get(kty ?? "");
  if (value === null || reader === undefined)
    throw new DataError(`${prefix}invalid key type from JSON (${kty ?? ""})`);
  try {
    return reader(new Members(value));
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    throw new DataError(prefix + error.message);
  }
}

const READERS: ReadonlyMap<string, (members: Members) => Jwk> = new Map<string, (members: Members) => Jwk>([
  ["RSA", rsaKey],
  ["EC", ecKey],
  ["OKP", okpKey],
  ["oct", octKey],
]);

/** The members of one key, typed as they are read. */
class Members {
  readonly #members: RegoObjectValue;
  readonly common: Common;
  constructor(members: RegoObjectValue) {
    this.#members = members;
    for (const name of ["use", "x5u", "x5t", "x5t#S256"]) this.#text(name);
    this.#operations();
    this.#certificates();
    const alg = member(members, "alg");
    if (alg !== undefined && (typeof alg !== "string" || !ALGORITHMS.has(alg))) throw unreadable("alg");
    this.common = { kid: this.#text("kid"), alg: alg ?? "" };
  }
  has(name: string): boolean {
    return member(this.#members, name) !== undefined;
  }
  text(name: string): string {
    if (!this.has(name)) throw new DataError(`required field ${name} is missing`);
    return this.#text(name);
  }
  /** Of a member that must be there; null is no bytes. */
  bytes(name: string): Buffer {
    if (!this.has(name)) throw new DataError(`required field ${name} is missing`);
    return this.optionalBytes(name);
  }
  optionalBytes(name: string): Buffer {
    const value = member(this.#members, name) ?? null;
    if (value === null) return Buffer.alloc(0);
    if (typeof value !== "string") throw unreadable(name);
    return decodeAnyBase64(value, name);
  }
  #text(name: string): string {
    const value = member(this.#members, name) ?? null;
    if (value !== null && typeof value !== "string") throw unreadable(name);
    return value ?? "";
  }
  #operations(): void {
    const value = member(this.#members, "key_ops") ?? null;
    if (value !== null && !(isArray(value) && value.every((item) => typeof item === "string")))
      throw unreadable("key_ops");
  }
  #certificates(): void {
    const value = member(this.#members, "x5c");
    if (value === undefined) return;
    if (!isArray(value)) throw unreadable("x5c");
    for (const item of value) {
      if (typeof item !== "string") throw unreadable("x5c");
      parseCertificate(decodeBase64(item, "standard"));
    }
  }
}

function unreadable(name: string): DataError {
  return new DataError(`failed to unmarshal JSON into key: failed to decode value for key ${name}`);
}
function invalid(message: string): DataError {
  return new DataError(`jwk.Parse: key validation failed: key validation failed: ${message}`);
}

/** Base64 or base64url, padded or not: the library takes whichever it looks like. */
function decodeAnyBase64(text: string, name: string): Buffer {
  if (!/^(?:[A-Za-z0-9+/]*|[A-Za-z0-9\-_]*)={0,2}$/.test(text)) throw unreadable(name);
  const digits = text.replace(/=+$/, "");
  if (digits.length % 4 === 1 || (text !== digits && text.length % 4 !== 0)) throw unreadable(name);
  return Buffer.from(digits, "base64");
}

function rsaKey(members: Members): RsaJwk {
  const n = members.bytes("n");
  const e = members.bytes("e");
  const isPrivate = members.has("d");
  const d = members.optionalBytes("d");
  const type = isPrivate ? "jwk.RSAPrivateKey" : "jwk.RSAPublicKey";
  if (bigintOf(n) === 0n) throw invalid(`${type}: missing "n" value`);
  const exponent = bigintOf(e);
  if (exponent === 0n) throw invalid(`${type}: missing "e" value`);
  if (exponent % 2n === 0n) throw invalid(`${type}: invalid rsa public exponent: must be odd`);
  if (exponent > 0x7fffffffn) throw invalid(`${type}: rsa public exponent too large`);
  if (!isPrivate) return { ...members.common, kty: "RSA", n, e };
  if (d.length === 0) throw invalid(`${type}: missing "d" value`);
  const [p, q, dp, dq] = ["p", "q", "dp", "dq"].map((name) => members.optionalBytes(name)) as [
    Buffer,
    Buffer,
    Buffer,
    Buffer,
  ];
  members.optionalBytes("qi");
  return { ...members.common, kty: "RSA", n, e, private: { d, p, q, dp, dq } };
}

function ecKey(members: Members): EcJwk {
  const crv = members.text("crv");
  const curve = Object.values(CURVES).find(({ name }) => name === crv && name !== "P-224");
  if (curve === undefined) throw unreadable("crv");
  const x = members.bytes("x");
  const y = members.bytes("y");
  const type = members.has("d") ? "jwk.ECDSAPrivateKey" : "jwk.ECDSAPublicKey";
  const check = (name: string, bytes: Buffer): void => {
    if (bytes.length !== curve.size)
      throw invalid(`${type}: invalid "${name}" length (${bytes.length}) for curve "${crv}"`);
  };
  check("x", x);
  check("y", y);
  if (!isPoint(Buffer.concat([Buffer.from([4]), x, y]), curve))
    throw invalid(`${type}: invalid ECDSA public key`);
  if (!members.has("d")) return { ...members.common, kty: "EC", curve, x, y };
  const d = members.bytes("d");
  check("d", d);
  return { ...members.common, kty: "EC", curve, x, y, d };
}

function okpKey(members: Members): OkpJwk {
  const crv = members.text("crv");
  if (!OKP_CURVES.has(crv)) throw unreadable("crv");
  const x = members.bytes("x");
  const type = members.has("d") ? "jwk.OKPPrivateKey" : "jwk.OKPPublicKey";
  if (x.length === 0) throw invalid(`${type}: missing "x" field`);
  if (crv === "Ed25519" && x.length !== 32) throw invalid(`${type}: ed25519: wrong public key size`);
  if (!members.has("d")) return { ...members.common, kty: "OKP", crv, x };
  const d = members.bytes("d");
  if (d.length === 0) throw invalid(`${type}: missing "d" field`);
  if (crv === "Ed25519" && d.length !== 32) throw invalid(`${type}: ed25519: wrong private key size`);
  return { ...members.common, kty: "OKP", crv, x, d };
}

function octKey(members: Members): OctJwk {
  const k = members.bytes("k");
  if (k.length === 0) throw invalid('jwk.SymmetricKey: missing "k" field');
  return { ...members.common, kty: "oct", k };
}
