/**
 * Certificate requests (PKCS#10, RFC 2986). One is a dozen bytes around a public key and a signature, both made by the
 * platform: the library that control issues certificates with would cost a gateway 20 MB for as long as it runs.
 */
import { generateKeyPairSync, sign } from "node:crypto";

const SEQUENCE = 0x30;
const BIT_STRING = 0x03;
/** Version 0 (RFC 2986 §4.1). */
const VERSION: Buffer = Buffer.from([0x02, 0x01, 0x00]);
/** An empty name: who asks is established otherwise. */
const NO_SUBJECT: Buffer = Buffer.from([SEQUENCE, 0x00]);
/** `[0] IMPLICIT Attributes`, none of them. */
const NO_ATTRIBUTES: Buffer = Buffer.from([0xa0, 0x00]);
/** ecdsa-with-SHA256, 1.2.840.10045.4.3.2 (RFC 5758 §3.2). */
const ALGORITHM: Buffer = Buffer.from([
  SEQUENCE,
  0x0a,
  0x06,
  0x08,
  0x2a,
  0x86,
  0x48,
  0xce,
  0x3d,
  0x04,
  0x03,
  0x02,
]);

/** A new key on P-256 and a request for a certificate of it, both in PEM. */
export function newKeyAndRequest(): { readonly key: string; readonly csr: string } {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const spki = publicKey.export({ format: "der", type: "spki" });
  const info = der(SEQUENCE, VERSION, NO_SUBJECT, spki, NO_ATTRIBUTES);
  const signature = sign("sha256", info, { key: privateKey, dsaEncoding: "der" });
  const request = der(SEQUENCE, info, ALGORITHM, der(BIT_STRING, Buffer.of(0), signature));
  return { key: privateKey.export({ format: "pem", type: "pkcs8" }).toString(), csr: pemOf(request) };
}

/** X.690 §8.1, with lengths up to 65535. */
function der(tag: number, ...contents: readonly Buffer[]): Buffer {
  const content = Buffer.concat(contents);
  const { length } = content;
  const header =
    length < 0x80
      ? [tag, length]
      : length < 0x100
        ? [tag, 0x81, length]
        : [tag, 0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from(header), content]);
}

function pemOf(request: Buffer): string {
  const lines = request.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE REQUEST-----\n${lines.join("\n")}\n-----END CERTIFICATE REQUEST-----\n`;
}
