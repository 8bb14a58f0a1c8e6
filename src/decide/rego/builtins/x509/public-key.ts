/** Public keys within certificates and on their own (RFC 5280 §4.1.2.7, RFC 3279, RFC 5480, RFC 8410). */
import { createPublicKey, ECDH, type KeyObject } from "node:crypto";
import { integer, type Value } from "../../values/index.ts";
import { DataError } from "../data-error.ts";
import { DerReader, rightAligned, TAG } from "./der.ts";

/** Go's numbers of algorithms; 0 for one that it does not know. */
const ALGORITHMS: Readonly<Record<string, number>> = {
  "1.2.840.113549.1.1.1": 1,
  "1.2.840.10040.4.1": 2,
  "1.2.840.10045.2.1": 3,
  "1.3.101.112": 4,
};
const X25519 = "1.3.101.110";

export interface Curve {
  readonly name: string;
  /** Octets of a coordinate. */
  readonly size: number;
  readonly openssl: string;
}

export const CURVES: Readonly<Record<string, Curve>> = {
  "1.3.132.0.33": { name: "P-224", size: 28, openssl: "secp224r1" },
  "1.2.840.10045.3.1.7": { name: "P-256", size: 32, openssl: "prime256v1" },
  "1.3.132.0.34": { name: "P-384", size: 48, openssl: "secp384r1" },
  "1.3.132.0.35": { name: "P-521", size: 66, openssl: "secp521r1" },
};

export interface PublicKey {
  readonly algorithm: number;
  /** As Go's structures print; null of a key of an unknown algorithm. */
  readonly value: Value;
  /** The structure, `SubjectPublicKeyInfo`. */
  readonly spki: Uint8Array;
}

/** Reads a `SubjectPublicKeyInfo`; keys of unknown algorithms are left as they are. */
export function parsePublicKey(spki: Uint8Array): PublicKey {
  const info = new DerReader(spki).within(TAG.sequence, "x509: malformed spki");
  const identifier = info.within(TAG.sequence, "x509: malformed public key algorithm identifier");
  const oid = identifier.oid("x509: malformed OID").join(".");
  const parameters = identifier.rest;
  if (!identifier.empty) identifier.any("x509: malformed parameters");
  const bytes = rightAligned(info.bitString("x509: malformed subjectPublicKey"));
  const algorithm = ALGORITHMS[oid] ?? 0;
  return { algorithm, value: keyValue(algorithm, parameters, bytes), spki };
}

/** Reads a `SubjectPublicKeyInfo` that must be a key, as `PUBLIC KEY` blocks hold it. */
export function parsePkixPublicKey(spki: Uint8Array): PublicKey {
  const outer = new DerReader(spki);
  const { contents } = outer.element(TAG.sequence, "asn1: structure error: tags don't match");
  if (!outer.empty) throw new DataError("x509: trailing data after ASN.1 of public-key");
  const key = parsePublicKey(spki);
  const oid = new DerReader(contents).within(TAG.sequence, "").oid("").join(".");
  if (key.algorithm === 0 && oid !== X25519) throw new DataError("x509: unknown public key algorithm");
  return key;
}

function keyValue(algorithm: number, parameters: Uint8Array, key: Uint8Array): Value {
  switch (algorithm) {
    case 1:
      return rsaValue(parameters, key);
    case 2:
      return dsaValue(parameters, key);
    case 3:
      return ecdsaValue(parameters, key);
    case 4:
      if (parameters.length > 0) throw new DataError("x509: Ed25519 key encoded with illegal parameters");
      if (key.length !== 32) throw new DataError("x509: wrong Ed25519 public key size");
      return Buffer.from(key).toString("base64");
    default:
      return null;
  }
}

function rsaValue(parameters: Uint8Array, key: Uint8Array): Value {
  if (parameters.length !== 2 || parameters[0] !== TAG.null || parameters[1] !== 0)
    throw new DataError("x509: RSA key missing NULL parameters");
  const members = new DerReader(key).within(TAG.sequence, "x509: invalid RSA public key");
  const modulus = members.integer("x509: invalid RSA modulus");
  const exponent = members.integer("x509: invalid RSA public exponent");
  if (exponent > 0x7fffffffffffffffn) throw new DataError("x509: invalid RSA public exponent");
  if (modulus <= 0n) throw new DataError("x509: RSA modulus is not a positive number");
  if (exponent <= 0n) throw new DataError("x509: RSA public exponent is not a positive number");
  return { E: integer(exponent), N: integer(modulus) };
}

function dsaValue(parameters: Uint8Array, key: Uint8Array): Value {
  const y = new DerReader(key).integer("x509: invalid DSA public key");
  const domain = new DerReader(parameters).within(TAG.sequence, "x509: invalid DSA parameters");
  const [p, q, g] = [0, 1, 2].map(() => domain.integer("x509: invalid DSA parameters")) as [
    bigint,
    bigint,
    bigint,
  ];
  if (y <= 0n || p <= 0n || q <= 0n || g <= 0n) throw new DataError("x509: zero or negative DSA parameter");
  return { G: integer(g), P: integer(p), Q: integer(q), Y: integer(y) };
}

function ecdsaValue(parameters: Uint8Array, key: Uint8Array): Value {
  const curve = CURVES[new DerReader(parameters).oid("x509: invalid ECDSA parameters").join(".")];
  if (curve === undefined) throw new DataError("x509: unsupported elliptic curve");
  if (!isPoint(key, curve)) throw new DataError("x509: failed to unmarshal elliptic curve point");
  const x = bigintOf(key.subarray(1, 1 + curve.size));
  return { Curve: {}, X: integer(x), Y: integer(bigintOf(key.subarray(1 + curve.size))) };
}

export function bigintOf(bytes: Uint8Array): bigint {
  return bytes.length === 0 ? 0n : BigInt(`0x${Buffer.from(bytes).toString("hex")}`);
}

/** The bytes of a positive integer, most significant first, filled up to a length. */
export function bytesOf(value: bigint, length = 0): Buffer {
  const digits = value.toString(16);
  const even = digits.length % 2 === 0 ? digits : `0${digits}`;
  return Buffer.from(even.padStart(2 * length, "0"), "hex");
}

/** Whether an uncompressed point (SEC 1 §2.3.3) is on a curve of that name. */
export function isPoint(point: Uint8Array, curve: Curve): boolean {
  if (point[0] !== 4 || point.length !== 1 + 2 * curve.size) return false;
  try {
    ECDH.convertKey(Buffer.from(point), curve.openssl);
    return true;
  } catch {
    return false;
  }
}

/** The key as the platform takes it, or undefined where it does not. */
export function keyObjectOf(spki: Uint8Array): KeyObject | undefined {
  try {
    return createPublicKey({ key: Buffer.from(spki), format: "der", type: "spki" });
  } catch {
    return undefined;
  }
}
