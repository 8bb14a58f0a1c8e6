/** Private keys: PKCS #1 (RFC 8017, appendix A.1.2), SEC 1 (RFC 5915) and PKCS #8 (RFC 5208), as Go parses and prints them. */
import { createECDH, createPrivateKey } from "node:crypto";
import { integer, type Value } from "../../values/index.ts";
import { DataError } from "../data-error.ts";
import type { PemBlock } from "../pem.ts";
import { context, DerReader, TAG } from "./der.ts";
import { bigintOf, bytesOf, CURVES, type Curve } from "./public-key.ts";

export type PrivateKey =
  | {
      readonly type: "rsa";
      readonly n: bigint;
      readonly e: bigint;
      readonly d: bigint;
      readonly primes: readonly bigint[];
    }
  | { readonly type: "ec"; readonly curve: Curve; readonly d: bigint; readonly x: bigint; readonly y: bigint }
  | { readonly type: "ed25519"; readonly seed: Uint8Array; readonly x: Uint8Array }
  | { readonly type: "x25519"; readonly d: Uint8Array; readonly x: Uint8Array };

const RSA = "1.2.840.113549.1.1.1";
const EC = "1.2.840.10045.2.1";
const ED25519 = "1.3.101.112";
const X25519 = "1.3.101.110";

/** The key in a block of that label, or undefined where the label is of no private key. */
export function privateKeyOf({ label, bytes }: PemBlock): PrivateKey | undefined {
  switch (label) {
    case "RSA PRIVATE KEY":
      return parsePkcs1(bytes);
    case "PRIVATE KEY":
      return parsePkcs8(bytes);
    case "EC PRIVATE KEY":
      return parseSec1(bytes);
    default:
      return undefined;
  }
}

/** The key in whichever of the three forms it is. */
export function parseAnyPrivateKey(der: Uint8Array): PrivateKey {
  for (const parse of [parsePkcs1, parsePkcs8, parseSec1])
    try {
      return parse(der);
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
    }
  throw new DataError("tls: failed to parse private key");
}

function parsePkcs1(der: Uint8Array): PrivateKey {
  const what = "asn1: structure error: pkcs1PrivateKey";
  const reader = new DerReader(der);
  const members = reader.within(TAG.sequence, what);
  if (!reader.empty) throw new DataError("asn1: syntax error: trailing data");
  const version = members.integer(what);
  const [n, e, d, p, q] = Array.from({ length: 5 }, () => members.integer(what)) as [
    bigint,
    bigint,
    bigint,
    bigint,
    bigint,
  ];
  const [dp, dq, coefficient] = Array.from({ length: 3 }, () =>
    members.next(TAG.integer) ? members.integer(what) : undefined,
  );
  if (version > 1n || version < 0n) throw new DataError("x509: unsupported private key version");
  if (n <= 0n || d <= 0n || p <= 0n || q <= 0n)
    throw new DataError("x509: private key contains zero or negative value");
  if (p * q !== n || (e * d) % (p - 1n) !== 1n || (e * d) % (q - 1n) !== 1n)
    throw new DataError("crypto/rsa: the parts of the key do not belong together");
  if ((dp ?? d % (p - 1n)) !== d % (p - 1n) || (dq ?? d % (q - 1n)) !== d % (q - 1n))
    throw new DataError("crypto/rsa: invalid CRT exponent");
  if (coefficient !== undefined && coefficient !== inverse(q, p))
    throw new DataError("crypto/rsa: invalid CRT coefficient");
  return { type: "rsa", n, e, d, primes: [p, q] };
}

function parsePkcs8(der: Uint8Array): PrivateKey {
  const what = "asn1: structure error: pkcs8";
  const members = new DerReader(der).within(TAG.sequence, what);
  members.integer(what);
  const identifier = members.element(TAG.sequence, what);
  const algorithm = new DerReader(identifier.contents);
  const oid = algorithm.oid(what).join(".");
  const key = members.element(TAG.octetString, what).contents;
  switch (oid) {
    case RSA:
      return within("failed to parse RSA private key embedded in PKCS#8", () => parsePkcs1(key));
    case EC: {
      const curve = algorithm.next(TAG.oid) ? CURVES[algorithm.oid(what).join(".")] : undefined;
      return within("failed to parse EC private key embedded in PKCS#8", () => sec1Key(key, curve));
    }
    case ED25519: {
      if (!algorithm.empty) throw new DataError("x509: invalid Ed25519 private key parameters");
      const seed = new DerReader(key).element(TAG.octetString, "x509: invalid Ed25519 private key").contents;
      if (seed.length !== 32) throw new DataError(`x509: invalid Ed25519 private key length: ${seed.length}`);
      return { type: "ed25519", seed, x: publicOf("302e020100300506032b657004220420", seed) };
    }
    case X25519: {
      const d = new DerReader(key).element(TAG.octetString, "x509: invalid X25519 private key").contents;
      return { type: "x25519", d, x: publicOf("302e020100300506032b656e04220420", d) };
    }
    default:
      throw new DataError(`x509: PKCS#8 wrapping contained private key with unknown algorithm: ${oid}`);
  }
}

