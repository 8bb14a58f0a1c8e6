import { z } from "zod";
import { PosternError, parseJson } from "#kernel";
import { compileSet, type PolicySet, type SourceFile } from "#policy";
import type { Store } from "#store";

const FILES: z.ZodType<SourceFile[]> = z.array(z.strictObject({ path: z.string(), text: z.string() }));

/** Compiled sets are large; the active one and a few that explanations ask for are kept. */
const KEPT = 8;

/** The active set's row, before it is compiled. */
export interface ActiveRow {
  readonly activation: number;
  readonly version: string;
  readonly at: number;
  readonly actor: string;
  readonly files: readonly SourceFile[];
}

/** The last activation, read inside or outside a transaction. */
export async function readActive(db: Store["db"]): Promise<ActiveRow | undefined> {
  const row = await db
    .selectFrom("policy_activation")
    .innerJoin("policy_version", "policy_version.version", "policy_activation.version")
    .select(["activation", "policy_activation.version", "at", "actor", "files"])
    .orderBy("activation", "desc")
    .limit(1)
    .executeTakeFirst();
  return row === undefined ? undefined : { ...row, files: filesOf(row.files) };
}

/** Compiled sets by their version. */
export interface CompiledSets {
  /** The set of these files, which has this version when the program that made it was of this one's version. */
  of(version: string, files: readonly SourceFile[]): PolicySet;
  /** A version that was active once; undefined when it is not known or would not be the same set today. */
  find(db: Store["db"], version: string): Promise<PolicySet | undefined>;
  keep(set: PolicySet): void;
}

export function compiledSets(): CompiledSets {
  const kept = new Map<string, PolicySet>();
  function keep(set: PolicySet): void {
    kept.delete(set.version);
    kept.set(set.version, set);
    const oldest = kept.keys().next().value;
    if (kept.size > KEPT && oldest !== undefined) kept.delete(oldest);
  }
  function of(version: string, files: readonly SourceFile[]): PolicySet {
    const set = kept.get(version) ?? compileSet(files);
    keep(set);
    return set;
  }
  return {
    of,
    keep,
    async find(db, version) {
      const known = kept.get(version);
      if (known !== undefined) return known;
      const row = await db
        .selectFrom("policy_version")
        .select("files")
        .where("version", "=", version)
        .executeTakeFirst();
      if (row === undefined) return undefined;
      const set = compiledNow(filesOf(row.files));
      // the built-in rules of another version of Postern make another set of the same files
      return set?.version === version ? set : undefined;
    },
  };

  function compiledNow(files: readonly SourceFile[]): PolicySet | undefined {
    try {
      const set = compileSet(files);
      keep(set);
      return set;
    } catch (error) {
      // what an earlier version took may be an error today
      if (error instanceof PosternError && error.details.diagnostics !== undefined) return undefined;
      throw error;
    }
  }
}

function filesOf(text: string): SourceFile[] {
  return FILES.parse(parseJson(text, "a policy version"));
}
