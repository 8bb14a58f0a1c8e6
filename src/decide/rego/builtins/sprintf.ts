/** `sprintf`: Go's fmt.Sprintf over what OPA makes of its operands: int64, *big.Int, float64 and strings. */
import { isNumber, numberText, type Value } from "../values/index.ts";
import { arrayOperand, type Implementations, stringOperand } from "./builtin.ts";
import { formatFloat } from "./go-float.ts";
import { goEscape, goQuote, termText } from "./go-text.ts";

type Argument =
  | { readonly type: "int64"; readonly value: bigint }
  | { readonly type: "big"; readonly value: bigint }
  | { readonly type: "float64"; readonly value: number }
  | { readonly type: "string"; readonly value: string };

interface Flags {
  readonly plus: boolean;
  readonly minus: boolean;
  readonly sharp: boolean;
  readonly space: boolean;
  readonly zero: boolean;
  readonly width: number | undefined;
  readonly precision: number | undefined;
}

const MAX_WIDTH = 1_000_000;
const INT64 = 2n ** 63n;

function argumentOf(value: Value): Argument {
  if (typeof value === "string") return { type: "string", value };
  if (!isNumber(value)) return { type: "string", value: termText(value) };
  const text = numberText(value);
  if (/^-?\d+$/.test(text)) {
    const whole = BigInt(text);
    return { type: whole >= -INT64 && whole < INT64 ? "int64" : "big", value: whole };
  }
  const float = Number(text);
  return Number.isFinite(float) ? { type: "float64", value: float } : { type: "string", value: text };
}

export function sprintf(format: string, values: readonly Value[]): string {
  const args = values.map(argumentOf);
  let out = "";
  let next = 0;
  let reordered = false;
  let at = 0;
  while (at < format.length) {
    const percent = format.indexOf("%", at);
    if (percent < 0) {
      out += format.slice(at);
      break;
    }
    out += format.slice(at, percent);
    at = percent + 1;
    let flags: Flags = {
      plus: false,
      minus: false,
      sharp: false,
      space: false,
      zero: false,
      width: undefined,
      precision: undefined,
    };
    for (; "+-# 0".includes(format.charAt(at)) && at < format.length; at++) {
      const sign = format.charAt(at);
      if (sign === "+") flags = { ...flags, plus: true };
      else if (sign === "-") flags = { ...flags, minus: true };
      else if (sign === "#") flags = { ...flags, sharp: true };
      else if (sign === " ") flags = { ...flags, space: true };
      else flags = { ...flags, zero: true };
    }
    let good = true;
    let indexed = false;
    const index = (): void => {
      if (format.charAt(at) !== "[") return;
      reordered = true;
      const close = format.indexOf("]", at);
      const text = close < 0 ? "" : format.slice(at + 1, close);
      at = close < 0 ? at + 1 : close + 1;
      const wanted = /^\d+$/.test(text) ? Number(text) - 1 : -1;
      if (wanted < 0 || wanted >= args.length) good = false;
      else {
        next = wanted;
        indexed = true;
      }
    };
    const star = (): number | undefined => {
      const arg = args[next];
      if (next < args.length) next++;
      return arg?.type === "int64" && arg.value >= -MAX_WIDTH && arg.value <= MAX_WIDTH
        ? Number(arg.value)
        : undefined;
    };
    index();
    if (format.charAt(at) === "*") {
      at++;
      const width = star();
      if (width === undefined) out += "%!(BADWIDTH)";
      else if (width < 0) flags = { ...flags, width: -width, minus: true, zero: false };
      else flags = { ...flags, width };
      indexed = false;
    } else {
      const digits = /^\d+/.exec(format.slice(at, at + 12))?.[0];
      if (digits !== undefined) {
        at += digits.length;
        const width = Number(digits);
        if (width <= MAX_WIDTH) flags = { ...flags, width };
        if (indexed) good = false;
      }
    }
    if (format.charAt(at) === ".") {
      at++;
      if (indexed) good = false;
      index();
      if (format.charAt(at) === "*") {
        at++;
        const precision = star();
        if (precision === undefined || precision < 0) {
          out += "%!(BADPREC)";
        } else flags = { ...flags, precision };
        indexed = false;
      } else {
        const digits = /^\d*/.exec(format.slice(at, at + 12))?.[0] ?? "";
        at += digits.length;
        flags = { ...flags, precision: Number(digits) };
      }
    }
    if (!indexed) index();
    if (at >= format.length) {
      out += "%!(NOVERB)";
      break;
    }
    const verb = String.fromCodePoint(format.codePointAt(at) as number);
    at += verb.length;
    if (verb === "%") out += "%";
    else if (!good) out += `%!${verb}(BADINDEX)`;
    else if (next >= args.length) out += `%!${verb}(MISSING)`;
    else {
      out += one(args[next] as Argument, verb, flags);
      next++;
    }
  }
  if (!reordered && next < args.length)
    out += `%!(EXTRA ${args
      .slice(next)
      .map((arg) => `${typeOf(arg)}=${one(arg, "v", PLAIN)}`)
      .join(", ")})`;
  return out;
}

