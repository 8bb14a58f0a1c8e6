import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseJson } from "#kernel";
import type { MasterKeySettings } from "./settings.ts";

/** What the last start of control on a data folder was given, for the commands and starts that come after it. Nothing of it is secret. */
export interface LastStart {
  readonly masterKey: MasterKeySettings;
  /** Whether a gateway is part of it, as with `postern up`. */
  readonly gateway: boolean;
}

function fileOf(data: string): string {
  return join(data, "last-start.json");
}

export function rememberStart(data: string, start: LastStart): void {
  writeFileSync(fileOf(data), `${JSON.stringify(start)}\n`, { mode: 0o600 });
}

/** Undefined where control was never started, or where nobody can read any more what was remembered. */
export function lastStart(data: string): LastStart | undefined {
  try {
    const value = parseJson(readFileSync(fileOf(data), "utf8"), "the last start");
    return isLastStart(value) ? value : undefined;
  } catch {
    // what it would say can be said by flags
    return undefined;
  }
}

function isLastStart(value: unknown): value is LastStart {
  if (typeof value !== "object" || value === null || !("masterKey" in value) || !("gateway" in value))
    return false;
  const key = value.masterKey as Partial<Record<string, unknown>> | null;
  if (typeof value.gateway !== "boolean" || typeof key !== "object" || key === null) return false;
  return key["kind"] === "command"
    ? typeof key["program"] === "string"
    : key["kind"] === "file" && typeof key["path"] === "string" && typeof key["make"] === "boolean";
}
