import type { Place } from "./findings.ts";
import type { SourceFile } from "./types.ts";

/** A file that can say where a part of its text stands. */
export interface SourceText {
  readonly path: string;
  readonly text: string;
  /** The place of the characters from `start` up to `end` (offsets in UTF-16 units); at least one long. */
  place(start: number, end: number): Place;
  lineAt(offset: number): number;
}

/** Prepares a file's text for asking after lines and columns. */
export function sourceText(file: SourceFile): SourceText {
  const starts = [0];
  for (let at = file.text.indexOf("\n"); at !== -1; at = file.text.indexOf("\n", at + 1)) starts.push(at + 1);

  function lineAt(offset: number): number {
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return low + 1;
  }

  return {
    path: file.path,
    text: file.text,
    lineAt,
    place(start, end) {
      const line = lineAt(start);
      const lineStart = starts[line - 1] ?? 0;
      const lineEnd = (starts[line] ?? file.text.length + 1) - 1;
      const length = Math.max(1, Math.min(end, lineEnd) - start);
      return { file: file.path, line, column: start - lineStart + 1, length };
    },
  };
}