const PLAIN: Flags = {
  plus: false,
  minus: false,
  sharp: false,
  space: false,
  zero: false,
  width: undefined,
  precision: undefined,
};

function typeOf(arg: Argument): string {
  return arg.type === "big" ? "*big.Int" : arg.type;
}

function one(arg: Argument, verb: string, flags: Flags): string {
  if (verb === "T") return padded(typeOf(arg), flags);
  // %+v and %#v are verbs of their own: the flag no longer speaks of signs and prefixes.
  const plain = verb === "v" && arg.type !== "big" ? { ...flags, plus: false, sharp: false } : flags;
  const sharp = verb === "v" && flags.sharp;
  const text =
    arg.type === "string"
      ? ofText(arg.value, verb, plain, sharp)
      : arg.type === "float64"
        ? ofFloat(arg.value, verb, plain)
        : arg.type === "int64"
          ? ofInteger(arg.value, verb, plain)
          : ofBig(arg.value, verb, plain);
  if (text !== undefined) return text;
  if (arg.type === "big") return `%!${verb}(big.Int=${arg.value})`;
  const value =
    arg.type === "string"
      ? ofText(arg.value, "v", flags, false)
      : arg.type === "float64"
        ? ofFloat(arg.value, "v", flags)
        : ofInteger(arg.value, "v", flags);
  return `%!${verb}(${typeOf(arg)}=${value ?? ""})`;
}

function length(text: string): number {
  return Array.from(text).length;
}

function padded(text: string, { width, minus, zero }: Flags): string {
  const missing = (width ?? 0) - length(text);
  if (missing <= 0) return text;
  return minus ? text + " ".repeat(missing) : (zero ? "0" : " ").repeat(missing) + text;
}

function ofText(value: string, verb: string, flags: Flags, goSyntax: boolean): string | undefined {
  const { precision } = flags;
  const cut = precision === undefined ? value : Array.from(value).slice(0, precision).join("");
  switch (verb) {
    case "v":
    case "s":
      return goSyntax ? padded(quoted(cut, flags), flags) : padded(cut, flags);
    case "q":
      return padded(quoted(cut, flags), flags);
    case "x":
    case "X": {
      const bytes = [...Buffer.from(value)].slice(0, precision);
      const prefix = flags.sharp ? "0x" : "";
      const digits = bytes.map((byte) => byte.toString(16).padStart(2, "0"));
      const text = flags.space
        ? digits.map((pair) => prefix + pair).join(" ")
        : bytes.length === 0
          ? ""
          : prefix + digits.join("");
      return padded(verb === "X" ? text.toUpperCase() : text, flags);
    }
    default:
      return undefined;
  }
}

