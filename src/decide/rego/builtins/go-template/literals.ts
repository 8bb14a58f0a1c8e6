/** Constants of templates, as Go's strconv reads them. */

import { bytesOfText, textOfBytes } from "../byte-text.ts";
import { DataError } from "../data-error.ts";
import type { NumberConstant } from "./tree.ts";

const SHORT: ReadonlyMap<string, number> = new Map(
  Object.entries({ a: 7, b: 8, f: 12, n: 10, r: 13, t: 9, v: 11, "\\": 92, "'": 39, '"': 34 }),
);
const ESCAPE = /^\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|([abfnrtv\\'"]))/;

interface Unquoted {
  readonly code: number;
  /** A byte of a text, not a character. */
  readonly isByte: boolean;
  readonly length: number;
}

/** The first character of a literal's inner text. */
function first(text: string, quote: string): Unquoted {
  const wrong = new DataError("invalid syntax");
  const code = text.codePointAt(0);
  if (code === undefined || text.startsWith(quote)) throw wrong;
  if (!text.startsWith("\\")) return { code, isByte: false, length: code > 0xffff ? 2 : 1 };
  const match = ESCAPE.exec(text);
  if (match === null) throw wrong;
  const [whole, byte, short, long, octal, sign] = match;
  const { length } = whole;
  if (sign !== undefined) {
    if ((sign === "'" || sign === '"') && sign !== quote) throw wrong;
    return { code: SHORT.get(sign) as number, isByte: false, length };
  }
  const value =
    octal === undefined ? Number.parseInt(byte ?? short ?? long ?? "", 16) : Number.parseInt(octal, 8);
  const isByte = byte !== undefined || octal !== undefined;
  const isCharacter = value <= 0x10ffff && !(value >= 0xd800 && value <= 0xdfff);
  if (isByte ? value > 255 : !isCharacter) throw wrong;
  return { code: value, isByte, length };
}

/** The text of `"…"` or `` `…` ``. */
export function unquote(quoted: string): string {
  if (quoted.startsWith("`")) return quoted.slice(1, -1).replaceAll("\r", "");
  const inner = quoted.slice(1, -1);
  if (!inner.includes("\\")) return inner;
  const parts: Buffer[] = [];
  for (let at = 0; at < inner.length; ) {
    const { code, isByte, length } = first(inner.slice(at, at + 10), '"');
    parts.push(isByte ? Buffer.of(code) : bytesOfText(String.fromCodePoint(code)));
    at += length;
  }
  return textOfBytes(Buffer.concat(parts));
}

/** The code point of `'x'`. */
export function characterOf(quoted: string): bigint {
  const { code, length } = first(quoted.slice(1), "'");
  if (length !== quoted.length - 2) throw new DataError(`malformed character constant: ${quoted}`);
  return BigInt(code);
}

const INTEGER =
  /^([+-]?)(?:0[xX](_?[0-9a-fA-F](?:_?[0-9a-fA-F])*)|0[bB](_?[01](?:_?[01])*)|0[oO]?(_?[0-7](?:_?[0-7])*)|(0|[1-9](?:_?[0-9])*))$/;
const DECIMAL = /^[+-]?(?:\d(?:_?\d)*\.?(?:\d(?:_?\d)*)?|\.\d(?:_?\d)*)(?:[eE][+-]?\d(?:_?\d)*)?$/;
const HEXADECIMAL =
  /^([+-]?)0[xX](_?[0-9a-fA-F](?:_?[0-9a-fA-F])*)?\.?([0-9a-fA-F](?:_?[0-9a-fA-F])*)?[pP]([+-]?\d+)$/;
const INT64 = 2n ** 63n;

function integerOf(text: string): bigint | undefined {
  const match = INTEGER.exec(text);
  if (match === null) return undefined;
  const [, sign, hexadecimal, binary, octal, decimal] = match;
  const digits =
    hexadecimal !== undefined
      ? `0x${hexadecimal}`
      : binary !== undefined
        ? `0b${binary}`
        : octal !== undefined
          ? `0o${octal}`
          : (decimal ?? "");
  const size = BigInt(digits.replaceAll("_", ""));
  return sign === "-" ? -size : size;
}

function floatOf(text: string): number | undefined {
  if (DECIMAL.test(text)) return Number(text.replaceAll("_", ""));
  const match = HEXADECIMAL.exec(text);
  if (match === null) return undefined;
  const [, sign, whole = "", fraction = "", power = ""] = match;
  const digits = (whole + fraction).replaceAll("_", "");
  if (digits === "") return undefined;
  const size = Number(BigInt(`0x${digits}`)) * 2 ** (Number(power) - 4 * fraction.replaceAll("_", "").length);
  return sign === "-" ? -size : size;
}

/** A number, of the type that Go gives it: an int unless it says otherwise. @throws DataError for what is none */
export function numberOf(text: string): NumberConstant {
  if (text.endsWith("i")) return imaginaryOf(text);
  const whole = integerOf(text);
  if (whole !== undefined && whole >= -INT64 && whole < 2n * INT64)
    return whole < INT64 ? { kind: "int", value: whole } : { kind: "overflow" };
  const float = floatOf(text);
  const wrong = new DataError(`illegal number syntax: ${JSON.stringify(text)}`);
  if (float === undefined || !Number.isFinite(float)) throw wrong;
  if (!/[.eEpP]/.test(text)) throw new DataError(`integer overflow: ${JSON.stringify(text)}`);
  return { kind: "float64", value: float };
}

/** `2i`, `1+2i`. */
function imaginaryOf(text: string): NumberConstant {
  const split = /^(.*[^eEpP])([+-].*)i$/.exec(text);
  const [real, imaginary] =
    split === null ? ["0", text.slice(0, -1)] : [split[1] as string, split[2] as string];
  const parts = [real, imaginary].map((part) => floatOf(part) ?? wholeOf(part));
  const [a, b] = parts;
  if (a === undefined || b === undefined)
    throw new DataError(`illegal number syntax: ${JSON.stringify(text)}`);
  return { kind: "complex128", real: a, imaginary: b };
}

function wholeOf(text: string): number | undefined {
  const whole = integerOf(text);
  return whole === undefined ? undefined : Number(whole);
}
