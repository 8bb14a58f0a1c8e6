import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseJson } from "#kernel";

/** The backup that was made last from a data folder. */
export interface LastBackup {
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
  /** Where it was written; `-` for standard output. */
  readonly file: string;
}

/** Beside the database and not in it: what a backup was made of must not change by it. */
function noteOf(data: string): string {
  return join(data, "last-backup.json");
}

/** Undefined when there was none, or when its note is not whole. */
export function lastBackup(data: string): LastBackup | undefined {
  const path = noteOf(data);
  if (!existsSync(path)) return undefined;
  const value = parseJson(readFileSync(path, "utf8"), path);
  const { at, file } = typeof value === "object" && value !== null ? (value as Partial<LastBackup>) : {};
  return typeof at === "number" && typeof file === "string" ? { at, file } : undefined;
}

export function noteBackup(data: string, made: LastBackup): void {
  const path = noteOf(data);
  writeFileSync(`${path}.next`, `${JSON.stringify(made)}\n`, { mode: 0o600 });
  renameSync(`${path}.next`, path);
}
