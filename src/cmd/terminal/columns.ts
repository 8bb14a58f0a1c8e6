import { stripVTControlCharacters } from "node:util";

/**
 * Lays rows out in columns two spaces apart; the last column is not padded. Control characters in a cell
 * are taken out first, colours apart, so that a name in a log cannot write on somebody's terminal.
 */
export function columns(rows: readonly (readonly string[])[], indent = ""): string {
  const clean = rows.map((row) => row.map(printable));
  const widths: number[] = [];
  for (const row of clean) {
    row.forEach((cell, i) => {
      widths[i] = Math.max(widths[i] ?? 0, width(cell));
    });
  }
  return clean
    .map((row) => {
      const cells = row.map((cell, i) =>
        i === row.length - 1 ? cell : cell + " ".repeat((widths[i] ?? 0) - width(cell)),
      );
      return `${indent}${cells.join("  ").trimEnd()}\n`;
    })
    .join("");
}

const ESCAPE = String.fromCharCode(0x1b);
/** What may not be shown: control characters but the tab and our colours, and what turns the direction of writing. */
const UNPRINTABLE = new RegExp(`(?!\\t|${ESCAPE}\\[\\d{1,2}m)[\\p{Cc}\\u202a-\\u202e\\u2066-\\u2069]`, "gu");

/** Text from elsewhere as it may be shown on a terminal. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, "\ufffd");
}

const letters = new Intl.Segmenter();

function width(cell: string): number {
  return Array.from(letters.segment(stripVTControlCharacters(cell))).length;
}
