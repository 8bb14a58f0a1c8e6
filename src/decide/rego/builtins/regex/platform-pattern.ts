/**
 * Patterns that the platform's own engine may run: those whose meaning there is RE2's, and whose time is linear. Proof of the
 * second: such a pattern begins with `^`, is one row of single characters and classes, and whatever can repeat shares no
 * character with what can follow it up to the next that must be there. So when the engine gives a character back, the very next
 * step refuses it: every way back is one step long, and all of them together are no longer than the text.
 */

/** ASCII characters as bits, and whether all others are in. */
interface CharacterSet {
  readonly ascii: bigint;
  readonly others: boolean;
}

interface Item {
  readonly set: CharacterSet;
  readonly source: string;
  readonly minimum: number;
  readonly maximum: number;
}

const ALL_ASCII = (1n << 128n) - 1n;
const MAX_REPEAT = 1_000;

function of(characters: string): CharacterSet {
  let ascii = 0n;
  for (const character of characters) ascii |= 1n << BigInt(character.charCodeAt(0));
  return { ascii, others: false };
}

function range(from: number, to: number): bigint {
  return ((1n << BigInt(to - from + 1)) - 1n) << BigInt(from);
}

function without(set: CharacterSet): CharacterSet {
  return { ascii: ALL_ASCII & ~set.ascii, others: !set.others };
}

const DIGIT: CharacterSet = { ascii: range(0x30, 0x39), others: false };
const WORD: CharacterSet = {
  ascii: range(0x30, 0x39) | range(0x41, 0x5a) | range(0x61, 0x7a) | (1n << 0x5fn),
  others: false,
};
const SPACE = of("\t\n\f\r ");

/** RE2's classes, spelled so that JavaScript means the same. */
const CLASSES: Readonly<Record<string, readonly [CharacterSet, string]>> = {
  d: [DIGIT, "0-9"],
  w: [WORD, "0-9A-Za-z_"],
  s: [SPACE, "\\t\\n\\f\\r "],
};

/** The platform's pattern, or undefined where the proof fails. */
export function platformPattern(pattern: string): RegExp | undefined {
  if (!pattern.startsWith("^") || !/^[\x20-\x7e]*$/.test(pattern)) return undefined;
  const ends = /(?:^|[^\\])(?:\\\\)*\$$/.test(pattern);
  const items = itemsOf(ends ? pattern.slice(1, -1) : pattern.slice(1));
  if (items === undefined || !isLinear(items)) return undefined;
  const source = items.map(({ source, minimum, maximum }) => source + quantifier(minimum, maximum)).join("");
  return new RegExp(`^${source}${ends ? "$" : ""}`, "u");
}

function quantifier(minimum: number, maximum: number): string {
  if (minimum === 1 && maximum === 1) return "";
  return `{${minimum},${maximum === Number.POSITIVE_INFINITY ? "" : maximum}}`;
}

function isLinear(items: readonly Item[]): boolean {
  return items.every((item, index) => {
    if (item.minimum === item.maximum) return true;
    for (const next of items.slice(index + 1)) {
      if ((item.set.ascii & next.set.ascii) !== 0n || (item.set.others && next.set.others)) return false;
      if (next.minimum > 0) return true;
    }
    return true;
  });
}

function itemsOf(pattern: string): readonly Item[] | undefined {
  const items: Item[] = [];
  let at = 0;
  while (at < pattern.length) {
    const one = single(pattern, at);
    if (one === undefined) return undefined;
    at = one.end;
    let minimum = 1;
    let maximum = 1;
    const sign = pattern.charAt(at);
    if (sign === "*" || sign === "+" || sign === "?") {
      minimum = sign === "+" ? 1 : 0;
      maximum = sign === "?" ? 1 : Number.POSITIVE_INFINITY;
      at++;
    } else if (sign === "{") {
      const match = /^\{(\d{1,4})(?:(,)(\d{0,4}))?\}/.exec(pattern.slice(at));
      if (match === null) return undefined;
      minimum = Number(match[1]);
      maximum =
        match[2] === undefined ? minimum : match[3] === "" ? Number.POSITIVE_INFINITY : Number(match[3]);
      if (minimum > MAX_REPEAT || maximum < minimum || (maximum > MAX_REPEAT && Number.isFinite(maximum)))
        return undefined;
      at += match[0].length;
    }
    // A second sign asks for laziness, or repeats a repetition.
    if ("*+?{".includes(pattern.charAt(at)) && at < pattern.length) return undefined;
    items.push({ set: one.set, source: one.source, minimum, maximum });
  }
  return items;
}

interface Single {
  readonly set: CharacterSet;
  readonly source: string;
  readonly end: number;
}

function single(pattern: string, at: number): Single | undefined {
  const character = pattern.charAt(at);
  if (character === "[") return bracket(pattern, at);
  if (character === ".") return { set: without(of("\n")), source: "[^\\n]", end: at + 1 };
  if (character === "\\") {
    const next = pattern.charAt(at + 1);
    const known = CLASSES[next];
    if (known !== undefined) return { set: known[0], source: `[${known[1]}]`, end: at + 2 };
    return /[^A-Za-z0-9]/.test(next) ? { set: of(next), source: escaped(next), end: at + 2 } : undefined;
  }
  if ("()|^$*+?{".includes(character)) return undefined;
  return { set: of(character), source: escaped(character), end: at + 1 };
}

function escaped(character: string): string {
  return `\\u{${character.charCodeAt(0).toString(16)}}`;
}

function bracket(pattern: string, start: number): Single | undefined {
  let at = start + 1;
  const negated = pattern.charAt(at) === "^";
  if (negated) at++;
  let ascii = 0n;
  let source = "";
  for (let first = true; ; first = false) {
    const character = pattern.charAt(at);
    if (character === "" || character === "[") return undefined;
    if (character === "]") {
      if (first) return undefined;
      break;
    }
    if (character === "\\") {
      const known = CLASSES[pattern.charAt(at + 1)];
      if (known !== undefined) {
        ascii |= known[0].ascii;
        source += known[1];
        at += 2;
        if (pattern.charAt(at) === "-" && pattern.charAt(at + 1) !== "]") return undefined;
        continue;
      }
    }
    const from = member(pattern, at);
    if (from === undefined) return undefined;
    at = from.end;
    if (pattern.charAt(at) !== "-" || pattern.charAt(at + 1) === "]") {
      ascii |= 1n << BigInt(from.code);
      source += escaped(String.fromCharCode(from.code));
      continue;
    }
    const to = member(pattern, at + 1);
    if (to === undefined || to.code < from.code) return undefined;
    at = to.end;
    ascii |= range(from.code, to.code);
    source += `${escaped(String.fromCharCode(from.code))}-${escaped(String.fromCharCode(to.code))}`;
  }
  const set = { ascii, others: false };
  return { set: negated ? without(set) : set, source: `[${negated ? "^" : ""}${source}]`, end: at + 1 };
}

function member(pattern: string, at: number): { readonly code: number; readonly end: number } | undefined {
  const character = pattern.charAt(at);
  if (character === "" || character === "[") return undefined;
  if (character !== "\\") return { code: character.charCodeAt(0), end: at + 1 };
  const next = pattern.charAt(at + 1);
  return /[^A-Za-z0-9]/.test(next) ? { code: next.charCodeAt(0), end: at + 2 } : undefined;
}
