import { nearest } from "#kernel";
import { RESERVED_FOLDER } from "./builtin.ts";
import type { Findings } from "./findings.ts";
import type { SourceFile } from "./types.ts";

const MEBIBYTE = 1_048_576;
export const LARGEST_FILE: number = MEBIBYTE;
const LARGEST_SET = 10 * MEBIBYTE;

const ENDINGS = ["yaml", "yml", "rules"] as const;

/** What a file is read as, by its ending; undefined when it is not read. */
export function kindOf(path: string): "manifests" | "rules" | undefined {
  if (path.endsWith(".rules")) return "rules";
  return path.endsWith(".yaml") || path.endsWith(".yml") ? "manifests" : undefined;
}

/** Checks paths, endings and sizes before anything is parsed; returns the files that may be, by path. */
export function checkFiles(files: readonly SourceFile[], findings: Findings): readonly SourceFile[] {
  const seen = new Set<string>();
  let total = 0;
  const good: SourceFile[] = [];
  for (const file of [...files].sort(byPath)) {
    const bytes = Buffer.byteLength(file.text, "utf8");
    total += bytes;
    const problem = problemOf(file.path, bytes) ?? (seen.has(file.path) ? duplicate(file.path) : undefined);
    seen.add(file.path);
    if (problem === undefined) good.push(file);
    else findings.error(problem.code, top(file.path), problem.message, problem.hint);
  }
  if (total > LARGEST_SET) {
    findings.error(
      "file.too_large",
      top(good[0]?.path ?? "."),
      `the policy set has ${mebibytes(total)}; at most 10 MiB are read`,
    );
    return [];
  }
  return good;
}

export function byPath(a: { readonly path: string }, b: { readonly path: string }): number {
  return a.path < b.path ? -1 : a.path > b.path ? 1 : 0;
}

interface Problem {
  readonly code: "file.path" | "file.ending" | "file.duplicate" | "file.too_large";
  readonly message: string;
  readonly hint?: string;
}

function problemOf(path: string, bytes: number): Problem | undefined {
  if (!isCleanPath(path))
    return {
      code: "file.path",
      message: "this is no path within the set",
      hint: "a path is relative, with / between its parts, and without . or .. as one",
    };
  if (path.toLowerCase().startsWith(RESERVED_FOLDER))
    return {
      code: "file.path",
      message: `${RESERVED_FOLDER} is reserved for Postern's own rules`,
      hint: "move the file to another folder",
    };
  if (kindOf(path) === undefined) return badEnding(path);
  if (bytes > LARGEST_FILE)
    return {
      code: "file.too_large",
      message: `this file has ${mebibytes(bytes)}; at most 1 MiB is read`,
      hint: "split it into several files",
    };
  return undefined;
}

function isCleanPath(path: string): boolean {
  if (path === "" || path.length > 255 || /[\p{Cc}\\]/u.test(path)) return false;
  return path.split("/").every((part) => part !== "" && part !== "." && part !== "..");
}

function badEnding(path: string): Problem {
  const ending = /\.([^./]+)$/.exec(path)?.[1] ?? "";
  const meant = nearest(ending, ENDINGS);
  const message = "manifests (*.yaml, *.yml) and rules (*.rules) are read, and this is neither";
  return {
    code: "file.ending",
    message,
    hint: meant === undefined ? "leave it out of the folder" : `did you mean .${meant}?`,
  };
}

function duplicate(path: string): Problem {
  return { code: "file.duplicate", message: `${path} is twice in the set` };
}

function mebibytes(bytes: number): string {
  return `${(bytes / MEBIBYTE).toFixed(1)} MiB`;
}

function top(path: string): { file: string; line: number; column: number; length: number } {
  return { file: path, line: 1, column: 1, length: 1 };
}