function quoted(text: string, { plus, sharp }: Flags): string {
  if (sharp && !/[`\x7f]|[^\P{Cc}\t]|\ufeff/u.test(text)) return `\`${text}\``;
  return goQuote(text, plus);
}

const RADIXES: Readonly<Record<string, number>> = { b: 2, o: 8, O: 8, d: 10, v: 10, x: 16, X: 16 };

function ofInteger(value: bigint, verb: string, flags: Flags): string | undefined {
  if (verb === "c" || verb === "q") {
    const code =
      value >= 0n && value <= 0x10ffffn && !(value >= 0xd800n && value <= 0xdfffn) ? Number(value) : 0xfffd;
    const character = String.fromCodePoint(code);
    return padded(
      verb === "c" ? character : `'${goEscape(character, "'", flags.plus)}'`,
      verb === "c" ? flags : { ...flags },
    );
  }
  if (verb === "U") return unicode(value, flags);
  const radix = RADIXES[verb];
  if (radix === undefined) return undefined;
  const negative = value < 0n;
  let digits = (negative ? -value : value).toString(radix);
  if (verb === "X") digits = digits.toUpperCase();
  if (flags.precision !== undefined) {
    if (flags.precision === 0 && value === 0n) return padded("", { ...flags, zero: false });
    digits = digits.padStart(flags.precision, "0");
  } else if (flags.zero && !flags.minus && flags.width !== undefined) {
    const room = flags.width - (negative || flags.plus || flags.space ? 1 : 0);
    digits = digits.padStart(room, "0");
  }
  const prefix = flags.sharp
    ? { 2: "0b", 8: digits.startsWith("0") ? "" : "0", 16: verb === "X" ? "0X" : "0x" }[radix]
    : undefined;
  const sign = negative ? "-" : flags.plus ? "+" : flags.space ? " " : "";
  const text = `${sign}${verb === "O" ? "0o" : ""}${prefix ?? ""}${digits}`;
  return padded(text, { ...flags, zero: false });
}

function unicode(value: bigint, flags: Flags): string {
  const digits = BigInt.asUintN(64, value)
    .toString(16)
    .toUpperCase()
    .padStart(Math.max(4, flags.precision ?? 0), "0");
  const character =
    flags.sharp && value >= 0n && value <= 0x10ffffn ? String.fromCodePoint(Number(value)) : undefined;
  const shown =
    character !== undefined && goEscape(character, "", false) === character ? ` '${character}'` : "";
  return padded(`U+${digits}${shown}`, { ...flags, zero: false });
}

/** A *big.Int formats itself: it knows fewer verbs, and takes no `c`, `q` or `U`. */
function ofBig(value: bigint, verb: string, flags: Flags): string | undefined {
  if (verb === "s") return ofBig(value, "d", flags);
  const radix = RADIXES[verb];
  if (radix === undefined) return undefined;
  const negative = value < 0n;
  let digits = (negative ? -value : value).toString(radix);
  if (verb === "X") digits = digits.toUpperCase();
  const sign = negative ? "-" : flags.plus ? "+" : flags.space ? " " : "";
  const prefix =
    verb === "O"
      ? "0o"
      : flags.sharp
        ? ({ 2: "0b", 8: "0", 16: verb === "X" ? "0X" : "0x" }[radix] ?? "")
        : "";
  if (flags.precision !== undefined) digits = digits.padStart(flags.precision, "0");
  const missing = (flags.width ?? 0) - sign.length - prefix.length - digits.length;
  if (missing <= 0) return sign + prefix + digits;
  if (flags.minus) return sign + prefix + digits + " ".repeat(missing);
  if (flags.zero && flags.precision === undefined) return sign + prefix + "0".repeat(missing) + digits;
  return " ".repeat(missing) + sign + prefix + digits;
}

function ofFloat(value: number, verb: string, flags: Flags): string | undefined {
  if (!"vbgGxXfFeE".includes(verb)) return undefined;
  const lower = verb.toLowerCase();
  const precision = flags.precision ?? (lower === "f" || lower === "e" ? 6 : -1);
  let text = formatFloat(value, verb === "v" ? "g" : verb === "F" ? "f" : verb, precision);
  const negative = text.startsWith("-");
  if (negative) text = text.slice(1);
  if (flags.sharp && verb !== "b") text = sharpened(text, verb, flags.precision);
  const sign = negative ? "-" : flags.plus ? "+" : flags.space ? " " : "";
  if (flags.zero && !flags.minus && flags.width !== undefined)
    return sign + text.padStart(flags.width - sign.length, "0");
  return padded(sign + text, { ...flags, zero: false });
}

/** `%#g` and the like keep the point and the zeros after it. */
function sharpened(text: string, verb: string, precision: number | undefined): string {
  // Of X, e and f only the point is kept.
  let missing = "vgGx".includes(verb) ? (precision ?? 6) : 0;
  const match = (/^[xX]$/.test(verb) ? /^([^pP]*)(.*)$/ : /^([^eE]*)(.*)$/).exec(text);
  let mantissa = match?.[1] ?? text;
  const tail = match?.[2] ?? "";
  const hasPoint = mantissa.includes(".");
  let seen = false;
  for (const unit of mantissa.replace(".", "")) {
    if (unit !== "0") seen = true;
    if (seen) missing--;
  }
  if (!hasPoint) {
    if (mantissa === "0") missing--;
    mantissa += ".";
  }
  return mantissa + "0".repeat(Math.max(0, missing)) + tail;
}

export const SPRINTF: Implementations = {
  sprintf: (_, format, values) =>
    sprintf(stringOperand("sprintf", 1, format), arrayOperand("sprintf", 2, values)),
};
