/**
 * Binary floating point of as many bits as wanted, as Go's big.Float has it: each operation is rounded to the nearest, ties to
 * even. A number is printed with the fewest digits that name it among all of so many bits.
 */
import { type DecimalParts, numberOf, partsOfNumber, type RegoNumber } from "./number.ts";

/** `mantissa × 2^exponent`. */
export interface Float {
  readonly mantissa: bigint;
  readonly exponent: number;
}

const BITS = 64;
/** Powers of ten that a double holds exactly. */
const MAX_EXACT_POWER = 22;
const POWERS_OF_TEN: readonly bigint[] = Array.from({ length: 40 }, (_, power) => 10n ** BigInt(power));

export function powerOfTen(power: number): bigint {
  return POWERS_OF_TEN[power] ?? 10n ** BigInt(power);
}

/** The exact value, as `partsOfNumber` gives it, but that an integer may end in zeros. */
export function decimalOf(value: RegoNumber): DecimalParts {
  if (typeof value !== "number") return partsOfNumber(value);
  if (Number.isSafeInteger(value)) return { digits: BigInt(value), exponent: 0 };
  const text = String(value);
  const point = text.indexOf(".");
  if (point < 0 || text.length > 16 || text.includes("e")) return partsOfNumber(value);
  return {
    digits: BigInt(Number(text.slice(0, point) + text.slice(point + 1))),
    exponent: point + 1 - text.length,
  };
}

export function toFloat({ digits, exponent }: DecimalParts): Float {
  if (digits === 0n) return { mantissa: 0n, exponent: 0 };
  if (exponent >= 0) return rounded(digits * powerOfTen(exponent), 0, false);
  return quotientOf(digits, powerOfTen(-exponent), 0);
}

export function addFloats(a: Float, b: Float): Float {
  const exponent = Math.min(a.exponent, b.exponent);
  const sum = (a.mantissa << BigInt(a.exponent - exponent)) + (b.mantissa << BigInt(b.exponent - exponent));
  return rounded(sum, exponent, false);
}

export function multiplyFloats(a: Float, b: Float, bits: number = BITS): Float {
  return rounded(a.mantissa * b.mantissa, a.exponent + b.exponent, false, bits);
}

/** `b` is not zero. */
export function divideFloats(a: Float, b: Float): Float {
  return quotientOf(a.mantissa, b.mantissa, a.exponent - b.exponent);
}

function quotientOf(a: bigint, b: bigint, exponent: number): Float {
  // Two bits more than the mantissa has, so that what is left over decides ties alone.
  const shift = BITS + 2 + Math.max(0, lengthOf(b) - lengthOf(a));
  const dividend = a << BigInt(shift);
  const quotient = dividend / b;
  return rounded(quotient, exponent - shift, quotient * b !== dividend);
}

/** The value cut off towards zero, and whether nothing was cut. */
export function cutOff({ mantissa, exponent }: Float): { readonly whole: bigint; readonly isExact: boolean } {
  if (exponent >= 0) return { whole: mantissa << BigInt(exponent), isExact: true };
  const scale = 1n << BigInt(-exponent);
  const whole = mantissa / scale;
  return { whole, isExact: whole * scale === mantissa };
}

function lengthOf(value: bigint): number {
  const size = value < 0n ? -value : value;
  if (size < 0x20000000000000n) {
    const low = Number(size);
    const high = Math.floor(low / 0x100000000);
    return high > 0 ? 64 - Math.clz32(high) : 32 - Math.clz32(low);
  }
  if (size >> 212n === 0n) return 52 + lengthOf(size >> 52n);
  const digits = size.toString(16);
  return digits.length * 4 - (Math.clz32(Number.parseInt(digits.charAt(0), 16)) - 28);
}

/** To so many bits, the nearest, ties to even; `more` says that something not zero was cut off before. */
function rounded(value: bigint, exponent: number, more: boolean, bits: number = BITS): Float {
  const size = value < 0n ? -value : value;
  if (size === 0n) return { mantissa: 0n, exponent: 0 };
  const excess = lengthOf(size) - bits;
  if (excess <= 0) return { mantissa: value, exponent };
  const shift = BigInt(excess);
  let mantissa = size >> shift;
  const rest = size - (mantissa << shift);
  const half = 1n << (shift - 1n);
  if (rest > half || (rest === half && (more || (mantissa & 1n) === 1n))) mantissa += 1n;
  return { mantissa: value < 0n ? -mantissa : mantissa, exponent: exponent + excess };
}

/** The number, in the spelling of its fewest digits; `guess` is a decimal that may well be the one. */
export function fromFloat(value: Float, guess?: DecimalParts, bits: number = BITS): RegoNumber {
  if (value.mantissa === 0n) return 0;
  const size = { ...value, mantissa: value.mantissa < 0n ? -value.mantissa : value.mantissa };
  const guessed = guess === undefined || bits !== BITS ? undefined : named(size, guess);
  return guessed ?? spelled(value.mantissa < 0n ? "-" : "", size, bits);
}

