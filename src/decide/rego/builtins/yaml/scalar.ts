/** What a plain YAML scalar means to Go's yaml.v3: YAML 1.2 with the numbers of 1.1. */
import { integer, numberOf, type Value } from "../../values/index.ts";

const FLOAT = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;

/** The value of a plain scalar; undefined for what JSON has not, such as `.inf`. */
export function plainScalar(text: string): Value | undefined {
  if (/^(?:|~|null|Null|NULL)$/.test(text)) return null;
  if (/^(?:true|True|TRUE)$/.test(text)) return true;
  if (/^(?:false|False|FALSE)$/.test(text)) return false;
  if (/^[-+]?\.(?:inf|Inf|INF)$|^\.(?:nan|NaN|NAN)$/.test(text)) return undefined;
  return numberScalar(text) ?? text;
}

/** Whether a text written plainly is read back as a text. */
export function isPlainText(text: string): boolean {
  return plainScalar(text) === text;
}

/** A number, or undefined for a text that is none. */
export function numberScalar(text: string): Value | undefined {
  if (!/^[-+.0-9]/.test(text)) return undefined;
  const bare = text.replaceAll("_", "");
  const whole = wholeNumber(bare);
  if (whole !== undefined && whole >= -(2n ** 63n) && whole < 2n ** 64n) return integer(whole);
  if (!FLOAT.test(bare)) return undefined;
  const double = Number(bare);
  return Number.isFinite(double) ? numberOf(String(double)) : undefined;
}

/** Go's ParseInt with base 0: `0x`, `0o`, `0b`, and octal behind a leading zero. */
function wholeNumber(text: string): bigint | undefined {
  const match = /^([-+]?)(0[xX][0-9a-fA-F]+|0[oO][0-7]+|0[bB][01]+|0[0-7]*|[1-9][0-9]*)$/.exec(text);
  if (match === null) return undefined;
  const digits = match[2] as string;
  const size = /^0[0-7]+$/.test(digits) ? BigInt(`0o${digits.slice(1)}`) : BigInt(digits.toLowerCase());
  return match[1] === "-" ? -size : size;
}