function within(what: string, parse: () => PrivateKey): PrivateKey {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    throw new DataError(`x509: ${what}: ${error.message}`);
  }
}

/** The public half of an octet key pair; `wrapping` is what stands before its secret in PKCS #8, in hexadecimal. */
function publicOf(wrapping: string, secret: Uint8Array): Uint8Array {
  if (secret.length !== 32) throw new DataError("x509: invalid private key length");
  const key = createPrivateKey({
    key: Buffer.concat([Buffer.from(wrapping, "hex"), secret]),
    format: "der",
    type: "pkcs8",
  });
  return Buffer.from(key.export({ format: "jwk" }).x ?? "", "base64url");
}

function parseSec1(der: Uint8Array): PrivateKey {
  return sec1Key(der, undefined);
}

/** `named` is the curve that a wrapping says. */
function sec1Key(der: Uint8Array, named: Curve | undefined): PrivateKey {
  const what = "x509: failed to parse EC private key: asn1: structure error";
  const members = new DerReader(der).within(TAG.sequence, what);
  if (members.integer(what) !== 1n) throw new DataError("x509: unknown EC private key version");
  const d = bigintOf(members.element(TAG.octetString, what).contents);
  const own = members.next(context(0, true))
    ? CURVES[new DerReader(members.any(what).contents).oid(what).join(".")]
    : undefined;
  if (members.next(context(1, true))) new DerReader(members.any(what).contents).bitString(what);
  if (!members.empty) members.any(what);
  const curve = named ?? own;
  if (curve === undefined) throw new DataError("x509: unknown elliptic curve");
  let point: Buffer;
  try {
    const exchange = createECDH(curve.openssl);
    exchange.setPrivateKey(bytesOf(d, curve.size));
    point = exchange.getPublicKey();
  } catch {
    throw new DataError("x509: invalid elliptic curve private key value");
  }
  const x = bigintOf(point.subarray(1, 1 + curve.size));
  return { type: "ec", curve, d, x, y: bigintOf(point.subarray(1 + curve.size)) };
}

/** Go's `rsa.PrivateKey`, `ecdsa.PrivateKey`, `ed25519.PrivateKey`, `ecdh.PrivateKey`. */
export function privateKeyValue(key: PrivateKey): Value {
  switch (key.type) {
    case "rsa": {
      const [p = 1n, q = 1n] = key.primes;
      return {
        D: integer(key.d),
        E: integer(key.e),
        N: integer(key.n),
        Precomputed: {
          CRTValues: [],
          Dp: integer(key.d % (p - 1n)),
          Dq: integer(key.d % (q - 1n)),
          Qinv: integer(inverse(q, p)),
        },
        Primes: key.primes.map(integer),
      };
    }
    case "ec":
      return { Curve: {}, D: integer(key.d), X: integer(key.x), Y: integer(key.y) };
    case "ed25519":
      return Buffer.concat([key.seed, key.x]).toString("base64");
    case "x25519":
      return {};
  }
}

/** The public half as it prints within a certificate. */
export function publicValueOf(key: PrivateKey): Value {
  switch (key.type) {
    case "rsa":
      return { E: integer(key.e), N: integer(key.n) };
    case "ec":
      return { Curve: {}, X: integer(key.x), Y: integer(key.y) };
    case "ed25519":
    case "x25519":
      return Buffer.from(key.x).toString("base64");
  }
}

/** The key as a JSON Web Key. */
export function privateKeyJwk(key: PrivateKey): Value {
  const url = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64url");
  const number = (value: bigint, size?: number): string => url(bytesOf(value, size));
  switch (key.type) {
    case "rsa": {
      const [p = 1n, q = 1n] = key.primes;
      return {
        kty: "RSA",
        n: number(key.n),
        e: number(key.e),
        d: number(key.d),
        p: number(p),
        q: number(q),
        dp: number(key.d % (p - 1n)),
        dq: number(key.d % (q - 1n)),
        qi: number(inverse(q, p)),
      };
    }
    case "ec": {
      const { name, size } = key.curve;
      if (name === "P-224")
        throw new DataError(
          "failed to initialize *jwk.ecdsaPrivateKey from *ecdsa.PrivateKey: unknown elliptic curve",
        );
      return { kty: "EC", crv: name, d: number(key.d, size), x: number(key.x, size), y: number(key.y, size) };
    }
    case "ed25519":
      return { kty: "OKP", crv: "Ed25519", d: url(key.seed), x: url(key.x) };
    case "x25519":
      return { kty: "OKP", crv: "X25519", d: url(key.d), x: url(key.x) };
  }
}

/** The inverse of a number modulo a prime. */
export function inverse(value: bigint, prime: bigint): bigint {
  let [r, next, t, nextT] = [prime, value % prime, 0n, 1n];
  while (next !== 0n) {
    const quotient = r / next;
    [r, next] = [next, r - quotient * next];
    [t, nextT] = [nextT, t - quotient * nextT];
  }
  return t < 0n ? t + prime : t;
}
