import { type Json, PosternError } from "#kernel";
import type { Input } from "../types.ts";
import { checkInput } from "./check-input.ts";
import { FACTS } from "./table.ts";

/** Facts whose numbers may be beyond what JSON readers keep exact, as `group.member`. */
const EXACT: ReadonlySet<string> = new Set(
  FACTS.filter((fact) => fact.type === "nanoseconds").map((fact) => fact.name),
);

/** An input as JSON. Nanoseconds beyond 2^53 become decimal text, so that no digit is lost on the way. */
export function inputToJson(input: Input): Json {
  return plain(input);
}

function plain(value: unknown): Json {
  if (typeof value === "bigint") {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : String(value);
  }
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number" && Number.isFinite(value)) return value;
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === "object") {
    const known = Object.entries(value).filter(([, held]) => held !== undefined);
    return Object.fromEntries(known.map(([name, held]) => [name, plain(held)]));
  }
  throw new PosternError("input.invalid", `an input holds no ${typeof value}`);
}

/**
 * Reads back what `inputToJson` wrote, exactly.
 * @throws PosternError `input.invalid`
 */
export function inputFromJson(json: unknown): Input {
  return checkInput(revive(json, ""));
}

function revive(value: unknown, path: string): unknown {
  if (EXACT.has(path)) {
    if (typeof value === "string" && /^-?\d{1,19}$/.test(value)) return BigInt(value);
    return typeof value === "number" && Number.isSafeInteger(value) ? BigInt(value) : value;
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, held]) => [name, revive(held, path === "" ? name : `${path}.${name}`)]),
  );
}
