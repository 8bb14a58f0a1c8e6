import { randomBytes } from "node:crypto";
import { toBase64Url } from "./bytes.ts";

/** Where identifiers and secrets come from; a test gives its own to be repeatable. */
export interface IdSource {
  /** `length` bytes, unpredictable in production. */
  random(length: number): Uint8Array;
}

/** The platform's cryptographic random source. */
export const systemIds: IdSource = { random: (length) => randomBytes(length) };

const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"; // Crockford's base 32: nothing that reads as something else

/**
 * A new identifier such as `dec_01jc3v6k2m8q9x7r4t5w6y0zab`: a prefix, 50 bits of time in milliseconds and
 * 80 random bits, so that identifiers sort by time and cannot be guessed. Not a secret: use `newSecret` for those.
 */
export function newId(prefix: string, now: number, ids: IdSource): string {
  let time = "";
  for (let rest = now, i = 0; i < 10; i++, rest = Math.floor(rest / 32)) time = ALPHABET[rest % 32] + time;
  let tail = "";
  for (const byte of ids.random(16)) tail += ALPHABET[byte & 31];
  return `${prefix}_${time}${tail}`;
}

/** A new bearer secret: 256 random bits in base64url (43 characters). It rests only as its `sha256Hex`. */
export function newSecret(ids: IdSource): string {
  return toBase64Url(ids.random(32));
}
