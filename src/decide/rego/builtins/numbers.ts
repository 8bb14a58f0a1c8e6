/** Arithmetic and number ranges (OPA policy reference, "Numbers"). */
import { BuiltinError } from "../errors.ts";
import {
  absolute,
  add,
  ceil,
  compareNumbers,
  divide,
  floor,
  integer,
  integerOf,
  isNumber,
  isSet,
  multiply,
  numberText,
  type RegoNumber,
  remainder,
  round,
  subtract,
  truncate,
  type Value,
} from "../values/index.ts";
import { type Evaluation, failure, type Implementations, numberOperand, operandError } from "./builtin.ts";
import { difference } from "./sets.ts";

const BASES = ["2", "8", "10", "16"];
const INT64 = 2n ** 63n;

function fractionError(name: string, position: number): BuiltinError {
  return new BuiltinError(
    "eval_type_error",
    `${name}: operand ${position} must be integer number but got floating-point number`,
  );
}

/** An operand that must be an integer, of any size and whatever its spelling: `1e2` is one. */
export function bigIntegerOperand(name: string, position: number, value: Value): bigint {
  if (!isNumber(value)) throw operandError(name, position, "integer", value);
  const found = integerOf(value);
  if (found === undefined) throw fractionError(name, position);
  return found;
}

/** What Go reads as an int of 64 bits: `2.0` is one, `2e0` is none. */
export function intOf(value: RegoNumber): bigint | undefined {
  if (typeof value === "number" && Number.isSafeInteger(value)) return BigInt(value);
  const match = /^([+-]?\d*)(?:\.0*)?$/.exec(numberText(value));
  if (match === null) return undefined;
  const found = BigInt(match[1] as string);
  return found >= -INT64 && found < INT64 ? found : undefined;
}

/** An operand that must be an int, such as an index or a length. */
export function integerOperand(name: string, position: number, value: Value): bigint {
  const found = intOf(numberOperand(name, position, value));
  if (found === undefined) throw fractionError(name, position);
  return found;
}

function binary(
  name: string,
  calculate: (a: RegoNumber, b: RegoNumber) => RegoNumber,
): (_: unknown, a: Value, b: Value) => Value {
  return (_, a, b) => calculate(numberOperand(name, 1, a), numberOperand(name, 2, b));
}

export const NUMBERS: Implementations = {
  plus: binary("plus", add),
  minus: (_, a, b) => {
    if (isNumber(a) && isNumber(b)) return subtract(a, b);
    if (isSet(a) && isSet(b)) return difference(a, b);
    if (!isNumber(a) && !isSet(a)) throw operandError("minus", 1, "one of {number, set}", a);
    throw operandError("minus", 2, isNumber(b) ? "set" : "number", b);
  },
  mul: binary("mul", multiply),
  div: (_, a, b) => {
    const x = numberOperand("div", 1, a);
    const y = numberOperand("div", 2, b);
    if (compareNumbers(y, 0) === 0) throw failure("div", "divide by zero");
    return divide(x, y);
  },
  rem: (_, a, b) => {
    const x = numberOperand("rem", 1, a);
    const y = numberOperand("rem", 2, b);
    const isZero = compareNumbers(y, 0) === 0;
    const rest = isZero ? undefined : remainder(x, y);
    if (rest !== undefined) return rest;
    const isIntegral = integerOf(x) !== undefined && integerOf(y) !== undefined;
    throw failure("rem", isIntegral ? "modulo by zero" : "modulo on floating-point number");
  },
  abs: (_, a) => absolute(numberOperand("abs", 1, a)),
  round: (_, a) => round(numberOperand("round", 1, a)),
  ceil: (_, a) => ceil(numberOperand("ceil", 1, a)),
  floor: (_, a) => floor(numberOperand("floor", 1, a)),
  "numbers.range": (evaluation, a, b) => {
    const from = bigIntegerOperand("numbers.range", 1, a);
    const to = bigIntegerOperand("numbers.range", 2, b);
    return range(evaluation, from, to, 1n);
  },
  "numbers.range_step": (evaluation, a, b, c) => {
    const from = bigIntegerOperand("numbers.range_step", 1, a);
    const to = bigIntegerOperand("numbers.range_step", 2, b);
    const step = bigIntegerOperand("numbers.range_step", 3, c);
    if (step <= 0n)
      throw failure("numbers.range_step", "numbers.range_step: step must be a positive integer");
    return range(evaluation, from, to, step);
  },
  format_int: (_, a, b) => {
    const value = numberOperand("format_int", 1, a);
    const base = numberText(numberOperand("format_int", 2, b));
    if (!BASES.includes(base))
      throw new BuiltinError("eval_type_error", "format_int: operand 2 must be one of {2, 8, 10, 16}");
    const text = numberText(value);
    return BigInt(/^-?\d+$/.test(text) ? text : numberText(truncate(value))).toString(Number(base));
  },
};

/** Both ends included; downwards when the second is smaller. */
function range(evaluation: Evaluation, from: bigint, to: bigint, step: bigint): readonly Value[] {
  const found: Value[] = [];
  const signed = from <= to ? step : -step;
  const [first, last, stride] = [integer(from), integer(to), integer(signed)];
  if (typeof first === "number" && typeof last === "number" && typeof stride === "number") {
    const turns = Math.floor((last - first) / stride);
    for (let turn = 0; turn <= turns; turn++) {
      evaluation.charge(1);
      found.push(first + turn * stride);
    }
    return found;
  }
  for (let at = from; signed > 0n ? at <= to : at >= to; at += signed) {
    evaluation.charge(1);
    found.push(integer(at));
  }
  return found;
}
