/** Texts by code point, as OPA counts and cuts them; a lone surrogate is one of its own. */

const ASCII = /^[\0-\x7f]*$/;

export function isAscii(text: string): boolean {
  return ASCII.test(text);
}

/** How many code points the text has, up to an offset in UTF-16 units. */
export function codePoints(text: string, end: number = text.length): number {
  let count = end;
  for (let i = 0; i + 1 < end; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0xd800 || unit > 0xdbff) continue;
    const next = text.charCodeAt(i + 1);
    if (next < 0xdc00 || next > 0xdfff) continue;
    count--;
    i++;
  }
  return count;
}
