/** Texts with characters taken off their ends. */
import { codePoints } from "./code-points.ts";

/** White space, as Unicode's property of that name. */
const SPACE = /[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/;

/** Whether a character is one of these; bytes that are no UTF-8 all count as U+FFFD. */
function among(characters: string): (character: string) => boolean {
  const all = new Set(characters.toWellFormed());
  return (character) => all.has(character.toWellFormed());
}

export function trimStart(text: string, characters: string): string {
  return text.slice(startOf(text, among(characters)));
}

export function trimEnd(text: string, characters: string): string {
  return text.slice(0, endOf(text, among(characters)));
}

export function trimSpace(text: string): string {
  const isSpace = (character: string): boolean => SPACE.test(character);
  const start = startOf(text, isSpace);
  return text.slice(start, Math.max(start, endOf(text, isSpace)));
}

function startOf(text: string, isCut: (character: string) => boolean): number {
  let at = 0;
  for (const character of text) {
    if (!isCut(character)) break;
    at += character.length;
  }
  return at;
}

function endOf(text: string, isCut: (character: string) => boolean): number {
  let end = text.length;
  while (end > 0) {
    const isPair = end > 1 && codePoints(text.slice(end - 2, end)) === 1;
    const character = text.slice(isPair ? end - 2 : end - 1, end);
    if (!isCut(character)) break;
    end -= character.length;
  }
  return end;
}
