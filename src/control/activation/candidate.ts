import type { Applied, Apply } from "#api";
import type { AdministrationRecord } from "#events";
import { PosternError } from "#kernel";
import { BUILTIN_FILE, compileSet, locksOut, mergeFiles, type PolicySet, type SourceFile } from "#policy";

/** Who activates, and on which decision's word. */
export type Actor = Pick<AdministrationRecord, "actor" | "decision" | "source">;

/** A set that does not activate. `files` are the texts that its diagnostics speak of. */
export class PolicyRefused extends PosternError {
  readonly files: readonly SourceFile[];
  constructor(error: PosternError, files: readonly SourceFile[]) {
    super(error.code, error.message, error.details);
    this.files = [...files, BUILTIN_FILE];
  }
}

/** What would become the active set. */
export interface Candidate {
  readonly set: PolicySet;
  readonly files: Applied["files"];
}

/**
 * The set that comes of putting files into the active one, or in its place.
 * @throws PolicyRefused `manifest.invalid`, `policy.invalid` or `policy.locks_out`
 */
export function candidateOf(
  active: readonly SourceFile[],
  added: readonly SourceFile[],
  mode: Apply["mode"],
): Candidate {
  return compileCandidate(active, mode === "merge" ? mergeFiles(active, added) : added);
}

/** @throws PolicyRefused as `candidateOf` does */
export function compileCandidate(active: readonly SourceFile[], files: readonly SourceFile[]): Candidate {
  const set = compile(files);
  const why = locksOut(set);
  if (why !== undefined) {
    throw new PolicyRefused(
      new PosternError("policy.locks_out", why, {
        remedy: 'leave administration to the built-in rules: add AND resource.kind == "application"',
      }),
      files,
    );
  }
  return { set, files: differences(active, set.files) };
}

function compile(files: readonly SourceFile[]): PolicySet {
  try {
    return compileSet(files);
  } catch (error) {
    throw error instanceof PosternError ? new PolicyRefused(error, files) : error;
  }
}

function differences(before: readonly SourceFile[], after: readonly SourceFile[]): Applied["files"] {
  const texts = new Map(before.map(({ path, text }) => [path, text]));
  const kept = after.map(({ path, text }) => {
    const former = texts.get(path);
    texts.delete(path);
    if (former === undefined) return { path, change: "added" as const };
    return { path, change: former === text ? ("same" as const) : ("changed" as const) };
  });
  const removed = [...texts.keys()].map((path) => ({ path, change: "removed" as const }));
  return [...kept, ...removed].sort((a, b) => (a.path < b.path ? -1 : 1));
}
