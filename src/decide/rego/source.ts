/** A text that positions refer to: a module or a query. Offsets are UTF-16 units, lines and columns count from 1. */
export class Source {
  readonly file: string;
  readonly text: string;
  #lines: number[] | undefined;
  constructor(file: string, text: string) {
    this.file = file;
    this.text = text;
  }
  /** Columns count code points, as OPA's do. */
  position(offset: number): { readonly line: number; readonly column: number } {
    this.#lines ??= lineStarts(this.text);
    let low = 0;
    let high = this.#lines.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#lines[middle] as number) <= offset) low = middle;
      else high = middle - 1;
    }
    const start = this.#lines[low] as number;
    return { line: low + 1, column: Array.from(this.text.slice(start, offset)).length + 1 };
  }
}

function lineStarts(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return starts;
}

/** A stretch of a source. */
export interface Span {
  readonly source: Source;
  readonly start: number;
  readonly end: number;
}

/** `file:line:column`. */
export function where(span: Span): string {
  const { line, column } = span.source.position(span.start);
  return `${span.source.file}:${line}:${column}`;
}
