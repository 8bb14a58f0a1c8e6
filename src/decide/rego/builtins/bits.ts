/** Bit operations on integers of any size, in two's complement (OPA policy reference, "Bits"). */
import { BuiltinError } from "../errors.ts";
import { integer, type Value } from "../values/index.ts";
import { failure, type Implementations } from "./builtin.ts";
import { bigIntegerOperand } from "./numbers.ts";

const MAX_SHIFT = 1_000_000n;

const two =
  (name: string, calculate: (a: bigint, b: bigint) => bigint) =>
  (_: unknown, a: Value, b: Value): Value =>
    integer(calculate(bigIntegerOperand(name, 1, a), bigIntegerOperand(name, 2, b)));

function shift(
  name: string,
  calculate: (a: bigint, b: bigint) => bigint,
): (_: unknown, a: Value, b: Value) => Value {
  return two(name, (a, b) => {
    if (b < 0n)
      throw new BuiltinError(
        "eval_type_error",
        `${name}: operand 2 must be an unsigned integer number but got a negative integer`,
      );
    if (b > MAX_SHIFT) throw failure(name, "operand 2 is too large");
    return calculate(a, b);
  });
}

export const BITS: Implementations = {
  "bits.and": two("bits.and", (a, b) => a & b),
  "bits.or": two("bits.or", (a, b) => a | b),
  "bits.xor": two("bits.xor", (a, b) => a ^ b),
  "bits.negate": (_, a) => integer(~bigIntegerOperand("bits.negate", 1, a)),
  "bits.lsh": shift("bits.lsh", (a, b) => a << b),
  "bits.rsh": shift("bits.rsh", (a, b) => a >> b),
};
