/** One operand as a verb of Go's fmt writes it. */
import { bytesOfText } from "./byte-text.ts";
import { codePoints } from "./code-points.ts";
import { formatFloat } from "./go-float.ts";
import { goEscape, goQuote } from "./go-text.ts";

/** `name` is for a type that is one of these under another name. */
export type FormatArgument =
  | { readonly type: "int64"; readonly value: bigint; readonly name?: string }
  | { readonly type: "big"; readonly value: bigint; readonly name?: never }
  | { readonly type: "float64"; readonly value: number; readonly name?: never }
  | { readonly type: "string"; readonly value: string; readonly name?: string };

export interface Flags {
  readonly plus: boolean;
  readonly minus: boolean;
  readonly sharp: boolean;
  readonly space: boolean;
  readonly zero: boolean;
  readonly width: number | undefined;
  readonly precision: number | undefined;
}

export const PLAIN: Flags = {
  plus: false,
  minus: false,
  sharp: false,
  space: false,
  zero: false,
  width: undefined,
  precision: undefined,
};

/** The operand's type, in Go's words. */
export function typeOf(arg: FormatArgument): string {
  return arg.name ?? (arg.type === "big" ? "*big.Int" : arg.type);
}

/** The operand as the verb writes it; a verb that the operand's type has not says so in the text, as in `%!d(string=x)`. */
export function formatArgument(arg: FormatArgument, verb: string, flags: Flags): string {
  if (verb === "T") return padded(cut(typeOf(arg), flags), flags);
  if (verb === "w" && arg.type === "big") return `%!w(*big.Int=${structOf(arg.value, flags)})`;
  // %+v and %#v are verbs of their own, for which the flag no longer speaks of signs and prefixes; so it is for %w.
  const isValue = (verb === "v" || verb === "w") && arg.type !== "big";
  const own = isValue ? { ...flags, plus: false, sharp: false } : flags;
  const isGoSyntax = isValue && flags.sharp;
  const text = verbText(arg, verb, own, isGoSyntax);
  if (text !== undefined) return text;
  if (arg.type === "big") return `%!${verb}(big.Int=${arg.value})`;
  return `%!${verb}(${typeOf(arg)}=${verbText(arg, "v", own, isGoSyntax) ?? ""})`;
}

/** Undefined for a verb that the type has not. */
function verbText(arg: FormatArgument, verb: string, flags: Flags, isGoSyntax: boolean): string | undefined {
  switch (arg.type) {
    case "string":
      return ofText(arg.value, verb, flags, isGoSyntax);
    case "float64":
      return ofFloat(arg.value, verb, flags);
    case "int64":
      return ofInteger(arg.value, verb, flags);
    case "big":
      return ofBig(arg.value, verb, flags);
  }
}

/** How Go shows what a big integer is made of: its sign and its words, each with the flags. */
function structOf(value: bigint, flags: Flags): string {
  const own = { ...flags, plus: false };
  const words: string[] = [];
  for (let rest = value < 0n ? -value : value; rest > 0n; rest >>= 64n)
    words.push(ofInteger(BigInt.asUintN(64, rest), "d", own) ?? "");
  const names = flags.plus ? ["neg:", "abs:"] : ["", ""];
  return `&{${names[0]}${padded(String(value < 0n), own)} ${names[1]}[${words.join(" ")}]}`;
}

/** Cut to so many characters as the precision says. */
function cut(text: string, { precision }: Flags): string {
  return precision === undefined ? text : Array.from(text).slice(0, precision).join("");
}

function padded(text: string, { width, minus, zero }: Flags): string {
  const missing = (width ?? 0) - codePoints(text);
  if (missing <= 0) return text;
  return minus ? text + " ".repeat(missing) : (zero ? "0" : " ").repeat(missing) + text;
}

function ofText(value: string, verb: string, flags: Flags, isGoSyntax: boolean): string | undefined {
  switch (verb) {
    case "v":
    case "s":
      return padded(isGoSyntax ? quoted(cut(value, flags), flags) : cut(value, flags), flags);
    case "q":
      return padded(quoted(cut(value, flags), flags), flags);
    case "x":
    case "X": {
      const bytes = [...bytesOfText(value).subarray(0, flags.precision)];
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
