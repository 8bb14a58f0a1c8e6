/** Amounts with units (OPA policy reference, "Units"). */
import type { BuiltinError } from "../errors.ts";
import {
  integer,
  integerOf,
  multiply,
  numberOf,
  partsOfNumber,
  type RegoNumber,
  truncate,
  type Value,
} from "../values/index.ts";
import { failure, type Implementations, stringOperand } from "./builtin.ts";
import { lower } from "./letter-case.ts";

const POWERS = ["k", "m", "g", "t", "p", "e"];
/** How many digits after the point an amount with a fraction is written with. */
const PLACES = 10;
/** The double that is nearest to 0.001, as OPA scales with it. */
const THOUSANDTH: readonly [bigint, bigint] = [1_152_921_504_606_847n, 2n ** 60n];

interface Amount {
  readonly number: RegoNumber;
  readonly unit: string;
}

function error(name: string, message: string): BuiltinError {
  return failure(name, `${name}: ${message}`);
}

/** A number and whatever stands after it; messages name the `amount` that is missing or is none. */
function amountOf(name: string, amount: string, text: string): Amount {
  const bare = text.replaceAll('"', "");
  if (bare.includes(" ")) throw error(name, "spaces not allowed in resource strings");
  const [, digits = "", unit = ""] = /^((?:[\d.+-]|[eE](?=[\d+-]))*)(.*)$/s.exec(bare) ?? [];
  if (digits === "") throw error(name, `no ${amount} provided`);
  if (!/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(digits))
    throw error(name, `could not parse ${amount} to a number`);
  return { number: numberOf(digits), unit };
}

/** `k` is a thousand and `ki` 1024, and so on, in either case. */
function factorOf(unit: string): bigint | undefined {
  if (unit === "") return 1n;
  const power = POWERS.indexOf(unit.charAt(0).toLowerCase()) + 1;
  if (power === 0) return undefined;
  if (unit.length === 1) return 1000n ** BigInt(power);
  return unit.length === 2 && /^[iI]$/.test(unit.charAt(1)) ? 1024n ** BigInt(power) : undefined;
}

/** Exactly; what is no integer has ten digits after the point, rounded half away from zero. */
function scaled(number: RegoNumber, factor: bigint, divisor: bigint): RegoNumber {
  const { digits, exponent } = partsOfNumber(number);
  const numerator = exponent > 0 ? digits * factor * 10n ** BigInt(exponent) : digits * factor;
  const denominator = exponent < 0 ? divisor * 10n ** BigInt(-exponent) : divisor;
  if (numerator % denominator === 0n) return integer(numerator / denominator);
  const size = (numerator < 0n ? -numerator : numerator) * 10n ** BigInt(PLACES);
  const rounded = ((size * 2n + denominator) / (denominator * 2n)).toString().padStart(PLACES + 1, "0");
  return numberOf(`${numerator < 0n ? "-" : ""}${rounded.slice(0, -PLACES)}.${rounded.slice(-PLACES)}`);
}

export const UNITS: Implementations = {
  "units.parse": (_, a): Value => {
    const { number, unit } = amountOf("units.parse", "amount", stringOperand("units.parse", 1, a));
    if (unit === "m") return scaled(number, ...THOUSANDTH);
    const factor = factorOf(unit);
    if (factor === undefined)
      throw error("units.parse", `unit ${unit.charAt(0)}${lower(unit.slice(1))} not recognized`);
    return scaled(number, factor, 1n);
  },
  "units.parse_bytes": (_, a): Value => {
    const text = lower(stringOperand("units.parse_bytes", 1, a));
    const { number, unit } = amountOf("units.parse_bytes", "byte amount", text);
    const factor = factorOf(unit.length > 1 && unit.endsWith("b") ? unit.slice(0, -1) : unit);
    if (factor === undefined) throw error("units.parse_bytes", `byte unit ${unit} not recognized`);
    // Bytes are counted in floating point, even where the amount is an integer.
    const amount = integerOf(number) === undefined ? number : truncate(number);
    return truncate(multiply(amount, integer(factor)));
  },
};
