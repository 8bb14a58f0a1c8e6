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
  type RegoNumber,
  RegoSet,
  remainder,
  round,
  subtract,
  type Value,
} from "../values/index.ts";
import { failure, type Implementations, numberOperand, operandError } from "./builtin.ts";

/** An operand that must be an integer, whatever its spelling. */
export function integerOperand(name: string, position: number, value: Value): bigint {
  const found = integerOf(numberOperand(name, position, value));
  if (found === undefined)
    throw new BuiltinError(
      "eval_type_error",
      `${name}: operand ${position} must be integer number but got floating-point number`,
    );
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
    if (isSet(a) && isSet(b)) return RegoSet.of(a.unsorted().filter((value) => !b.has(value)));
    if (!isNumber(a) && !isSet(a)) throw operandError("minus", 1, "one of {number, set}", a);
    throw operandError("minus", 2, isNumber(a) ? "number" : "set", b);
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
    if (integerOf(x) === undefined || integerOf(y) === undefined)
      throw failure("rem", "modulo on floating-point number");
    if (compareNumbers(y, 0) === 0) throw failure("rem", "modulo by zero");
    return remainder(x, y);
  },
  abs: (_, a) => absolute(numberOperand("abs", 1, a)),
  round: (_, a) => round(numberOperand("round", 1, a)),
  ceil: (_, a) => ceil(numberOperand("ceil", 1, a)),
  floor: (_, a) => floor(numberOperand("floor", 1, a)),
  "numbers.range": (evaluation, a, b) => {
    const from = integerOperand("numbers.range", 1, a);
    const to = integerOperand("numbers.range", 2, b);
    return range(evaluation.charge.bind(evaluation), from, to, 1n);
  },
  "numbers.range_step": (evaluation, a, b, c) => {
    const from = integerOperand("numbers.range_step", 1, a);
    const to = integerOperand("numbers.range_step", 2, b);
    const step = integerOperand("numbers.range_step", 3, c);
    if (step <= 0n) throw failure("numbers.range_step", "step must be a positive integer");
    return range(evaluation.charge.bind(evaluation), from, to, step);
  },
};

/** Both ends included; downwards when the second is smaller. */
function range(charge: (steps: number) => void, from: bigint, to: bigint, step: bigint): readonly Value[] {
  const found: Value[] = [];
  if (from <= to)
    for (let at = from; at <= to; at += step) {
      charge(1);
      found.push(integer(at));
    }
  else
    for (let at = from; at >= to; at -= step) {
      charge(1);
      found.push(integer(at));
    }
  return found;
}
