/** Types and conversions (OPA policy reference, "Types", "Conversions"). */
import {
  divide,
  integer,
  isArray,
  isNumber,
  isObject,
  isSet,
  numberOf,
  numberText,
  type RegoNumber,
  RegoSet,
  typeName,
  type Value,
} from "../values/index.ts";
import { failure, type Implementations, operandError } from "./builtin.ts";
import { goQuote } from "./go-text.ts";

/** A cast that gives the value itself where it has the type. */
function cast(name: string, type: string): (_: unknown, value: Value) => Value {
  return (_, value) => {
    if (typeName(value) === type) return value;
    throw operandError(name, 1, type, value);
  };
}

export const TYPES: Implementations = {
  is_array: (_, value) => isArray(value),
  is_boolean: (_, value) => typeof value === "boolean",
  is_null: (_, value) => value === null,
  is_number: (_, value) => isNumber(value),
  is_object: (_, value) => isObject(value),
  is_set: (_, value) => isSet(value),
  is_string: (_, value) => typeof value === "string",
  type_name: (_, value) => typeName(value),
  cast_boolean: cast("cast_boolean", "boolean"),
  cast_null: cast("cast_null", "null"),
  cast_object: cast("cast_object", "object"),
  cast_string: cast("cast_string", "string"),
  cast_array: (_, value) => {
    if (isArray(value)) return value;
    if (isSet(value)) return value.sorted();
    throw operandError("cast_array", 1, "one of {array, set}", value);
  },
  cast_set: (_, value) => {
    if (isSet(value)) return value;
    if (isArray(value)) return RegoSet.of(value);
    throw operandError("cast_set", 1, "one of {array, set}", value);
  },
  to_number: (_, value) => {
    if (value === null) return 0;
    if (typeof value === "boolean") return value ? 1 : 0;
    if (isNumber(value)) return value;
    if (typeof value === "string") return toNumber(value);
    throw operandError("to_number", 1, "one of {null, boolean, number, string}", value);
  },
};

/** A number as Go's ParseFloat takes it, `_` between digits and hexadecimal with an exponent of two; a decimal's spelling stays. */
function toNumber(text: string): Value {
  const parsed = DECIMAL.test(text) ? numberOf(text.replaceAll("_", "")) : hexadecimal(text);
  if (parsed === undefined) {
    if (/^[+-]?(?:inf|infinity|nan)$/i.test(text))
      throw operandError("to_number", 1, "valid number string", text);
    throw failure("to_number", `strconv.ParseFloat: parsing ${goQuote(text)}: invalid syntax`);
  }
  if (!Number.isFinite(Number(numberText(parsed))))
    throw failure("to_number", `strconv.ParseFloat: parsing ${goQuote(text)}: value out of range`);
  return parsed;
}

const DECIMAL = /^[+-]?(?:\d+(?:_\d+)*(?:\.(?:\d+(?:_\d+)*)?)?|\.\d+(?:_\d+)*)(?:[eE][+-]?\d+(?:_\d+)*)?$/;
const HEXADECIMAL =
  /^([+-]?)0[xX]((?:_?[\da-fA-F])*)(?:\.([\da-fA-F](?:_?[\da-fA-F])*)?)?[pP]([+-]?\d{1,4}(?:_\d+)*)$/;

function hexadecimal(text: string): RegoNumber | undefined {
  const match = HEXADECIMAL.exec(text.trim() === text ? text : "");
  if (match === null) return undefined;
  const [, sign = "", whole = "", fraction = "", power = "0"] = match;
  const digits = (whole + fraction).replaceAll("_", "");
  if (digits === "") return undefined;
  const shift = Number(power.replaceAll("_", "")) - 4 * fraction.replaceAll("_", "").length;
  const size = BigInt(`0x${digits}`);
  const value = sign === "-" ? -size : size;
  return shift >= 0 ? integer(value << BigInt(shift)) : divide(integer(value), integer(1n << BigInt(-shift)));
}
