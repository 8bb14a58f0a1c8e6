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

/** Colours aside, what may not be shown: control characters but the tab (C0, DEL, C1), and what turns the direction of writing. */
const UNPRINTABLE = /\x1b(?!\[\d{1,2}m)|[\0-\x08\x0a-\x1a\x1c-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/g;

/** Text from elsewhere as it may be shown on a terminal. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, "\ufffd");
}

function width(cell: string): number {
  return [...stripVTControlCharacters(cell)].length;
}