/**
 * The guess as a double, where it names the value and has few digits and a small exponent. Decimals of 15 digits lie so far
 * apart that there is no other one, and none shorter, as near to a number of 64 bits.
 */
function named(value: Float, { digits, exponent }: DecimalParts): number | undefined {
  const size = digits < 0n ? -digits : digits;
  if (exponent >= 0 || exponent < -MAX_EXACT_POWER || size >= 1_000_000_000_000_000n) return undefined;
  const native = Number(digits) / 10 ** -exponent;
  if (Math.abs(native) < 1e-4 || Math.abs(native) >= 1e6) return undefined;
  const { mantissa, power } = halves(value, BITS);
  if (power >= 0) return undefined;
  const scale = powerOfTen(-exponent);
  const difference = (size << BigInt(-power)) - mantissa * scale;
  const isNear = isPowerOfTwo(mantissa) ? difference === 0n : difference < scale && -difference < scale;
  return isNear ? native : undefined;
}

function isPowerOfTwo(value: bigint): boolean {
  return (value & (value - 1n)) === 0n;
}

/** The value as `mantissa × 2^power`, in units of half of its last place. */
function halves(value: Float, bits: number): { readonly mantissa: bigint; readonly power: number } {
  const excess = bits - lengthOf(value.mantissa) + 1;
  return { mantissa: value.mantissa << BigInt(excess), power: value.exponent - excess };
}

function spelled(sign: string, value: Float, bits: number): RegoNumber {
  const { digits, exponent } = shortest(value, bits);
  const place = digits.length + exponent;
  // An integer is written out; anything else as Go's %g does, whose border is at six digits before the point.
  if (exponent >= 0) return numberOf(sign + digits + "0".repeat(exponent));
  if (cutOff(value).isExact) return numberOf(sign + digits.slice(0, place));
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

/** More digits than any number of 64 bits needs to be named. */
const ENOUGH_DIGITS = 24;
const DIGITS_PER_BIT = Math.log10(2);

/** A decimal's digits, without zeros at its end; where `length` is infinite, more come than anybody looks at. */
interface Digits {
  readonly digits: string;
  readonly length: number;
}

function digitsOf(value: bigint, scale: bigint): Digits {
  const head = value / scale;
  const text = head.toString();
  if (head * scale !== value) return { digits: text, length: Number.POSITIVE_INFINITY };
  const digits = text.replace(/0+$/, "");
  return { digits, length: digits.length };
}

/**
 * The fewest digits that are nearer to this value than to any other of so many bits, found from the first digit on as
 * big.Float finds them: where the value above ends earlier, its zeros are not counted, and the value is cut off instead.
 */
function shortest(value: Float, bits: number): { readonly digits: string; readonly exponent: number } {
  const { mantissa, power: exponent } = halves(value, bits);
  const [factor, power] = exponent >= 0 ? [1n << BigInt(exponent), 0] : [5n ** BigInt(-exponent), exponent];
  const exact = mantissa * factor;
  const even = ((mantissa >> 1n) & 1n) === 0n;
  const cut = Math.max(0, Math.floor(lengthOf(exact) * DIGITS_PER_BIT) - ENOUGH_DIGITS);
  const scale = powerOfTen(cut);
  const middle = digitsOf(exact, scale);
  const lower = digitsOf(exact - factor, scale);
  const upper = digitsOf(exact + factor, scale);
  const place = power + cut + (exact / scale).toString().length;
  for (let at = 0; at < middle.digits.length; at++) {
    const digit = middle.digits.charCodeAt(at);
    const below = lower.digits.charCodeAt(at) || 0x30;
    const above = upper.digits.charCodeAt(at) || 0x30;
    const isDown = below !== digit || (even && at + 1 === lower.length);
    const isUp = digit !== above && (even || digit + 1 < above || at + 1 < upper.length);
    if (isDown || isUp) {
      const roundsUp = isUp && (!isDown || isNearerAbove(middle, at + 1));
      return trimmed(middle.digits.slice(0, at + 1), roundsUp, place);
    }
  }
  return trimmed(middle.digits, false, place);
}

/** Whether so many digits are nearer to the value when the last of them is raised; halfway, when that makes it even. */
function isNearerAbove({ digits, length }: Digits, kept: number): boolean {
  const next = digits.charAt(kept);
  if (next === "5" && length === kept + 1) return Number(digits.charAt(kept - 1)) % 2 === 1;
  return next >= "5";
}

/** The kept digits, the last of them raised at will; the point stands after `place` digits. */
function trimmed(
  kept: string,
  roundsUp: boolean,
  place: number,
): { readonly digits: string; readonly exponent: number } {
  const raised = roundsUp ? (BigInt(kept) + 1n).toString() : kept;
  const digits = raised.replace(/0+$/, "");
  return { digits, exponent: place + raised.length - kept.length - digits.length };
}
