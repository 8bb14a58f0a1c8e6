/** Types and conversions (OPA policy reference, "Types", "Conversions"). */
import { BuiltinError } from "../errors.ts";
import {
  isArray,
  isNumber,
  isObject,
  isSet,
  numberOf,
  RegoSet,
  typeName,
  type Value,
} from "../values/index.ts";
import { failure, type Implementations, operandError } from "./builtin.ts";

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

/** As Go's ParseFloat takes it, hexadecimal and the names of no numbers aside; the spelling stays. */
function toNumber(text: string): Value {
  if (/^[+-]?(?:inf|infinity|nan)$/i.test(text)) throw failure("to_number", "invalid syntax");
  if (!/^[+-]?(?:\d+(?:_\d+)*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text))
    throw new BuiltinError("eval_builtin_error", "to_number: invalid syntax");
  return numberOf(text);
}
