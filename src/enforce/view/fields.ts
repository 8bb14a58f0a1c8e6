/**
 * Reads members of values that came over the link, each as what it must be. Whatever is of another shape is an error that
 * names the member, never a guess: it ends the freshness of the view.
 */
import { PosternError } from "#kernel";
import type { SharedStrings } from "./shared-strings.ts";

export interface Members {
  readonly [member: string]: unknown;
}

/** An id, a name, a label: none is longer. */
const MOST_TEXT = 4_096;
/** A certificate in PEM. */
const MOST_PEM = 65_536;
const MOST_TEXTS = 10_000;

export function membersOf(value: unknown, what: string): Members {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Members;
  throw malformed(what, "an object");
}

/** Text that may be empty, as people write it. */
export function words(members: Members, name: string): string {
  const value = members[name];
  if (typeof value === "string" && value.length <= MOST_TEXT) return value;
  throw malformed(name, "text");
}

/** Text that names something, one copy of it however many entities name it. */
export function label(members: Members, name: string, strings: SharedStrings): string {
  const value = words(members, name);
  if (value === "") throw malformed(name, "text that is not empty");
  return strings.one(value);
}

export function optionalLabel(members: Members, name: string, strings: SharedStrings): string | undefined {
  return members[name] === undefined ? undefined : label(members, name, strings);
}

/** A list of names, one copy of it however many entities have the same. */
export function labels(members: Members, name: string, strings: SharedStrings): readonly string[] {
  const value = members[name];
  if (!Array.isArray(value) || value.length > MOST_TEXTS) throw malformed(name, "a list of texts");
  for (const each of value as readonly unknown[])
    if (typeof each !== "string" || each.length > MOST_TEXT) throw malformed(name, "a list of texts");
  return strings.list(value as readonly string[]);
}

export function oneOf<T extends string>(members: Members, name: string, values: readonly T[]): T {
  const found = values.find((value) => value === members[name]);
  if (found === undefined) throw malformed(name, `one of ${values.join(", ")}`);
  return found;
}

export function flag(members: Members, name: string): boolean {
  const value = members[name];
  if (typeof value === "boolean") return value;
  throw malformed(name, "true or false");
}

export function optionalFlag(members: Members, name: string): boolean | undefined {
  return members[name] === undefined ? undefined : flag(members, name);
}

/** A number from `least` to `most`. */
export function amount(members: Members, name: string, least: number, most: number): number {
  const value = members[name];
  if (typeof value === "number" && value >= least && value <= most) return value;
  throw malformed(name, `a number from ${least} to ${most}`);
}

/** Milliseconds since the Unix epoch. */
export function time(members: Members, name: string): number {
  return whole(members, name);
}

export function port(members: Members, name: string): number {
  const value = whole(members, name);
  if (value >= 1 && value <= 65_535) return value;
  throw malformed(name, "a port");
}

/** An address with one of the schemes, such as `https:`. */
export function address(members: Members, name: string, schemes: readonly string[]): string {
  const value = words(members, name);
  if (schemes.includes(URL.parse(value)?.protocol ?? "")) return value;
  throw malformed(name, "an address");
}

export function pem(members: Members, name: string): string {
  const value = members[name];
  if (typeof value === "string" && value.length <= MOST_PEM) return value;
  throw malformed(name, "a certificate in PEM");
}

export function malformed(name: string, wanted: string, cause?: unknown): PosternError {
  return new PosternError("input.invalid", `${name} is not ${wanted}`, cause === undefined ? {} : { cause });
}

function whole(members: Members, name: string): number {
  const value = members[name];
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  throw malformed(name, "a whole number");
}
