/**
 * Arithmetic as OPA does it: exact on integers of any size, whatever their spelling; anything else in binary floating point
 * with a mantissa of 64 bits, rounded to the nearest, ties to even, and printed with the fewest digits that name the result.
 */
import { integer, integerOf, numberOf, numberText, partsOfNumber, type RegoNumber } from "./number.ts";

/** `mantissa × 2^exponent`. */
interface Float {
  readonly mantissa: bigint;
  readonly exponent: number;
}

const BITS = 64;
const DOUBLE_BITS = 53;

export function add(a: RegoNumber, b: RegoNumber): RegoNumber {
  if (typeof a === "number" && typeof b === "number" && Number.isSafeInteger(a) && Number.isSafeInteger(b)) {
    const sum = a + b;
    return Number.isSafeInteger(sum) ? sum : BigInt(a) + BigInt(b);
  }
  const x = integerOf(a);
  const y = integerOf(b);
  if (x !== undefined && y !== undefined) return integer(x + y);
  return fromFloat(addFloats(toFloat(a), toFloat(b)));
}

export function subtract(a: RegoNumber, b: RegoNumber): RegoNumber {
  if (typeof a === "number" && typeof b === "number" && Number.isSafeInteger(a) && Number.isSafeInteger(b)) {
    const difference = a - b;
    return Number.isSafeInteger(difference) ? difference : BigInt(a) - BigInt(b);
  }
  const x = integerOf(a);
  const y = integerOf(b);
  if (x !== undefined && y !== undefined) return integer(x - y);
  const right = toFloat(b);
  return fromFloat(addFloats(toFloat(a), { mantissa: -right.mantissa, exponent: right.exponent }));
}

export function multiply(a: RegoNumber, b: RegoNumber): RegoNumber {
  if (typeof a === "number" && typeof b === "number" && Number.isSafeInteger(a) && Number.isSafeInteger(b)) {
    const product = a * b;
    if (Number.isSafeInteger(product)) return product === 0 ? 0 : product;
  }
  const x = integerOf(a);
  const y = integerOf(b);
  if (x !== undefined && y !== undefined) return integer(x * y);
  const left = toFloat(a);
  const right = toFloat(b);
  if (left.mantissa * right.mantissa === 0n) return zero(a, b);
  return fromFloat(rounded(left.mantissa * right.mantissa, left.exponent + right.exponent, false));
}

/** @throws RangeError when `b` is zero */
export function divide(a: RegoNumber, b: RegoNumber): RegoNumber {
  if (
    typeof a === "number" &&
    typeof b === "number" &&
    Number.isSafeInteger(a) &&
    Number.isSafeInteger(b) &&
    a !== 0 &&
    b !== 0 &&
    a % b === 0
  )
    return a / b;
  const left = toFloat(a);
  const right = toFloat(b);
  if (right.mantissa === 0n) throw new RangeError("divide by zero");
  if (left.mantissa === 0n) return zero(a, b);
  // Two bits more than the mantissa has, so that what is left over decides ties alone.
  const shift = BITS + 2 + Math.max(0, lengthOf(right.mantissa) - lengthOf(left.mantissa));
  const dividend = left.mantissa << BigInt(shift);
  const quotient = dividend / right.mantissa;
  const exact = quotient * right.mantissa === dividend;
  return fromFloat(rounded(quotient, left.exponent - right.exponent - shift, !exact));
}

/** Floating point keeps the sign of a zero. */
function zero(...factors: readonly RegoNumber[]): RegoNumber {
  const minus = factors.filter((factor) => numberText(factor).startsWith("-")).length;
  return minus % 2 === 0 ? 0 : numberOf("-0");
}

/** A sum as `sum` makes it: exact of integers; else with 64 bits at each step. */
export function sumOf(values: readonly RegoNumber[]): RegoNumber {
  let safe = 0;
  for (const value of values) {
    if (typeof value !== "number" || !Number.isSafeInteger(value)) safe = Number.NaN;
    else safe += value;
    if (!Number.isSafeInteger(safe)) break;
  }
  if (Number.isSafeInteger(safe)) return safe;
  const integers = values.map(integerOf);
  if (integers.every((value) => value !== undefined))
    return integer(integers.reduce((all, value) => all + value, 0n));
  let all: Float = { mantissa: 0n, exponent: 0 };
  for (const value of values) all = addFloats(all, toFloat(value));
  return fromFloat(all);
}

