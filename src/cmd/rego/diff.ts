/** Lines around a change. */
const CONTEXT = 3;

type Edit = { readonly sign: " " | "-" | "+"; readonly line: string };

/** The change from one text to another as a unified diff; empty when there is none. */
export function unifiedDiff(name: string, before: string, after: string): string {
  if (before === after) return "";
  const edits = compare(linesOf(before), linesOf(after));
  const lines = [`--- ${name}`, `+++ ${name}`];
  for (const [from, to] of hunks(edits)) {
    const part = edits.slice(from, to);
    const count = (sign: "-" | "+"): number =>
      part.filter((edit) => edit.sign === " " || edit.sign === sign).length;
    const start = (sign: "-" | "+"): number =>
      1 + edits.slice(0, from).filter((edit) => edit.sign === " " || edit.sign === sign).length;
    lines.push(`@@ -${start("-")},${count("-")} +${start("+")},${count("+")} @@`);
    lines.push(...part.map(({ sign, line }) => sign + line));
  }
  return `${lines.join("\n")}\n`;
}

function linesOf(text: string): readonly string[] {
  return text.replace(/\n$/, "").split("\n");
}

/** Stretches of edits with their context; those that touch are one. */
function hunks(edits: readonly Edit[]): readonly (readonly [number, number])[] {
  const found: [number, number][] = [];
  edits.forEach(({ sign }, index) => {
    if (sign === " ") return;
    const from = Math.max(0, index - CONTEXT);
    const to = Math.min(edits.length, index + CONTEXT + 1);
    const last = found.at(-1);
    if (last !== undefined && from <= last[1]) last[1] = to;
    else found.push([from, to]);
  });
  return found;
}

/** The fewest edits, by the longest common subsequence of lines. */
function compare(before: readonly string[], after: readonly string[]): readonly Edit[] {
  let same = 0;
  while (same < before.length && same < after.length && before[same] === after[same]) same++;
  const left = before.slice(same);
  const right = after.slice(same);
  const width = right.length + 1;
  const lengths = new Uint32Array((left.length + 1) * width);
  const at = (i: number, j: number): number => lengths[i * width + j] ?? 0;
  for (let i = left.length - 1; i >= 0; i--)
    for (let j = right.length - 1; j >= 0; j--)
      lengths[i * width + j] =
        left[i] === right[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
  const edits: Edit[] = before.slice(0, same).map((line) => ({ sign: " ", line }));
  let [i, j] = [0, 0];
  while (i < left.length || j < right.length) {
    if (i < left.length && j < right.length && left[i] === right[j]) {
      edits.push({ sign: " ", line: left[i] ?? "" });
      i++;
      j++;
    } else if (i < left.length && (j === right.length || at(i + 1, j) >= at(i, j + 1)))
      edits.push({ sign: "-", line: left[i++] ?? "" });
    else edits.push({ sign: "+", line: right[j++] ?? "" });
  }
  return edits;
}
