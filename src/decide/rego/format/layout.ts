/** Parts on lines, with the comments that stand around them. */
import type { Comment } from "../syntax.ts";
import { type Remarks, remark } from "./remarks.ts";

/** Something with a place in the text, and how it is printed at an indentation. */
export interface Part {
  readonly start: number;
  readonly end: number;
  readonly print: (depth: number) => string;
  /** Whether a blank line stands before it whatever there was. */
  readonly apart?: boolean;
}

/** What stands behind each part, and where a blank line is wanted although there was none. */
export interface Spacing {
  readonly after?: string;
  readonly apart?: (before: string, next: string) => boolean;
}

export class Layout {
  protected readonly text: string;
  protected readonly remarks: Remarks;
  constructor(text: string, remarks: Remarks) {
    this.text = text;
    this.remarks = remarks;
  }

  /** Parts on lines of their own, with the comments between them and one blank line where there were some. */
  block(parts: readonly Part[], end: number, depth: number, spacing: Spacing = {}): string {
    const lines: { readonly gap: string; readonly text: string; readonly part: boolean }[] = [];
    let last: number | undefined;
    const add = (text: string, start: number, until: number, part: boolean, wanted = false): void => {
      const gap = last !== undefined && /\n[ \t\r]*\n/.test(this.text.slice(last, start));
      const previous = lines.at(-1);
      const isApart =
        previous?.part === true && (wanted || spacing.apart?.(previous.text, part ? text : "") === true);
      lines.push({ gap: gap || isApart ? "\n" : "", text, part });
      last = until;
    };
    for (const part of parts) {
      for (const comment of this.remarks.before(part.start))
        add(remark(comment), comment.at.start, comment.at.end, false);
      const printed = part.print(depth);
      // What stood where a line has no room for it goes above.
      for (const comment of this.remarks.before(part.end))
        add(remark(comment), part.start, part.start, false);
      const behind = this.remarks.behind(part.end);
      const isSplit = printed.includes("\n") && !this.isBroken(part.start, part.end);
      const text = noted(printed + (spacing.after ?? ""), behind, isSplit);
      add(text, part.start, behind?.at.end ?? part.end, true, part.apart);
    }
    for (const comment of this.remarks.before(end))
      add(remark(comment), comment.at.start, comment.at.end, false);
    return lines.map(({ gap, text }) => `${gap}${indent(depth)}${text}`).join("\n");
  }

  /** Parts between brackets: on one line, or on the lines that they began on, one of which is not the bracket's. */
  collection(
    open: string,
    parts: readonly Part[],
    close: string,
    { start, end }: { readonly start: number; readonly end: number },
    depth: number,
  ): string {
    const isCall = open.endsWith("(");
    const begins = parts.map((part, index) => {
      const before = parts[index - 1];
      if (!isCall || before === undefined) return this.isBroken(before?.start ?? start, part.start);
      const isTall = this.isBroken(before.start, before.end) && this.isBroken(part.start, part.end);
      return isTall || this.isBroken(before.end, part.start);
    });
    // Operands that share a line do not leave the bracket.
    const breaks = isCall ? begins.slice(1) : begins;
    if (parts.length === 0 || !(breaks.includes(true) || this.#hasComments(parts, start, end)))
      return `${open}${parts.map((part) => part.print(depth)).join(", ")}${close}`;
    const lines: Part[] = [];
    parts.forEach((part, index) => {
      const line = lines.at(-1);
      if (line === undefined || begins[index] === true || this.remarks.within(line.end, part.start))
        lines.push(part);
      else lines[lines.length - 1] = joined(line, part);
    });
    return `${open}\n${this.block(lines, end, depth + 1, { after: "," })}\n${indent(depth)}${close}`;
  }

  /** Whether a comment stands between parts, before the first or behind the last. */
  #hasComments(parts: readonly Part[], start: number, end: number): boolean {
    const gaps = [...parts, { start: end, end }].map((part, index) => [
      parts[index - 1]?.end ?? start,
      part.start,
    ]);
    return gaps.some(([from = 0, to = 0]) => this.remarks.within(from, to));
  }

  protected isBroken(start: number, end: number): boolean {
    return this.text.slice(start, end).includes("\n");
  }
}

/** With a comment behind it, which what stood on one line and no longer does has on its first. */
function noted(text: string, comment: Comment | undefined, isSplit: boolean): string {
  if (comment === undefined) return text;
  return isSplit ? text.replace("\n", ` ${remark(comment)}\n`) : `${text} ${remark(comment)}`;
}

function joined(first: Part, second: Part): Part {
  return {
    start: first.start,
    end: second.end,
    print: (depth) => `${first.print(depth)}, ${second.print(depth)}`,
  };
}

export function indent(depth: number): string {
  return "\t".repeat(depth);
}
