// the library asks for this before it is loaded
import "reflect-metadata";
import { createPublicKey, type KeyObject } from "node:crypto";
import { Pkcs10CertificateRequest, type PublicKey } from "@peculiar/x509";
import { PosternError } from "#kernel";

/** A request for an RSA key of 8192 bits has less than 3 KiB. */
const MOST_LENGTH = 8_192;
const PEM =
  /^\s*-----BEGIN CERTIFICATE REQUEST-----\r?\n([A-Za-z0-9+/=\r\n]+)-----END CERTIFICATE REQUEST-----\s*$/;

const CURVES: ReadonlySet<string | undefined> = new Set(["prime256v1", "secp384r1", "secp521r1"]);
const LEAST_RSA_BITS = 3_072;
const MOST_RSA_BITS = 8_192;

/**
 * Takes the public key of a certificate request (RFC 2986 in PEM), once its signature has proved that whoever asks has
 * the private one. Names and extensions that it asks for are not read: who asks was established otherwise.
 * @throws PosternError `input.too_large`; `input.invalid` for anything but one whole request with an ECDSA key of P-256
 * or more, an Ed25519 key or an RSA key of 3072 bits or more
 */
export async function requestedKey(csr: string): Promise<PublicKey> {
  if (csr.length > MOST_LENGTH)
    throw new PosternError("input.too_large", `the certificate request is over ${MOST_LENGTH} characters`);
  const body = PEM.exec(csr)?.[1];
  if (body === undefined) throw invalid("is not one PEM block of PKCS#10");
  const request = await parse(Buffer.from(body, "base64"));
  checkStrength(request.publicKey);
  if (!(await isProven(request))) throw invalid("is not signed with its own key");
  return request.publicKey;
}

async function parse(der: Uint8Array<ArrayBuffer>): Promise<Pkcs10CertificateRequest> {
  try {
    return await Promise.resolve(new Pkcs10CertificateRequest(der));
  } catch (cause) {
    throw invalid("is not PKCS#10", cause);
  }
}

function checkStrength(key: PublicKey): void {
  let known: KeyObject;
  try {
    known = createPublicKey({ key: Buffer.from(key.rawData), format: "der", type: "spki" });
  } catch (cause) {
    throw invalid("has a key that is none", cause);
  }
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = known;
  if (type === "ed25519" || (type === "ec" && CURVES.has(details?.namedCurve))) return;
  const bits = details?.modulusLength ?? 0;
  if (type === "rsa" && bits >= LEAST_RSA_BITS && bits <= MOST_RSA_BITS) return;
  throw new PosternError("input.invalid", "the certificate request has a key of a kind that is not taken", {
    remedy: "use ECDSA on P-256, P-384 or P-521, Ed25519, or RSA of 3072 to 8192 bits",
  });
}

async function isProven(request: Pkcs10CertificateRequest): Promise<boolean> {
  try {
    if (request.signatureAlgorithm.hash?.name === "SHA-1") return false;
    return await request.verify();
  } catch (cause) {
    throw invalid("has a signature that cannot be checked", cause);
  }
}

function invalid(what: string, cause?: unknown): PosternError {
  return new PosternError(
    "input.invalid",
    `the certificate request ${what}`,
    cause === undefined ? {} : { cause },
  );
}
