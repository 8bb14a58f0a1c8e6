/**
 * Numbers of Rego (OPA policy language, "Numbers"): exact integers and decimals of any size, which keep the spelling that
 * they were read with until somebody calculates with them.
 *
 * A number is a JavaScript `number` where its text is the text that JavaScript gives it and it is exact, a `bigint` for
 * every other integer without fraction or exponent in its text, and a `Decimal` for the rest (`1.0`, `1e2`, `-0`, `1e400`).
 */
export type RegoNumber = number | bigint | Decimal;

/** Exponents beyond this are refused: writing such a number out would take longer than anybody meant. */
const MAX_EXPONENT = 1_000_000;
/** Integers up to this many digits are compared as integers; longer ones by their digits and exponent alone. */
const MAX_INTEGER_DIGITS = 5_000;

/** A number kept as it was written. Its value is `digits × 10^exponent`, exactly. */
export class Decimal {
  /** As written in JSON or in a policy. */
  readonly text: string;
  #parts: DecimalParts | undefined;
  #key: number | bigint | string | undefined;
  constructor(text: string) {
    this.text = text;
  }
  /** The value, without trailing zeros in `digits`; zero is `{digits: 0n, exponent: 0}`. */
  get parts(): DecimalParts {
    this.#parts ??= partsOf(this.text);
    return this.#parts;
  }
  /** Equal for equal values: a JavaScript number, a bigint beyond the safe integers, else a text. */
  get key(): number | bigint | string {
    this.#key ??= keyOfParts(this.parts);
    return this.#key;
  }
  toString(): string {
    return this.text;
  }
  toJSON(): never {
    throw new TypeError("a Decimal has no native JSON form: use stringify of #rego");
  }
}

export interface DecimalParts {
  readonly digits: bigint;
  readonly exponent: number;
}

/** A number whose exponent is beyond a million. */
export class NumberTooLarge extends RangeError {}

const NUMBER = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/;
const INTEGER = /^-?[1-9]\d*$/;

/**
 * Reads a number's text (RFC 8259 §6; a leading `+`, a leading or a trailing point are taken too).
 * @throws RangeError on any other text; a `NumberTooLarge` where the exponent is beyond a million.
 */
export function numberOf(text: string): RegoNumber {
  const native = Number(text);
  if (String(native) === text && Number.isFinite(native)) {
    if (Number.isSafeInteger(native) || !Number.isInteger(native)) return native;
    if (INTEGER.test(text)) return BigInt(text);
  } else if (INTEGER.test(text)) return BigInt(text);
  const match = NUMBER.exec(text);
  if (match === null || (match[2] === "" && (match[3] ?? "") === ""))
    throw new RangeError(`not a number: ${text}`);
  if (Math.abs(Number(match[4] ?? 0)) > MAX_EXPONENT) throw new NumberTooLarge(`number too large: ${text}`);
  return new Decimal(text);
}

/** The integer as a number where it is safe, else as a bigint: what integer arithmetic gives. */
export function integer(value: bigint): number | bigint {
  return value >= -9007199254740991n && value <= 9007199254740991n ? Number(value) : value;
}

/** The text of a number, as OPA prints it. */
export function numberText(value: RegoNumber): string {
  return typeof value === "object" ? value.text : String(value);
}

/** The exact value: `digits × 10^exponent`. */
export function partsOfNumber(value: RegoNumber): DecimalParts {
  if (typeof value === "object") return value.parts;
  return partsOf(String(value));
}

/** The integer that this number is, or undefined when it has a fraction. Huge exponents are written out (up to a million digits). */
export function integerOf(value: RegoNumber): bigint | undefined {
  if (typeof value === "bigint") return value;
  if (typeof value === "number" && Number.isSafeInteger(value)) return BigInt(value);
  const { digits, exponent } = partsOfNumber(value);
  return exponent < 0 ? undefined : digits * 10n ** BigInt(exponent);
}

/** Equal for numbers of equal value, whatever their spelling; a primitive, to be used as a `Map` key. */
export function numberKey(value: RegoNumber): number | bigint | string {
  if (typeof value === "number")
    return Number.isSafeInteger(value) || !Number.isInteger(value)
      ? value
      : keyOfParts(partsOf(String(value)));
  if (typeof value === "bigint") return integer(value);
  return value.key;
}

/** -1, 0 or 1 by exact value. */
export function compareNumbers(a: RegoNumber, b: RegoNumber): number {
  if (typeof a === "number" && typeof b === "number") return a < b ? -1 : a > b ? 1 : 0;
  if (isIntegral(a) && isIntegral(b)) {
    // JavaScript compares a bigint with a number by exact value.
    const x = exactInteger(a);
    const y = exactInteger(b);
    return x < y ? -1 : x > y ? 1 : 0;
  }
  const left = partsOfNumber(a);
  const right = partsOfNumber(b);
  const sign = signOf(left.digits) - signOf(right.digits);
  if (sign !== 0) return Math.sign(sign);
  if (left.digits === 0n) return 0;
  // Of one sign: first by the place of the leading digit, so that no exponent is ever written out for nothing.
  const magnitude = placeOf(left) - placeOf(right);
  if (magnitude !== 0) return magnitude > 0 === left.digits > 0n ? 1 : -1;
  const shift = left.exponent - right.exponent;
  const x = shift > 0 ? left.digits * 10n ** BigInt(shift) : left.digits;
  const y = shift < 0 ? right.digits * 10n ** BigInt(-shift) : right.digits;
  return x < y ? -1 : x > y ? 1 : 0;
}

/** Numbers that say all of their digits. */
function isIntegral(value: RegoNumber): value is number | bigint {
  return (
    typeof value === "bigint" ||
    (typeof value === "number" && Number.isInteger(value) && Math.abs(value) < 1e21)
  );
}

/** Beyond 2^53 a number means what its text says. */
function exactInteger(value: number | bigint): number | bigint {
  return typeof value === "bigint" || Number.isSafeInteger(value) ? value : BigInt(String(value));
}

function partsOf(text: string): DecimalParts {
  const match = NUMBER.exec(text);
  if (match === null) throw new RangeError(`not a number: ${text}`);
  const [, sign, whole = "", fraction = "", power = "0"] = match;
  const all = (whole + fraction).replace(/^0+/, "");
  const significant = all.replace(/0+$/, "");
  if (significant === "") return { digits: 0n, exponent: 0 };
  const digits = BigInt(significant);
  return {
    digits: sign === "-" ? -digits : digits,
    exponent: Number(power) - fraction.length + (all.length - significant.length),
  };
}

function keyOfParts({ digits, exponent }: DecimalParts): number | bigint | string {
  const length = digits.toString().length + exponent;
  if (exponent >= 0 && length <= MAX_INTEGER_DIGITS) return integer(digits * 10n ** BigInt(exponent));
  const text = `${digits}e${exponent}`;
  const native = Number(text);
  if (Number.isFinite(native) && native !== 0 && !Number.isInteger(native)) {
    const back = partsOf(String(native));
    if (back.digits === digits && back.exponent === exponent) return native;
  }
  return text;
}

function signOf(digits: bigint): number {
  return digits < 0n ? -1 : digits > 0n ? 1 : 0;
}

function placeOf({ digits, exponent }: DecimalParts): number {
  return (digits < 0n ? -digits : digits).toString().length + exponent;
}
