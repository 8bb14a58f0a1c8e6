/** Doubles as Go's strconv.FormatFloat writes them, digit by digit from their exact value. */

interface Digits {
  readonly digits: string;
  /** The point stands before this digit: 0.digits × 10^point. */
  readonly point: number;
}

/** The exact decimal expansion of a finite double that is not negative. */
function exact(value: number): { readonly mantissa: bigint; readonly exponent: number } {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  const bits = view.getBigUint64(0);
  const fraction = bits & 0xfffffffffffffn;
  const biased = Number((bits >> 52n) & 0x7ffn);
  return biased === 0
    ? { mantissa: fraction, exponent: -1074 }
    : { mantissa: fraction | 0x10000000000000n, exponent: biased - 1075 };
}

function allDigits(value: number): Digits {
  const { mantissa, exponent } = exact(value);
  if (mantissa === 0n) return { digits: "", point: 0 };
  const text =
    exponent >= 0
      ? (mantissa << BigInt(exponent)).toString()
      : (mantissa * 5n ** BigInt(-exponent)).toString();
  return { digits: text.replace(/0+$/, ""), point: text.length + Math.min(0, exponent) };
}

/** To so many digits, the nearest, ties to even. */
function rounded({ digits, point }: Digits, count: number): Digits {
  if (count >= digits.length) return { digits, point };
  if (count < 0) return { digits: "", point };
  const rest = digits.slice(count);
  const last = count > 0 ? Number(digits.charAt(count - 1)) : 0;
  const isHalf = rest.charAt(0) === "5" && /^50*$/.test(rest);
  const up = isHalf ? last % 2 === 1 : rest.charAt(0) >= "5";
  if (!up) return { digits: digits.slice(0, count), point };
  const raised = (BigInt(`0${digits.slice(0, count)}`) + 1n).toString();
  return raised.length > count
    ? { digits: raised, point: point + 1 }
    : { digits: raised.padStart(count, "0"), point };
}

/** The fewest digits that read back as the same double. */
function shortest(value: number): Digits {
  const [mantissa = "", power = "0"] = value.toExponential().split("e");
  return {
    digits: value === 0 ? "" : mantissa.replace(".", "").replace(/0+$/, ""),
    point: Number(power) + 1,
  };
}

function digit({ digits }: Digits, index: number): string {
  return digits.charAt(index) || "0";
}

function fixed(value: Digits, precision: number): string {
  let whole = "";
  for (let i = 0; i < value.point; i++) whole += digit(value, i);
  let fraction = "";
  for (let i = 0; i < precision; i++) {
    const at = value.point + i;
    fraction += at < 0 ? "0" : digit(value, at);
  }
  return (whole === "" ? "0" : whole) + (precision > 0 ? `.${fraction}` : "");
}

function scientific(value: Digits, precision: number, letter: string): string {
  const isZero = value.digits === "";
  let text = digit(value, 0);
  if (precision > 0) {
    text += ".";
    for (let i = 1; i <= precision; i++) text += digit(value, i);
  }
  const power = isZero ? 0 : value.point - 1;
  return `${text}${letter}${power < 0 ? "-" : "+"}${String(Math.abs(power)).padStart(2, "0")}`;
}

/**
 * `verb` is one of e, E, f, F, g, G, x, X, b; `precision` -1 asks for the fewest digits. The sign is written only when it is `-`.
 */
export function formatFloat(value: number, verb: string, precision: number): string {
  const negative = value < 0 || Object.is(value, -0);
  const sign = negative ? "-" : "";
  const size = Math.abs(value);
  const lower = verb.toLowerCase();
  if (lower === "b") {
    const { mantissa, exponent } = exact(size);
    return `${sign}${mantissa}p${exponent < 0 ? "-" : "+"}${Math.abs(exponent)}`;
  }
  if (lower === "x") {
    const text = sign + hexadecimal(size, precision);
    return verb === "X" ? text.toUpperCase() : text;
  }
  const short = precision < 0 ? shortest(size) : undefined;
  switch (lower) {
    case "f": {
      if (short !== undefined) return sign + fixed(short, Math.max(0, short.digits.length - short.point));
      // JavaScript rounds ties up and Go to even; whatever is no tie they write alike.
      if (size < 1e21 && precision <= 100 && !Number.isInteger(size * 2 * 10 ** precision))
        return sign + size.toFixed(precision);
      const all = allDigits(size);
      return sign + fixed(rounded(all, all.point + precision), precision);
    }
    case "e": {
      if (short !== undefined) return sign + scientific(short, Math.max(0, short.digits.length - 1), verb);
      return sign + scientific(rounded(allDigits(size), precision + 1), precision, verb);
    }
    default: {
      const count = precision === 0 ? 1 : precision;
      const digits = short ?? rounded(allDigits(size), count);
      const significant = digits.digits.replace(/0+$/, "").length;
      let border = count;
      if (border > significant && significant >= digits.point) border = significant;
      if (short !== undefined) border = 6;
      const power = digits.digits === "" ? -1 : digits.point - 1;
      if (power < -4 || power >= border)
        return sign + scientific(digits, Math.max(0, significant - 1), verb === "G" ? "E" : "e");
      return sign + fixed(digits, Math.max(0, significant - digits.point));
    }
  }
}

function hexadecimal(value: number, precision: number): string {
  if (value === 0) return `0x0${precision > 0 ? `.${"0".repeat(precision)}` : ""}p+00`;
  let { mantissa, exponent } = exact(value);
  while (mantissa < 0x10000000000000n) {
    mantissa <<= 1n;
    exponent--;
  }
  let power = exponent + 52;
  let fraction = mantissa & 0xfffffffffffffn;
  let whole = 1n;
  if (precision >= 0 && precision < 13) {
    const cut = BigInt((13 - precision) * 4);
    const all = (whole << 52n) | fraction;
    let kept = all >> cut;
    const rest = all - (kept << cut);
    const half = 1n << (cut - 1n);
    if (rest > half || (rest === half && (kept & 1n) === 1n)) kept += 1n;
    if (kept >> BigInt(precision * 4) > 1n) {
      kept >>= 1n;
      power++;
    }
    whole = kept >> BigInt(precision * 4);
    fraction = (kept & ((1n << BigInt(precision * 4)) - 1n)) << cut;
  }
  let text = fraction.toString(16).padStart(13, "0");
  text = precision < 0 ? text.replace(/0+$/, "") : text.padEnd(precision, "0").slice(0, precision);
  return `0x${whole}${text === "" ? "" : `.${text}`}p${power < 0 ? "-" : "+"}${String(Math.abs(power)).padStart(2, "0")}`;
}
