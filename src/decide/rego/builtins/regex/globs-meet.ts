/**
 * Whether two globs have a text in common that is not empty: a glob here is a row of characters, `.` and `[classes]`, each of which
 * may have `*` or `+` behind it (OPA policy reference, `regex.globs_match`).
 */
import { type Evaluation, failure } from "../builtin.ts";

interface Token {
  /** Ranges of code points; undefined is any. */
  readonly ranges: readonly (readonly [number, number])[] | undefined;
  readonly repeat: "" | "*" | "+";
}

const NAME = "regex.globs_match";

function tokens(glob: string): readonly Token[] {
  const characters = Array.from(glob);
  const found: Token[] = [];
  let at = 0;
  const literal = (): number => {
    if (characters[at] === "\\") at++;
    const character = characters[at++];
    if (character === undefined) throw failure(NAME, "invalid input: escape at the end");
    return character.codePointAt(0) as number;
  };
  while (at < characters.length) {
    const character = characters[at] as string;
    let ranges: (readonly [number, number])[] | undefined;
    if (character === "*" || character === "+")
      throw failure(NAME, `invalid input: flag ${character} must be preceded by a token`);
    if (character === "]" || character === "-") throw failure(NAME, `invalid input: ${character}`);
    if (character === ".") {
      ranges = undefined;
      at++;
    } else if (character === "[") {
      at++;
      ranges = [];
      while (characters[at] !== "]") {
        if (at >= characters.length) throw failure(NAME, "invalid input: set without its end");
        const from = literal();
        if (characters[at] === "-" && characters[at + 1] !== "]") {
          at++;
          if (at >= characters.length) throw failure(NAME, "invalid input: range without its end");
          const to = literal();
          if (to < from) throw failure(NAME, "invalid input: range in wrong order");
          ranges.push([from, to]);
        } else ranges.push([from, from]);
      }
      if (ranges.length === 0) throw failure(NAME, "invalid input: empty set");
      at++;
    } else {
      const code = literal();
      ranges = [[code, code]];
    }
    const sign = characters[at];
    const repeat = sign === "*" || sign === "+" ? sign : "";
    if (repeat !== "") at++;
    found.push({ ranges, repeat });
  }
  return found;
}

function meet(a: Token, b: Token): boolean {
  if (a.ranges === undefined || b.ranges === undefined) return true;
  return a.ranges.some(([from, to]) => b.ranges?.some(([low, high]) => from <= high && low <= to));
}

/** Walks both globs at once over the pairs of places in them; each pair is looked at once. */
export function globsMeet(evaluation: Evaluation, left: string, right: string): boolean {
  const a = tokens(left);
  const b = tokens(right);
  // Two empty globs share the empty text alone.
  const seen = new Set<number>();
  const queue: [number, number][] = [[0, 0]];
  const reach = (i: number, j: number): void => {
    const key = i * (b.length + 1) + j;
    if (i > a.length || j > b.length || seen.has(key)) return;
    seen.add(key);
    queue.push([i, j]);
  };
  seen.add(0);
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    evaluation.charge(1);
    const [i, j] = next;
    if (i === a.length && j === b.length) return a.length > 0 || b.length > 0;
    const x = a[i];
    const y = b[j];
    if (x?.repeat === "*") reach(i + 1, j);
    if (y?.repeat === "*") reach(i, j + 1);
    if (x === undefined || y === undefined || !meet(x, y)) continue;
    reach(i + 1, j + 1);
    if (x.repeat !== "") reach(i, j + 1);
    if (y.repeat !== "") reach(i + 1, j);
  }
  return false;
}
