import type { ZoneClock } from "./facts/time-zone.ts";
import type { Probe } from "./rules/4-emit.ts";
import type { Condition, Requirement } from "./rules/requirement.ts";
import type { PolicySet, Reason, RuleReference } from "./types.ts";

export interface CompiledRule {
  readonly effect: "allow" | "deny";
  readonly reference: RuleReference;
  readonly text: string;
  /** From `# reason: …`. */
  readonly words?: string;
  readonly requirement: Requirement;
  readonly probe: Probe;
  readonly probes: ReadonlyMap<Condition, Probe>;
  /** What a decision says when this rule alone allows; made once. */
  readonly alone: { readonly rules: readonly RuleReference[]; readonly reasons: readonly Reason[] };
}

export interface Compiled {
  readonly zone?: ZoneClock;
  readonly denies: readonly CompiledRule[];
  readonly allows: readonly CompiledRule[];
}

/** The closures of each set, kept apart from it so that a `PolicySet` stays data and none can be made up. */
const COMPILED = new WeakMap<PolicySet, Compiled>();

export function attach(set: PolicySet, compiled: Compiled): void {
  COMPILED.set(set, compiled);
}

/** @throws TypeError for a set that `compileSet` did not make */
export function compiledOf(set: PolicySet): Compiled {
  const compiled = COMPILED.get(set);
  if (compiled === undefined) throw new TypeError("not a compiled policy set");
  return compiled;
}
