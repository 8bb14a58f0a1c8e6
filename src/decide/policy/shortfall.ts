import type { CompiledRule } from "./compiled.ts";
import type { Facts } from "./facts/definition.ts";
import type { ZoneClock } from "./facts/time-zone.ts";
import { comparandsOf, FALSE, type Probe, TRUE, type Truth, UNKNOWN } from "./rules/4-emit.ts";
import type { Condition, Requirement } from "./rules/requirement.ts";
import { sayCondition, sayValue } from "./rules/words.ts";
import type { FailedCondition } from "./types.ts";

/** Why a requirement is not met, by its nearest alternative. Worked out only after a denial. */
export interface Shortfall {
  /** How many unmet conditions say that the rule speaks of something else. */
  readonly elsewhere: number;
  readonly missing: readonly Missing[];
}

export interface Missing {
  readonly condition: Condition;
  readonly truth: typeof FALSE | typeof UNKNOWN;
}

const MET: Shortfall = { elsewhere: 0, missing: [] };

/** What of a rule's requirement is not met; nothing of it (`elsewhere` 0, no `missing`) when it is met. */
export function shortfallOf(rule: CompiledRule, facts: Facts, zone: ZoneClock | undefined): Shortfall {
  return visit(rule.requirement);

  function visit(requirement: Requirement): Shortfall {
    switch (requirement.kind) {
      case "constant":
        return requirement.value ? MET : { elsewhere: 1, missing: [] };
      case "condition": {
        const truth = truthOf(rule.probes.get(requirement), facts, zone);
        if (truth === TRUE) return MET;
        if (requirement.fact.selects === true) return { elsewhere: 1, missing: [] };
        return { elsewhere: 0, missing: [{ condition: requirement, truth }] };
      }
      case "all": {
        const parts = requirement.of.map(visit);
        return {
          elsewhere: parts.reduce((sum, part) => sum + part.elsewhere, 0),
          missing: parts.flatMap((part) => part.missing),
        };
      }
      case "any":
        return requirement.of.map(visit).reduce((best, part) => (isNearer(part, best) ? part : best));
    }
  }
}

export function isNearer(a: Shortfall, b: Shortfall): boolean {
  if (a.elsewhere !== b.elsewhere) return a.elsewhere < b.elsewhere;
  return a.missing.length < b.missing.length;
}

/** A fact of a wrong type is as good as unknown here: the decision has been made, this only says why. */
function truthOf(probe: Probe | undefined, facts: Facts, zone: ZoneClock | undefined): Truth {
  if (probe === undefined) return UNKNOWN;
  try {
    return probe(facts, zone);
  } catch {
    return UNKNOWN;
  }
}

/** What is missing, in words, each thing once. */
export function failedConditions(
  missing: readonly Missing[],
  facts: Facts,
  zone: ZoneClock | undefined,
): readonly FailedCondition[] {
  const failed = new Map<string, FailedCondition>();
  for (const { condition, truth } of missing) {
    const plain = sayCondition(condition, zone?.timeZone);
    if (failed.has(plain)) continue;
    const actual = truth === FALSE ? sayValue(condition.fact.read(facts, zone), condition.fact) : "not known";
    failed.set(plain, {
      fact: unknownFact(condition, truth, facts, zone),
      plain,
      actual,
      source: condition.source,
    });
  }
  return [...failed.values()];
}

/** The fact that is to blame: of `user.name == resource.labels.owner`, the one that is not known. */
function unknownFact(condition: Condition, truth: Truth, facts: Facts, zone: ZoneClock | undefined): string {
  const { fact, test } = condition;
  if (truth !== UNKNOWN || fact.read(facts, zone) === undefined) return fact.name;
  for (const comparand of comparandsOf(test)) {
    if (comparand.kind === "fact" && comparand.fact.read(facts, zone) === undefined)
      return comparand.fact.name;
  }
  return fact.name;
}
