/** `sprintf`: Go's fmt.Sprintf over what OPA makes of its operands: int64, *big.Int, float64 and strings. */
import { isNumber, numberText, type Value } from "../values/index.ts";
import { arrayOperand, type Implementations, stringOperand } from "./builtin.ts";
import { joined } from "./byte-text.ts";
import { type FormatArgument, formatArgument, PLAIN, typeOf } from "./format-argument.ts";
import { formatted, type Operands } from "./go-format.ts";
import { termText } from "./go-text.ts";

const INT64 = 2n ** 63n;
const FLOAT = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

function argumentOf(value: Value): FormatArgument {
  if (typeof value === "string") return { type: "string", value };
  if (!isNumber(value)) return { type: "string", value: termText(value) };
  const text = numberText(value);
  if (/^[+-]?\d+$/.test(text)) {
    const whole = BigInt(text);
    return { type: whole >= -INT64 && whole < INT64 ? "int64" : "big", value: whole };
  }
  const float = FLOAT.test(text) ? Number(text) : Number.NaN;
  return Number.isFinite(float) ? { type: "float64", value: float } : { type: "string", value: text };
}

const OPERANDS: Operands<Value> = {
  simple: (value, verb) => {
    if (typeof value === "string" && (verb === 0x73 || verb === 0x76)) return value;
    return typeof value === "number" && Number.isSafeInteger(value) && (verb === 0x64 || verb === 0x76)
      ? String(value)
      : undefined;
  },
  write: (value, verb, flags) => formatArgument(argumentOf(value), verb, flags),
  integer: (value) => {
    const arg = argumentOf(value);
    return arg.type === "int64" ? arg.value : undefined;
  },
  typed: (value) => {
    const arg = argumentOf(value);
    return `${typeOf(arg)}=${formatArgument(arg, "v", PLAIN)}`;
  },
};

export const SPRINTF: Implementations = {
  sprintf: (evaluation, format, values) =>
    joined(
      formatted(
        evaluation,
        OPERANDS,
        stringOperand("sprintf", 1, format),
        arrayOperand("sprintf", 2, values),
      ),
    ),
};
