import { createCipheriv, createDecipheriv, hkdfSync } from "node:crypto";
import { fromBase64Url, type IdSource, toBase64Url } from "#kernel";

/** Of the form, so that a later one can be told apart. */
const VERSION = "v1";
/** 96 bits, NIST SP 800-38D §8.2.2. */
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Seals bytes for one purpose. The key is derived for `context` alone (RFC 5869), so that the random nonces
 * of one purpose never meet those of another, and `context` is authenticated, so that what was sealed for
 * one purpose does not open for another.
 */
export function sealBytes(master: Uint8Array, bytes: Uint8Array, context: string, ids: IdSource): string {
  const nonce = ids.random(NONCE_BYTES);
  const cipher = createCipheriv("aes-256-gcm", derive(master, context), nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(Buffer.from(context));
  const sealed = Buffer.concat([nonce, cipher.update(bytes), cipher.final(), cipher.getAuthTag()]);
  return `${VERSION}.${toBase64Url(sealed)}`;
}

/** Opens what `sealBytes` sealed. @throws Error on another key, another context or any alteration. */
export function openBytes(master: Uint8Array, sealed: string, context: string): Uint8Array {
  const [version, body] = sealed.split(".", 2);
  if (version !== VERSION || body === undefined) throw new Error("not sealed in a form that is known");
  const bytes = fromBase64Url(body);
  if (bytes.length < NONCE_BYTES + TAG_BYTES) throw new Error("too short to be sealed");
  const decipher = createDecipheriv("aes-256-gcm", derive(master, context), bytes.subarray(0, NONCE_BYTES), {
    authTagLength: TAG_BYTES,
  });
  decipher.setAAD(Buffer.from(context));
  decipher.setAuthTag(bytes.subarray(bytes.length - TAG_BYTES));
  const text = bytes.subarray(NONCE_BYTES, bytes.length - TAG_BYTES);
  return new Uint8Array(Buffer.concat([decipher.update(text), decipher.final()]));
}

function derive(master: Uint8Array, context: string): Uint8Array {
  return new Uint8Array(hkdfSync("sha256", master, new Uint8Array(0), `postern/secret/${context}`, 32));
}
