/** What `cert` of the constraints and the second operand of `io.jwt.verify_*` hold: a certificate, a public key, a JWK or a set. */
import { createPublicKey, type KeyObject } from "node:crypto";
import { DataError } from "../data-error.ts";
import { decodePem, type PemBlock } from "../pem.ts";
import { parseCertificate } from "../x509/certificate.ts";
import { keyObjectOf, type PublicKey, parsePkixPublicKey } from "../x509/public-key.ts";
import { type Jwk, parseJwks } from "./jwk.ts";

/** `type` says which algorithms the key may verify; `none` is a key for other purposes. */
export interface VerificationKey {
  readonly kid: string;
  readonly alg: string;
  readonly type: "rsa" | "ec" | "ed25519" | "oct" | "none";
  readonly key?: KeyObject;
  /** Octets of a coordinate of the curve. */
  readonly size?: number;
  readonly secret?: Buffer;
}

/** The shortest modulus, in octets, that anything is verified by or signed with (Go, `crypto/rsa`). */
export const SHORTEST_MODULUS = 128;

export function parseVerificationKeys(text: string): readonly VerificationKey[] {
  const block = decodePem(text);
  if (block !== undefined) return [pemKey(block)];
  let keys: readonly Jwk[];
  try {
    keys = parseJwks(text);
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    throw new DataError(
      `failed to parse a JWK key (set): jwk.ParseString: failed to parse string: ${error.message}`,
    );
  }
  return keys.map(verificationKey);
}

function pemKey({ label, bytes, rest }: PemBlock): VerificationKey {
  if (rest !== "") throw new DataError("extra data after a PEM certificate block");
  if (label === "CERTIFICATE")
    return publicKeyOf(within("failed to parse a PEM certificate", () => parseCertificate(bytes).publicKey));
  if (label === "PUBLIC KEY")
    return publicKeyOf(within("failed to parse a PEM public key", () => parsePkixPublicKey(bytes)));
  throw new DataError("failed to extract a Key from the PEM certificate");
}

function within<T>(what: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    throw new DataError(`${what}: ${error.message}`);
  }
}

function publicKeyOf({ spki }: PublicKey): VerificationKey {
  return { kid: "", alg: "", ...platformKey(keyObjectOf(spki)) };
}

type Platform = Pick<VerificationKey, "type" | "key" | "size">;

const CURVE_SIZES: Readonly<Record<string, number>> = {
  secp224r1: 28,
  prime256v1: 32,
  secp384r1: 48,
  secp521r1: 66,
};

function platformKey(key: KeyObject | undefined): Platform {
  if (key?.asymmetricKeyType === "rsa") {
    const short = (key.asymmetricKeyDetails?.modulusLength ?? 0) < 8 * SHORTEST_MODULUS;
    return short ? { type: "none" } : { type: "rsa", key };
  }
  if (key?.asymmetricKeyType === "ec") {
    const size = CURVE_SIZES[key.asymmetricKeyDetails?.namedCurve ?? ""];
    return size === undefined ? { type: "none" } : { type: "ec", key, size };
  }
  return key?.asymmetricKeyType === "ed25519" ? { type: "ed25519", key } : { type: "none" };
}

function verificationKey(jwk: Jwk): VerificationKey {
  const common = { kid: jwk.kid, alg: jwk.alg };
  switch (jwk.kty) {
    case "oct":
      return { ...common, type: "oct", secret: jwk.k };
    case "RSA":
      if (jwk.private !== undefined) return { ...common, type: "none" };
      return { ...common, ...fromJwk({ kty: "RSA", n: url(jwk.n), e: url(jwk.e) }) };
    case "EC":
      if (jwk.d !== undefined) return { ...common, type: "none" };
      return { ...common, ...fromJwk({ kty: "EC", crv: jwk.curve.name, x: url(jwk.x), y: url(jwk.y) }) };
    case "OKP":
      if (jwk.d !== undefined || jwk.crv === "X25519") return { ...common, type: "none" };
      if (jwk.crv !== "Ed25519")
        throw new DataError(
          `jwk.OKPPublicKey: failed to build public key: invalid curve algorithm ${jwk.crv}`,
        );
      return { ...common, ...fromJwk({ kty: "OKP", crv: jwk.crv, x: url(jwk.x) }) };
  }
}

function fromJwk(key: Record<string, string>): Platform {
  try {
    return platformKey(createPublicKey({ key, format: "jwk" }));
  } catch {
    return { type: "none" };
  }
}

function url(bytes: Buffer): string {
  return bytes.toString("base64url");
}
