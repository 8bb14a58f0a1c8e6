/** Durations as Go's time.ParseDuration reads them, with days, weeks and years of 365 days. */
import { DataError } from "../data-error.ts";
import { fits } from "./moment.ts";
import { quoteBytes } from "./parse.ts";

const UNITS: ReadonlyMap<string, bigint> = new Map([
  ["ns", 1n],
  ["us", 1_000n],
  ["µs", 1_000n],
  ["μs", 1_000n],
  ["ms", 1_000_000n],
  ["s", 1_000_000_000n],
  ["m", 60_000_000_000n],
  ["h", 3_600_000_000_000n],
  ["d", 86_400_000_000_000n],
  ["w", 604_800_000_000_000n],
  ["y", 31_536_000_000_000_000n],
]);
/** Digits of a fraction that an int64 holds; those after them do not count. */
const FRACTION_DIGITS = 18;

/** In nanoseconds. @throws DataError on a text that is none */
export function parseDuration(text: string): bigint {
  const invalid = new DataError(`time: invalid duration ${quoteBytes(text)}`);
  const sign = /^[+-]/.exec(text)?.[0] ?? "";
  let rest = text.slice(sign.length);
  if (rest === "0") return 0n;
  if (rest === "") throw invalid;
  let total = 0n;
  while (rest !== "") {
    const [number = "", whole = "", fraction = ""] = /^(\d*)(?:\.(\d*))?/.exec(rest) ?? [];
    if (whole === "" && fraction === "") throw invalid;
    rest = rest.slice(number.length);
    const unit = /^[^.\d]*/.exec(rest)?.[0] ?? "";
    const size = UNITS.get(unit);
    if (unit === "") throw new DataError(`time: missing unit in duration ${quoteBytes(text)}`);
    if (size === undefined)
      throw new DataError(`time: unknown unit ${quoteBytes(unit)} in duration ${quoteBytes(text)}`);
    total += BigInt(whole === "" ? 0 : whole) * size + part(fraction, size);
    if (total > 2n ** 63n) throw invalid;
    rest = rest.slice(unit.length);
  }
  const found = sign === "-" ? -total : total;
  if (!fits(found)) throw invalid;
  return found;
}

/** A fraction of a unit, in doubles as Go calculates it. */
function part(fraction: string, size: bigint): bigint {
  if (fraction === "") return 0n;
  const digits = fraction.slice(0, FRACTION_DIGITS);
  return BigInt(Math.trunc(Number(digits) * (Number(size) / 10 ** digits.length)));
}