/** A product as `product` makes it: exact of integers; else with 53 bits at each step, since that is what it begins with. */
export function productOf(values: readonly RegoNumber[]): RegoNumber {
  const integers = values.map(integerOf);
  if (integers.every((value) => value !== undefined))
    return integer(integers.reduce((all, value) => all * value, 1n));
  let all: Float = { mantissa: 1n, exponent: 0 };
  for (const value of values) {
    const { mantissa, exponent } = toFloat(value);
    all = rounded(all.mantissa * mantissa, all.exponent + exponent, false, DOUBLE_BITS);
  }
  if (all.mantissa === 0n) return zero(...values);
  return fromFloat(all, DOUBLE_BITS);
}

/** The remainder of integers, with the sign of `a`; undefined where an operand has a fraction. @throws RangeError when `b` is zero */
export function remainder(a: RegoNumber, b: RegoNumber): RegoNumber | undefined {
  if (typeof a === "number" && typeof b === "number" && Number.isSafeInteger(a) && Number.isSafeInteger(b)) {
    if (b === 0) throw new RangeError("modulo by zero");
    const rest = a % b;
    return rest === 0 ? 0 : rest;
  }
  const x = integerOf(a);
  const y = integerOf(b);
  if (x === undefined || y === undefined) return undefined;
  if (y === 0n) throw new RangeError("modulo by zero");
  return integer(x % y);
}

export function absolute(value: RegoNumber): RegoNumber {
  if (typeof value === "number" && Number.isSafeInteger(value)) return Math.abs(value);
  const { mantissa, exponent } = toFloat(value);
  return fromFloat({ mantissa: mantissa < 0n ? -mantissa : mantissa, exponent });
}

/** Half away from zero: as OPA does it, by adding a half, which a mantissa without a bit to spare rounds once more. */
export function round(value: RegoNumber): RegoNumber {
  if (typeof value === "number" && Number.isSafeInteger(value)) return value;
  const float = toFloat(value);
  const half = { mantissa: float.mantissa < 0n ? -1n : 1n, exponent: -1 };
  return integer(cutOff(addFloats(float, half)).whole);
}

/** As OPA does it, the sign looked for after the fraction is cut off: of -0.5 this is 1. */
export function ceil(value: RegoNumber): RegoNumber {
  return wholeOf(value, (whole) => (whole < 0n ? whole : whole + 1n));
}

/** As OPA does it, the sign looked for after the fraction is cut off: of -0.5 this is 0. */
export function floor(value: RegoNumber): RegoNumber {
  return wholeOf(value, (whole) => (whole >= 0n ? whole : whole - 1n));
}

/** Cut off towards zero. */
export function truncate(value: RegoNumber): RegoNumber {
  return wholeOf(value, (whole) => whole);
}

/** An integer as it is, else what `choose` makes of the value cut off. */
function wholeOf(value: RegoNumber, choose: (whole: bigint) => bigint): RegoNumber {
  if (typeof value === "number" && Number.isSafeInteger(value)) return value;
  const { whole, isExact } = cutOff(toFloat(value));
  return integer(isExact ? whole : choose(whole));
}

function cutOff({ mantissa, exponent }: Float): { readonly whole: bigint; readonly isExact: boolean } {
  if (exponent >= 0) return { whole: mantissa << BigInt(exponent), isExact: true };
  const scale = 1n << BigInt(-exponent);
  const whole = mantissa / scale;
  return { whole, isExact: whole * scale === mantissa };
}

function toFloat(value: RegoNumber): Float {
  const { digits, exponent } = partsOfNumber(value);
  if (digits === 0n) return { mantissa: 0n, exponent: 0 };
  if (exponent >= 0) return rounded(digits * 10n ** BigInt(exponent), 0, false);
  const divisor = 10n ** BigInt(-exponent);
  const shift = BITS + 2 + Math.max(0, lengthOf(divisor) - lengthOf(digits));
  const dividend = digits << BigInt(shift);
  const quotient = dividend / divisor;
  return rounded(quotient, -shift, quotient * divisor !== dividend);
}

