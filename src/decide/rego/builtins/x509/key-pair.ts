/** A certificate and its private key as Go's `tls.X509KeyPair` takes and prints them. */
import { equal, type Value } from "../../values/index.ts";
import { DataError } from "../data-error.ts";
import { decodeAllPem, isPem, type PemBlock, pemOrDer } from "../pem.ts";
import { type Certificate, parseCertificate } from "./certificate.ts";
import { certificateValue } from "./certificate-value.ts";
import { type PrivateKey, parseAnyPrivateKey, privateKeyValue, publicValueOf } from "./private-key.ts";

/** Go's `tls.Certificate`; fails where the key is not the certificate's. */
export function keyPairValue(certificate: string, key: string): Value {
  const chain = certificateBytes(certificate);
  const secret = keyBytes(key);
  const leaf = parseCertificate(chain[0] as Buffer);
  const parsed = parseAnyPrivateKey(secret);
  assertPair(leaf, parsed);
  return {
    Certificate: chain.map((bytes) => bytes.toString("base64")),
    Leaf: certificateValue(leaf),
    OCSPStaple: null,
    PrivateKey: privateKeyValue(parsed),
    SignedCertificateTimestamps: null,
    SupportedSignatureAlgorithms: null,
  };
}

function certificateBytes(text: string): readonly Buffer[] {
  const bytes = pemOrDer(text);
  if (!isPem(bytes)) return [bytes];
  const blocks = decodeAllPem(bytes.toString("utf8"));
  const chain = blocks.filter(({ label }) => label === "CERTIFICATE").map((block) => block.bytes);
  if (chain.length > 0) return chain;
  throw new DataError(
    `tls: failed to find "CERTIFICATE" PEM block in certificate input after skipping PEM blocks of the following types: [${labels(blocks)}]`,
  );
}

function keyBytes(text: string): Buffer {
  const bytes = pemOrDer(text);
  if (!isPem(bytes)) return bytes;
  const blocks = decodeAllPem(bytes.toString("utf8"));
  const block = blocks.find(({ label }) => label === "PRIVATE KEY" || label.endsWith(" PRIVATE KEY"));
  if (block !== undefined) return block.bytes;
  throw new DataError(
    `tls: failed to find PEM block with type ending in "PRIVATE KEY" in key input after skipping PEM blocks of the following types: [${labels(blocks)}]`,
  );
}

function labels(blocks: readonly PemBlock[]): string {
  return blocks.map(({ label }) => label).join(" ");
}

/** Types of keys by Go's numbers of their algorithms. */
const TYPES: Readonly<Record<number, PrivateKey["type"]>> = { 1: "rsa", 3: "ec", 4: "ed25519" };

function assertPair({ publicKey }: Certificate, key: PrivateKey): void {
  if (key.type === "x25519") throw new DataError("tls: found unknown private key type in PKCS#8 wrapping");
  const type = TYPES[publicKey.algorithm];
  if (type === undefined) throw new DataError("tls: unknown public key algorithm");
  if (type !== key.type) throw new DataError("tls: private key type does not match public key type");
  if (!equal(publicKey.value, publicValueOf(key)))
    throw new DataError("tls: private key does not match public key");
}
