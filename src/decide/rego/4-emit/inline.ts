/** Built-ins that are written out where their operands have the usual types, and called where not. */

export interface Inline {
  /** Never undefined, whatever the operands. */
  readonly total: boolean;
  readonly code: (operands: readonly string[], call: () => string) => string;
}

const total = (code: (a: string, b: string, c: string) => string): Inline => ({
  total: true,
  code: ([a = "", b = "", c = ""]) => code(a, b, c),
});

const ofTexts = (code: (a: string, b: string) => string): Inline => ({
  total: false,
  code: ([a = "", b = ""], call) =>
    `typeof ${a} === "string" && typeof ${b} === "string" ? ${code(a, b)} : ${call()}`,
});

/** Integers stay integers; whatever leaves the safe ones is calculated exactly. */
const ofIntegers = (sign: string): Inline => ({
  total: false,
  code: ([a = "", b = ""], call) =>
    `Number.isSafeInteger(${a}) && Number.isSafeInteger(${b}) && Number.isSafeInteger(${a} ${sign} ${b}) ? ${a} ${sign} ${b} : ${call()}`,
});

export const INLINE: ReadonlyMap<string, Inline> = new Map<string, Inline>([
  ["equal", total((a, b) => `${a} === ${b} || R.equal(${a}, ${b})`)],
  ["neq", total((a, b) => `${a} !== ${b} && !R.equal(${a}, ${b})`)],
  [
    "lt",
    total(
      (a, b) => `typeof ${a} === "number" && typeof ${b} === "number" ? ${a} < ${b} : R.less(${a}, ${b})`,
    ),
  ],
  [
    "gt",
    total(
      (a, b) => `typeof ${a} === "number" && typeof ${b} === "number" ? ${a} > ${b} : R.less(${b}, ${a})`,
    ),
  ],
  [
    "lte",
    total(
      (a, b) =>
        `typeof ${a} === "number" && typeof ${b} === "number" ? ${a} <= ${b} : R.lessOrEqual(${a}, ${b})`,
    ),
  ],
  [
    "gte",
    total(
      (a, b) =>
        `typeof ${a} === "number" && typeof ${b} === "number" ? ${a} >= ${b} : R.lessOrEqual(${b}, ${a})`,
    ),
  ],
  ["internal.member_2", total((a, b) => `R.contains(${b}, ${a})`)],
  ["internal.member_3", total((a, b, c) => `R.containsPair(${c}, ${a}, ${b})`)],
  ["startswith", ofTexts((a, b) => `${a}.startsWith(${b})`)],
  ["endswith", ofTexts((a, b) => `${a}.endsWith(${b})`)],
  ["contains", ofTexts((a, b) => `${a}.includes(${b})`)],
  ["plus", ofIntegers("+")],
  ["minus", ofIntegers("-")],
]);