function addFloats(a: Float, b: Float): Float {
  const exponent = Math.min(a.exponent, b.exponent);
  const sum = (a.mantissa << BigInt(a.exponent - exponent)) + (b.mantissa << BigInt(b.exponent - exponent));
  return rounded(sum, exponent, false);
}

function lengthOf(value: bigint): number {
  if (value === 0n) return 1;
  const digits = (value < 0n ? -value : value).toString(16);
  return digits.length * 4 - (Math.clz32(Number.parseInt(digits.charAt(0), 16)) - 28);
}

/** To so many bits, the nearest, ties to even; `more` says that something not zero was cut off before. */
function rounded(value: bigint, exponent: number, more: boolean, bits: number = BITS): Float {
  const negative = value < 0n;
  const size = negative ? -value : value;
  const excess = lengthOf(size) - bits;
  if (size === 0n) return { mantissa: 0n, exponent: 0 };
  if (excess <= 0) return { mantissa: value, exponent };
  const shift = BigInt(excess);
  let mantissa = size >> shift;
  const rest = size - (mantissa << shift);
  const half = 1n << (shift - 1n);
  if (rest > half || (rest === half && (more || (mantissa & 1n) === 1n))) mantissa += 1n;
  return { mantissa: negative ? -mantissa : mantissa, exponent: exponent + excess };
}

function fromFloat(value: Float, bits: number = BITS): RegoNumber {
  if (value.mantissa === 0n) return 0;
  const negative = value.mantissa < 0n;
  const { digits, exponent } = shortest(
    { ...value, mantissa: negative ? -value.mantissa : value.mantissa },
    bits,
  );
  const sign = negative ? "-" : "";
  const place = digits.length + exponent;
  // An integer is written out; anything else as Go's %g does, whose border is at six digits before the point.
  if (exponent >= 0) return numberOf(sign + digits + "0".repeat(exponent));
  if (isIntegral(value)) return numberOf(sign + digits.slice(0, place));
  if (place - 1 < -4 || place - 1 >= 6) {
    const power = Math.abs(place - 1);
    const fraction = digits.length > 1 ? `.${digits.slice(1)}` : "";
    return numberOf(
      `${sign}${digits.charAt(0)}${fraction}e${place - 1 < 0 ? "-" : "+"}${String(power).padStart(2, "0")}`,
    );
  }
  const text =
    place > 0 ? `${digits.slice(0, place)}.${digits.slice(place)}` : `0.${"0".repeat(-place)}${digits}`;
  return numberOf(sign + text);
}

function isIntegral({ mantissa, exponent }: Float): boolean {
  return exponent >= 0 || mantissa % (1n << BigInt(-exponent)) === 0n;
}

/** The fewest digits that are nearer to this value than to any other of so many bits. */
function shortest(value: Float, bits: number): { readonly digits: string; readonly exponent: number } {
  const excess = bits - lengthOf(value.mantissa);
  // Twice the value, in units of half of its last place.
  const mantissa = value.mantissa << BigInt(excess + 1);
  const exponent = value.exponent - excess - 1;
  const [factor, power] = exponent >= 0 ? [1n << BigInt(exponent), 0] : [5n ** BigInt(-exponent), exponent];
  const exact = mantissa * factor;
  const even = ((mantissa >> 1n) & 1n) === 0n;
  const text = exact.toString();
  let best = exact;
  // What so many digits can name, more can name too: the fewest are found by halving.
  let low = 1;
  let high = text.length;
  while (low < high) {
    const length = (low + high) >> 1;
    const unit = 10n ** BigInt(text.length - length);
    const lower = (exact / unit) * unit;
    const rest = exact - lower;
    const isOdd = (lower / unit) % 2n === 1n;
    const nearest = rest * 2n > unit || (rest * 2n === unit && isOdd) ? lower + unit : lower;
    const distance = nearest < exact ? exact - nearest : nearest - exact;
    if (distance < factor || (even && distance === factor)) {
      best = nearest;
      high = length;
    } else low = length + 1;
  }
  return trimmed(best, power);
}

function trimmed(value: bigint, power: number): { readonly digits: string; readonly exponent: number } {
  const text = value.toString();
  const digits = text.replace(/0+$/, "");
  return { digits, exponent: power + text.length - digits.length };
}
