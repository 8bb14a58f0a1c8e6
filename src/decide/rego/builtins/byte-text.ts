/**
 * Texts that hold bytes which are no UTF-8, as Go's strings may: what base64, hexadecimal and URL escapes stand for, and the
 * key or the digest that is calculated from it. Each such byte is a lone surrogate, U+DC80 to U+DCFF, within the evaluation;
 * no other text has one, since none comes in from outside. Whoever writes a text out makes it U+FFFD.
 */
import { isUtf8 } from "node:buffer";

const BYTE = 0xdc00;

/** The text of these bytes. */
export function textOfBytes(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString("utf8");
  let text = "";
  let at = 0;
  while (at < bytes.length) {
    const length = sequenceAt(bytes, at);
    if (length === 0) {
      text += String.fromCharCode(BYTE + (bytes[at] as number));
      at++;
    } else {
      text += bytes.toString("utf8", at, at + length);
      at += length;
    }
  }
  return text;
}

/** The length of the character that begins there, 0 where none does. */
function sequenceAt(bytes: Buffer, at: number): number {
  const first = bytes[at] as number;
  if (first < 0x80) return 1;
  const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  return at + length <= bytes.length && isUtf8(bytes.subarray(at, at + length)) ? length : 0;
}

/** The bytes that the text stands for: UTF-8 but for those kept as they were. */
export function bytesOfText(text: string): Buffer {
  if (text.isWellFormed()) return Buffer.from(text, "utf8");
  const parts: Buffer[] = [];
  let start = 0;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit >= 0xd800 && unit < 0xdc00 && isLow(text.charCodeAt(at + 1))) at++;
    else if (unit >= BYTE + 0x80 && unit <= BYTE + 0xff) {
      parts.push(Buffer.from(text.slice(start, at), "utf8"), Buffer.of(unit - BYTE));
      start = at + 1;
    }
  }
  parts.push(Buffer.from(text.slice(start), "utf8"));
  return Buffer.concat(parts);
}

function isLow(unit: number): boolean {
  return unit >= 0xdc00 && unit < 0xe000;
}

/** A text put together of others, in which bytes that were apart may be one character now. */
export function joined(text: string): string {
  return text.isWellFormed() ? text : textOfBytes(bytesOfText(text));
}

/** The byte that this character of a text is, if it is one. */
export function byteOf(character: string): number | undefined {
  const unit = character.charCodeAt(0);
  return character.length === 1 && unit >= BYTE + 0x80 && unit <= BYTE + 0xff ? unit - BYTE : undefined;
}
