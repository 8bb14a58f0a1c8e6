/** Signature algorithms of certificates (RFC 4055, RFC 5758, RFC 8410), with Go's numbers for them. */
import { constants, type KeyObject, verify } from "node:crypto";
import { DerReader, TAG } from "./der.ts";

interface Scheme {
  readonly number: number;
  readonly oid: string;
  /** Go's number of the algorithm of keys that it goes with. */
  readonly key: number;
  readonly hash: string | undefined;
  readonly pss?: boolean;
}

const RSA = 1;
const DSA = 2;
const ECDSA = 3;
const ED25519 = 4;
const PSS = "1.2.840.113549.1.1.10";

const SCHEMES: readonly Scheme[] = [
  { number: 2, oid: "1.2.840.113549.1.1.4", key: RSA, hash: "md5" },
  { number: 3, oid: "1.2.840.113549.1.1.5", key: RSA, hash: "sha1" },
  { number: 3, oid: "1.3.14.3.2.29", key: RSA, hash: "sha1" },
  { number: 4, oid: "1.2.840.113549.1.1.11", key: RSA, hash: "sha256" },
  { number: 5, oid: "1.2.840.113549.1.1.12", key: RSA, hash: "sha384" },
  { number: 6, oid: "1.2.840.113549.1.1.13", key: RSA, hash: "sha512" },
  { number: 7, oid: "1.2.840.10040.4.3", key: DSA, hash: "sha1" },
  { number: 8, oid: "2.16.840.1.101.3.4.3.2", key: DSA, hash: "sha256" },
  { number: 9, oid: "1.2.840.10045.4.1", key: ECDSA, hash: "sha1" },
  { number: 10, oid: "1.2.840.10045.4.3.2", key: ECDSA, hash: "sha256" },
  { number: 11, oid: "1.2.840.10045.4.3.3", key: ECDSA, hash: "sha384" },
  { number: 12, oid: "1.2.840.10045.4.3.4", key: ECDSA, hash: "sha512" },
  { number: 13, oid: PSS, key: RSA, hash: "sha256", pss: true },
  { number: 14, oid: PSS, key: RSA, hash: "sha384", pss: true },
  { number: 15, oid: PSS, key: RSA, hash: "sha512", pss: true },
  { number: 16, oid: "1.3.101.112", key: ED25519, hash: undefined },
];
const BY_NUMBER: ReadonlyMap<number, Scheme> = new Map(SCHEMES.map((scheme) => [scheme.number, scheme]));

/** The parameters of RSASSA-PSS that are known, in hexadecimal: hash, MGF1 with the same hash, a salt of its length. */
const PSS_PARAMETERS: Readonly<Record<string, number>> = {
  "300b0609608648016503040201": 13,
  "300b0609608648016503040202": 14,
  "300b0609608648016503040203": 15,
};
const PSS_SALT: Readonly<Record<number, bigint>> = { 13: 32n, 14: 48n, 15: 64n };

/** Go's number of the algorithm that the contents of an `AlgorithmIdentifier` name; 0 for others. */
export function signatureAlgorithmOf(identifier: Uint8Array): number {
  const reader = new DerReader(identifier);
  const oid = reader.oid("x509: malformed OID").join(".");
  if (!reader.empty) {
    const { tag } = new DerReader(reader.rest).any("x509: malformed parameters");
    if (oid === "1.3.101.112") return 0;
    if (oid === PSS) return tag === TAG.sequence ? pssAlgorithmOf(reader.rest) : 0;
  } else if (oid === PSS) return 0;
  return SCHEMES.find((scheme) => scheme.oid === oid)?.number ?? 0;
}

function pssAlgorithmOf(parameters: Uint8Array): number {
  const members = new DerReader(parameters).within(TAG.sequence, "x509: malformed parameters");
  if (!members.next(0xa0)) return 0;
  const hash = hashOf(members.any("").contents);
  if (hash === undefined || !members.next(0xa1)) return 0;
  const mask = new DerReader(members.any("").contents).within(TAG.sequence, "x509: malformed parameters");
  if (mask.oid("x509: malformed OID").join(".") !== "1.2.840.113549.1.1.8" || hashOf(mask.rest) !== hash)
    return 0;
  if (!members.next(0xa2)) return 0;
  const salt = new DerReader(members.any("").contents).integer("x509: malformed parameters");
  if (salt !== PSS_SALT[hash]) return 0;
  if (members.empty) return hash;
  return new DerReader(members.any("").contents).integer("x509: malformed parameters") === 1n ? hash : 0;
}

/** The algorithm that goes with an identifier of a hash, whose parameters are absent or null. */
function hashOf(identifier: Uint8Array): number | undefined {
  const hex = Buffer.from(identifier).toString("hex");
  return PSS_PARAMETERS[hex.endsWith("0500") ? `300b${hex.slice(4, -4)}` : hex];
}

/**
 * Whether the key of a certificate made this signature. As in Go, MD5 and DSA prove nothing, and SHA-1 neither.
 */
export function signatureHolds(
  algorithm: number,
  keyAlgorithm: number,
  key: KeyObject | undefined,
  signed: Uint8Array,
  signature: Uint8Array,
): boolean {
  const scheme = BY_NUMBER.get(algorithm);
  if (scheme === undefined || key === undefined || scheme.key !== keyAlgorithm) return false;
  if (scheme.hash === "md5" || scheme.hash === "sha1" || scheme.key === DSA) return false;
  const padding = scheme.pss === true ? constants.RSA_PKCS1_PSS_PADDING : constants.RSA_PKCS1_PADDING;
  const options =
    scheme.key === RSA
      ? {
          key,
          padding,
          ...(scheme.pss === true ? { saltLength: constants.RSA_PSS_SALTLEN_AUTO } : {}),
        }
      : { key };
  return verify(scheme.hash, signed, options, signature);
}
