import type { Comment } from "../syntax.ts";

/** The comments of a module while it is printed: each is given out once, in the order of the text. */
export class Remarks {
  readonly #text: string;
  #left: readonly Comment[];
  constructor(text: string, comments: readonly Comment[]) {
    this.#text = text;
    this.#left = comments.toSorted((a, b) => a.at.start - b.at.start);
  }

  /** Takes those that begin before an offset. */
  before(offset: number): readonly Comment[] {
    const found = this.#left.filter(({ at }) => at.start < offset);
    this.#left = this.#left.filter(({ at }) => at.start >= offset);
    return found;
  }

  /** Takes the one that stands behind a node, on the line where it ends. */
  behind(end: number): Comment | undefined {
    const [first] = this.#left;
    if (first === undefined || first.at.start < end) return undefined;
    if (!/^[ \t,;]*$/.test(this.#text.slice(end, first.at.start))) return undefined;
    this.#left = this.#left.slice(1);
    return first;
  }

  /** Takes the one that stands on the line of `start`, before `end`. */
  on(start: number, end: number): Comment | undefined {
    const [first] = this.#left;
    if (first === undefined || first.at.start < start || first.at.start >= end) return undefined;
    if (this.#text.slice(start, first.at.start).includes("\n")) return undefined;
    this.#left = this.#left.slice(1);
    return first;
  }

  /** Whether any is left within a stretch of the text. */
  within(start: number, end: number): boolean {
    return this.#left.some(({ at }) => at.start >= start && at.start < end);
  }
}

/** As it is printed: `#` and what followed it, without blanks at the end. */
export function remark({ text }: Comment): string {
  return `#${text.trimEnd()}`;
}
