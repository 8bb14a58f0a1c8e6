/**
 * Arithmetic as OPA does it: exact on integers of any size, whatever their spelling; anything else in binary floating point
 * with a mantissa of 64 bits, rounded to the nearest, ties to even, and printed with the fewest digits that name the result.
 */
import {
  addFloats,
  cutOff,
  decimalOf,
  divideFloats,
  type Float,
  fromFloat,
  multiplyFloats,
  powerOfTen,
  toFloat,
} from "./binary-float.ts";
import { type DecimalParts, integer, integerOf, numberOf, numberText, type RegoNumber } from "./number.ts";

const DOUBLE_BITS = 53;
/** Exponents that lie further apart than this are not brought together for a guess. */
const MAX_DISTANCE = 20;

function isWhole({ exponent }: DecimalParts): boolean {
  return exponent >= 0;
}

function wholeOfParts({ digits, exponent }: DecimalParts): bigint {
  return exponent === 0 ? digits : digits * powerOfTen(exponent);
}

export function add(a: RegoNumber, b: RegoNumber): RegoNumber {
  if (typeof a === "number" && typeof b === "number" && Number.isSafeInteger(a) && Number.isSafeInteger(b)) {
    const sum = a + b;
    return Number.isSafeInteger(sum) ? sum : BigInt(a) + BigInt(b);
  }
  return addParts(decimalOf(a), decimalOf(b));
}

export function subtract(a: RegoNumber, b: RegoNumber): RegoNumber {
  if (typeof a === "number" && typeof b === "number" && Number.isSafeInteger(a) && Number.isSafeInteger(b)) {
    const difference = a - b;
    return Number.isSafeInteger(difference) ? difference : BigInt(a) - BigInt(b);
  }
  const { digits, exponent } = decimalOf(b);
  return addParts(decimalOf(a), { digits: -digits, exponent });
}

function addParts(a: DecimalParts, b: DecimalParts): RegoNumber {
  if (isWhole(a) && isWhole(b)) return integer(wholeOfParts(a) + wholeOfParts(b));
  const sum = addFloats(toFloat(a), toFloat(b));
  if (Math.abs(a.exponent - b.exponent) > MAX_DISTANCE) return fromFloat(sum);
  const exponent = Math.min(a.exponent, b.exponent);
  const digits = a.digits * powerOfTen(a.exponent - exponent) + b.digits * powerOfTen(b.exponent - exponent);
  return fromFloat(sum, { digits, exponent });
}

export function multiply(a: RegoNumber, b: RegoNumber): RegoNumber {
  if (typeof a === "number" && typeof b === "number" && Number.isSafeInteger(a) && Number.isSafeInteger(b)) {
    const product = a * b;
    if (Number.isSafeInteger(product)) return product === 0 ? 0 : product;
  }
  const x = decimalOf(a);
  const y = decimalOf(b);
  if (isWhole(x) && isWhole(y)) return integer(wholeOfParts(x) * wholeOfParts(y));
  const product = { digits: x.digits * y.digits, exponent: x.exponent + y.exponent };
  return product.digits === 0n ? zero(a, b) : fromFloat(multiplyFloats(toFloat(x), toFloat(y)), product);
}

/** @throws RangeError when `b` is zero */
export function divide(a: RegoNumber, b: RegoNumber): RegoNumber {
  if (typeof a === "number" && typeof b === "number" && Number.isSafeInteger(a) && Number.isSafeInteger(b)) {
    const quotient = a / b;
    if (Number.isSafeInteger(quotient) && a !== 0) return quotient;
  }
  const x = decimalOf(a);
  const y = decimalOf(b);
  if (y.digits === 0n) throw new RangeError("divide by zero");
  if (x.digits === 0n) return zero(a, b);
  const guess = Number(numberText(a)) / Number(numberText(b));
  const quotient = divideFloats(toFloat(x), toFloat(y));
  return fromFloat(quotient, Number.isFinite(guess) ? decimalOf(guess) : undefined);
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
  for (const value of values) all = addFloats(all, toFloat(decimalOf(value)));
  return fromFloat(all);
}

/** A product as `product` makes it: exact of integers; else with 53 bits at each step, since that is what it begins with. */
export function productOf(values: readonly RegoNumber[]): RegoNumber {
  const integers = values.map(integerOf);
  if (integers.every((value) => value !== undefined))
    return integer(integers.reduce((all, value) => all * value, 1n));
  let all: Float = { mantissa: 1n, exponent: 0 };
  for (const value of values) {
    all = multiplyFloats(all, toFloat(decimalOf(value)), DOUBLE_BITS);
  }
  if (all.mantissa === 0n) return zero(...values);
  return fromFloat(all, undefined, DOUBLE_BITS);
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
  const { mantissa, exponent } = toFloat(decimalOf(value));
  return fromFloat({ mantissa: mantissa < 0n ? -mantissa : mantissa, exponent });
}

/** Half away from zero: as OPA does it, by adding a half, which a mantissa without a bit to spare rounds once more. */
export function round(value: RegoNumber): RegoNumber {
  if (typeof value === "number" && Number.isSafeInteger(value)) return value;
  const float = toFloat(decimalOf(value));
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
  const { whole, isExact } = cutOff(toFloat(decimalOf(value)));
  return integer(isExact ? whole : choose(whole));
}
