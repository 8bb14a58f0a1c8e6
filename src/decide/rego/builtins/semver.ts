/** Semantic versions (semver.org 2.0.0), as OPA compares them: numbers beyond int64 are refused, a `v` before is taken. */
import { failure, type Implementations, stringOperand } from "./builtin.ts";

const VERSION =
  /^v?(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-((?:0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*)(?:\.(?:0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*))*))?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?$/;

interface Version {
  readonly numbers: readonly bigint[];
  readonly before: readonly string[];
}

function parse(text: string): Version | undefined {
  const match = VERSION.exec(text);
  if (match === null) return undefined;
  const numbers = match.slice(1, 4).map(BigInt);
  if (numbers.some((number) => number >= 2n ** 63n)) return undefined;
  return { numbers, before: match[4]?.split(".") ?? [] };
}

function order<T>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** §11: a pre-release is lower; numeric identifiers are lower than others. */
function compare(a: Version, b: Version): number {
  for (const [index, number] of a.numbers.entries()) {
    const found = order(number, b.numbers[index] as bigint);
    if (found !== 0) return found;
  }
  if (a.before.length === 0 || b.before.length === 0)
    return Math.sign(b.before.length) - Math.sign(a.before.length);
  for (const [index, left] of a.before.entries()) {
    const right = b.before[index];
    if (right === undefined) return 1;
    const numeric = [/^\d+$/.test(left), /^\d+$/.test(right)];
    const found =
      numeric[0] === true && numeric[1] === true
        ? order(BigInt(left), BigInt(right))
        : numeric[0] !== numeric[1]
          ? numeric[0] === true
            ? -1
            : 1
          : order(left, right);
    if (found !== 0) return found;
  }
  return a.before.length < b.before.length ? -1 : 0;
}

function versionOperand(position: number, text: string): Version {
  const version = parse(text);
  if (version === undefined)
    throw failure(
      "semver.compare",
      `operand ${position}: string ${JSON.stringify(text)} is not a valid SemVer`,
    );
  return version;
}

export const SEMVER: Implementations = {
  "semver.compare": (_, a, b) =>
    compare(
      versionOperand(1, stringOperand("semver.compare", 1, a)),
      versionOperand(2, stringOperand("semver.compare", 2, b)),
    ),
  "semver.is_valid": (_, value) => typeof value === "string" && parse(value) !== undefined,
};
