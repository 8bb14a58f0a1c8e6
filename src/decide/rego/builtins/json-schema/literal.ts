/** Values as they are compared and shown where a schema names them. */
import {
  Decimal,
  isArray,
  isNumber,
  isObject,
  numberText,
  objectOf,
  partsOfNumber,
  type RegoNumber,
  type RegoObjectValue,
  sortedEntries,
  type Value,
} from "../../values/index.ts";
import { DataError } from "../data-error.ts";
import { marshal } from "../json-text.ts";

/** JSON text, the same for equal values: numbers are doubles. @throws DataError for a number that no double is */
export function literalText(value: Value): string {
  return marshal(withDoubles(value));
}

function withDoubles(value: Value): Value {
  if (isNumber(value)) return double(value);
  if (isArray(value)) return value.map(withDoubles);
  if (!isObject(value)) return value;
  return objectOf(membersOf(value).map(([key, item]) => [key, withDoubles(item)]));
}

function double(value: RegoNumber): RegoNumber {
  const text = numberText(value);
  const found = Number(text);
  if (!Number.isFinite(found))
    throw new DataError(`json: cannot unmarshal number ${text} into Go value of type float64`);
  return Object.is(found, -0) ? new Decimal("-0") : found;
}

/** A limit as Go's `%g` writes it, with all of its digits. */
export function limitText(value: RegoNumber): string {
  const { digits, exponent } = partsOfNumber(value);
  const text = String(digits < 0n ? -digits : digits);
  const sign = digits < 0n ? "-" : "";
  const power = text.length - 1 + exponent;
  if (digits === 0n) return "0";
  if (power < -4 || power >= 6) {
    const fraction = text.length > 1 ? `.${text.slice(1)}` : "";
    const size = String(Math.abs(power)).padStart(2, "0");
    return `${sign}${text.charAt(0)}${fraction}e${power < 0 ? "-" : "+"}${size}`;
  }
  if (power < 0) return `${sign}0.${"0".repeat(-power - 1)}${text}`;
  if (text.length <= power + 1) return sign + text.padEnd(power + 1, "0");
  return `${sign}${text.slice(0, power + 1)}.${text.slice(power + 1)}`;
}

/** The members of an object of JSON, in order. */
export function membersOf(object: RegoObjectValue): readonly (readonly [string, Value])[] {
  return sortedEntries(object).filter(
    (entry): entry is readonly [string, Value] => typeof entry[0] === "string",
  );
}
