/** Go's simple case mapping: one code point to one, without the special cases of words and languages, by Unicode 15. */
import { codePoints, isAscii } from "./code-points.ts";
import { isNewer } from "./newer-characters.ts";

export function lower(text: string): string {
  if (isAscii(text)) return text.toLowerCase();
  return mapped(text, (letter) => (letter === "İ" ? "i" : letter.toLowerCase()));
}

export function upper(text: string): string {
  if (isAscii(text)) return text.toUpperCase();
  return mapped(text, (letter) => titleOf(letter.charCodeAt(0)) ?? letter.toUpperCase());
}

function mapped(text: string, convert: (letter: string) => string): string {
  let result = "";
  for (const letter of text.toWellFormed()) {
    const other = convert(letter);
    const isPair = codePoints(other) === 1 && !isNewer(letter) && !isNewer(other);
    result += isPair ? other : letter;
  }
  return result;
}

/** Greek letters with an iota below, whose upper case is two letters in full and one letter of title case here. */
function titleOf(code: number): string | undefined {
  if (code < 0x1f80 || code > 0x1ff3) return undefined;
  if (code === 0x1fb3 || code === 0x1fc3 || code === 0x1ff3) return String.fromCharCode(code + 9);
  const isSmall = (code & 0xf) < 8 && (code < 0x1f88 || (code > 0x1f8f && code < 0x1fa8));
  return isSmall ? String.fromCharCode(code + 8) : undefined;
}
