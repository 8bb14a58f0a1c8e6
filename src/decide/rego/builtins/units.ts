/** Amounts with units (OPA policy reference, "Units"). */
import { type DecimalParts, integer, numberOf, partsOfNumber, type Value } from "../values/index.ts";
import { failure, type Implementations, stringOperand } from "./builtin.ts";

const POWERS = ["k", "m", "g", "t", "p", "e"];

/** Factors by suffix: a decimal and a binary one each. */
function factorOf(name: string, unit: string): readonly [bigint, bigint] | undefined {
  const isBytes = name === "units.parse_bytes";
  if (unit === "") return [1n, 1n];
  if (!isBytes && unit === "m") return [1n, 1000n];
  const lower = unit.toLowerCase();
  const suffix = isBytes && lower.endsWith("b") ? lower.slice(0, -1) : lower;
  const power = POWERS.indexOf(suffix.charAt(0)) + 1;
  if (power === 0) return undefined;
  if (suffix.length === 1) return [1000n ** BigInt(power), 1n];
  return suffix.slice(1) === "i" ? [1024n ** BigInt(power), 1n] : undefined;
}

function parse(name: string, raw: string): { readonly numerator: bigint; readonly denominator: bigint } {
  const text = raw.replaceAll('"', "");
  if (text === "") throw failure(name, "no amount provided");
  if (text.includes(" ")) throw failure(name, "spaces not allowed in resource strings");
  const match = /^([+-]?[\d.]*(?:(?<=[\d.])[eE][+-]?\d+)?)(.*)$/s.exec(text);
  const amount = match?.[1] ?? "";
  const unit = match?.[2] ?? "";
  if (amount === "") throw failure(name, "no amount provided");
  const factor = factorOf(name, unit);
  if (factor === undefined)
    throw failure(name, `${name === "units.parse" ? "unit" : "byte unit"} ${unit} not recognized`);
  let parts: DecimalParts;
  try {
    parts = partsOfNumber(numberOf(amount));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw failure(name, "could not parse amount to a number");
  }
  const [times, by] = factor;
  const scale = 10n ** BigInt(Math.abs(parts.exponent));
  return parts.exponent >= 0
    ? { numerator: parts.digits * scale * times, denominator: by }
    : { numerator: parts.digits * times, denominator: by * scale };
}

export const UNITS: Implementations = {
  "units.parse": (_, a): Value => {
    const { numerator, denominator } = parse("units.parse", stringOperand("units.parse", 1, a));
    if (numerator % denominator === 0n) return integer(numerator / denominator);
    // Ten digits after the point, as OPA prints them, rounded half away from zero.
    const negative = numerator < 0n;
    const size = (negative ? -numerator : numerator) * 10n ** 10n;
    const rounded = (size * 2n + denominator) / (denominator * 2n);
    const digits = rounded.toString().padStart(11, "0");
    return numberOf(`${negative ? "-" : ""}${digits.slice(0, -10)}.${digits.slice(-10)}`);
  },
  "units.parse_bytes": (_, a): Value => {
    const { numerator, denominator } = parse("units.parse_bytes", stringOperand("units.parse_bytes", 1, a));
    return integer(numerator / denominator);
  },
};
