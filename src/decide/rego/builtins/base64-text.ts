/** Base64 (RFC 4648 §4 and §5) as Go decodes it: line ends are skipped, padding must be right, surplus bits may be set. */
import { bytesOfText } from "./byte-text.ts";
import { DataError } from "./data-error.ts";

type Alphabet = "standard" | "url";
const ALPHABETS: Readonly<Record<Alphabet, RegExp>> = {
  standard: /[A-Za-z0-9+/]/,
  url: /[A-Za-z0-9\-_]/,
};

/** @throws DataError `illegal base64 data at input byte N` */
export function decodeBase64(text: string, alphabet: Alphabet): Buffer {
  const bytes = bytesOfText(text);
  let digits = "";
  for (let at = 0; at < bytes.length; at++) {
    const character = String.fromCharCode(bytes[at] as number);
    if (character === "\n" || character === "\r") continue;
    if (ALPHABETS[alphabet].test(character)) {
      digits += character;
      continue;
    }
    if (character !== "=") throw illegal(at);
    endOfPadding(bytes, at, digits.length % 4);
    return Buffer.from(digits, "base64");
  }
  if (digits.length % 4 !== 0) throw illegal(bytes.length - (digits.length % 4));
  return Buffer.from(digits, "base64");
}

/** Holds when from here on there is the padding that so many digits of the last four need, and nothing else. */
function endOfPadding(bytes: Buffer, first: number, digits: number): void {
  if (digits < 2) throw illegal(first);
  let missing = 3 - digits;
  for (let at = first + 1; at < bytes.length; at++) {
    const unit = bytes[at];
    if (unit === 0x0a || unit === 0x0d) continue;
    if (unit !== 0x3d || missing === 0) throw illegal(at);
    missing--;
  }
  if (missing > 0) throw illegal(bytes.length);
}

/** Base64url whose padding may be left out, as tokens and keys have it (RFC 7515 §2). */
export function decodeBase64Url(text: string): Buffer {
  if (text.endsWith("=")) return decodeBase64(text, "url");
  const surplus = Buffer.byteLength(text) % 4;
  if (surplus === 1) throw new DataError(`illegal base64url string: ${text}`);
  return decodeBase64(surplus === 0 ? text : text + "=".repeat(4 - surplus), "url");
}

function illegal(at: number): DataError {
  return new DataError(`illegal base64 data at input byte ${at}`);
}
