/**
 * The algorithms of RFC 7518 §3 and RFC 8037 §3.1, by name. They stand on node:crypto and not on a JOSE library, since those
 * are asynchronous and an evaluation is not.
 */
import { constants, createHmac, type KeyObject, sign, timingSafeEqual, verify } from "node:crypto";
import { bigintOf, bytesOf } from "../x509/public-key.ts";

export interface Algorithm {
  /** The type of key that it goes with. */
  readonly key: "oct" | "rsa" | "ec" | "ed25519";
  readonly hash: string | undefined;
  readonly pss?: boolean;
}

const HASHES = [
  ["256", "sha256"],
  ["384", "sha384"],
  ["512", "sha512"],
] as const;

export const ALGORITHMS: ReadonlyMap<string, Algorithm> = new Map<string, Algorithm>([
  ...HASHES.flatMap(([bits, hash]): [string, Algorithm][] => [
    [`HS${bits}`, { key: "oct", hash }],
    [`RS${bits}`, { key: "rsa", hash }],
    [`PS${bits}`, { key: "rsa", hash, pss: true }],
    [`ES${bits}`, { key: "ec", hash }],
  ]),
  ["EdDSA", { key: "ed25519", hash: undefined }],
]);

export function authenticationCode(algorithm: Algorithm, secret: Buffer | string, data: Buffer): Buffer {
  return createHmac(algorithm.hash ?? "sha256", secret)
    .update(data)
    .digest();
}

/** Whether this is the code of the data (RFC 7518 §3.2). */
export function codeHolds(
  algorithm: Algorithm,
  secret: Buffer | string,
  data: Buffer,
  code: Buffer,
): boolean {
  const expected = authenticationCode(algorithm, secret, data);
  return code.length === expected.length && timingSafeEqual(code, expected);
}

/** Whether this is a signature of the data. `size` is the octets of a coordinate of the key's curve, which need not be the algorithm's. */
export function signatureHolds(
  algorithm: Algorithm,
  key: KeyObject,
  size: number | undefined,
  data: Buffer,
  signature: Buffer,
): boolean {
  if (algorithm.key !== "ec") return verify(algorithm.hash, data, optionsOf(algorithm, key), signature);
  const middle = signature.length >> 1;
  const r = bigintOf(signature.subarray(0, middle));
  const s = bigintOf(signature.subarray(middle));
  const width = size ?? 0;
  const fixed = Buffer.concat([bytesOf(r, width), bytesOf(s, width)]);
  return fixed.length === 2 * width && verify(algorithm.hash, data, optionsOf(algorithm, key), fixed);
}

export function makeSignature(algorithm: Algorithm, key: KeyObject, data: Buffer): Buffer {
  return sign(algorithm.hash, data, optionsOf(algorithm, key, constants.RSA_PSS_SALTLEN_DIGEST));
}

interface SignatureOptions {
  readonly key: KeyObject;
  readonly padding?: number;
  readonly saltLength?: number;
  readonly dsaEncoding?: "ieee-p1363";
}

function optionsOf(
  algorithm: Algorithm,
  key: KeyObject,
  saltLength: number = constants.RSA_PSS_SALTLEN_AUTO,
): SignatureOptions {
  if (algorithm.key === "ec") return { key, dsaEncoding: "ieee-p1363" };
  if (algorithm.key !== "rsa") return { key };
  return algorithm.pss === true
    ? { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength }
    : { key, padding: constants.RSA_PKCS1_PADDING };
}
