import { DEFAULT_SOURCE } from "./builtin.ts";
import { type Compiled, type CompiledRule, compiledOf } from "./compiled.ts";
import type { Facts } from "./facts/definition.ts";
import { TRUE, UNKNOWN } from "./rules/4-emit.ts";
import { lowerFirst, sayCondition } from "./rules/words.ts";
import { failedConditions, isNearer, type Missing, type Shortfall, shortfallOf } from "./shortfall.ts";
import type { Decision, FailedCondition, Input, PolicySet, Reason } from "./types.ts";

const NO_OBLIGATIONS: Decision["obligations"] = Object.freeze({});

/**
 * Decides one request. Deny wins, at least one allow is needed, nothing matched is a deny, an error is a deny. Pure but for a
 * kept wall clock; never throws. On a denial it looks a second time for what was missing, so that allows pay nothing for it.
 * @param id the decision's own id, given so that this stays pure
 */
export function decide(input: Input, set: PolicySet, id: string): Decision {
  return decideFacts(input, set, id);
}

/** `decide`, also for facts without a moment. */
export function decideFacts(facts: Facts, set: PolicySet, id: string): Decision {
  let current: CompiledRule | undefined;
  try {
    const compiled = compiledOf(set);
    const { zone, denies, allows } = compiled;
    let denied: CompiledRule[] | undefined;
    for (const rule of denies) {
      current = rule;
      if (rule.probe(facts, zone) === TRUE) continue;
      denied ??= [];
      denied.push(rule);
    }
    if (denied !== undefined) return byDeny(denied, facts, compiled, set, id);
    let first: CompiledRule | undefined;
    let more: CompiledRule[] | undefined;
    for (const rule of allows) {
      current = rule;
      if (rule.probe(facts, zone) !== TRUE) continue;
      if (first === undefined) first = rule;
      else {
        more ??= [first];
        more.push(rule);
      }
    }
    current = undefined;
    if (first === undefined) return byDefault(facts, compiled, set, id);
    const { rules, reasons } = first.alone;
    if (more === undefined)
      return { id, effect: "allow", version: set.version, rules, reasons, obligations: NO_OBLIGATIONS };
    return {
      id,
      effect: "allow",
      version: set.version,
      rules: more.map((rule) => rule.reference),
      reasons: more.flatMap((rule) => rule.alone.reasons),
      obligations: NO_OBLIGATIONS,
    };
  } catch (error) {
    return byError(error, current, set, id);
  }
}

function byDeny(
  denied: readonly CompiledRule[],
  facts: Facts,
  { zone }: Compiled,
  set: PolicySet,
  id: string,
): Decision {
  const reasons: Reason[] = [];
  const missing: Missing[] = [];
  for (const rule of denied) {
    const shortfall = shortfallOf(rule, facts, zone);
    missing.push(...shortfall.missing);
    reasons.push({ ...rule.reference, message: sayDenial(rule, shortfall.missing, zone?.timeZone) });
  }
  return {
    id,
    effect: "deny",
    version: set.version,
    rules: denied.map((rule) => rule.reference),
    reasons,
    obligations: NO_OBLIGATIONS,
    failed: failedConditions(missing, facts, zone),
  };
}

/** In words what a rule that denies saw, or could not see. */
function sayDenial(rule: CompiledRule, missing: readonly Missing[], timeZone: string | undefined): string {
  const unknown = missing.filter(({ truth }) => truth === UNKNOWN).map(({ condition }) => condition);
  if (unknown.length > 0) {
    const nouns = [
      ...new Set(
        unknown.map(
          ({ fact }) => `${lowerFirst(fact.noun)} ${fact.type === "texts" ? "are" : "is"} not known`,
        ),
      ),
    ];
    return `${rule.words ?? "A rule that denies applies"} — this could not be ruled out: ${nouns.join(" and ")}`;
  }
  if (rule.words !== undefined) return rule.words;
  const seen = missing.map(({ condition }) =>
    lowerFirst(sayCondition({ ...condition, negated: !condition.negated }, timeZone)),
  );
  return seen.length === 0 ? "A rule denies this" : `A rule denies this: ${[...new Set(seen)].join(" and ")}`;
}

function byDefault(facts: Facts, { allows, zone }: Compiled, set: PolicySet, id: string): Decision {
  let nearest: CompiledRule | undefined;
  let least: Shortfall | undefined;
  for (const rule of allows) {
    const shortfall = shortfallOf(rule, facts, zone);
    if (shortfall.elsewhere > 0 || shortfall.missing.length === 0) continue;
    if (least !== undefined && !isNearer(shortfall, least)) continue;
    nearest = rule;
    least = shortfall;
  }
  const failed = least === undefined ? [] : failedConditions(least.missing, facts, zone);
  return {
    id,
    effect: "deny",
    version: set.version,
    rules: [],
    reasons:
      nearest === undefined
        ? [noRule("No rule allows this")]
        : failed.map((one) => unmet(nearest.reference.rule, one)),
    obligations: NO_OBLIGATIONS,
    failed,
  };
}

function unmet(rule: string, { plain, actual, source }: FailedCondition): Reason {
  return { rule, source, message: `${plain} — ${actual}` };
}

function noRule(message: string): Reason {
  return { rule: "default", source: DEFAULT_SOURCE, message };
}

function byError(error: unknown, rule: CompiledRule | undefined, set: PolicySet, id: string): Decision {
  const what = error instanceof Error ? error.message : "unknown error";
  const message = `The rules could not be evaluated, so this is denied: ${what}`;
  return {
    id,
    effect: "deny",
    version: versionOf(set),
    rules: [],
    reasons: [rule === undefined ? noRule(message) : { ...rule.reference, message }],
    obligations: NO_OBLIGATIONS,
    failed: [],
  };
}

/** A decision is also owed to whoever hands in no policy set. */
function versionOf(set: PolicySet | undefined): string {
  return set?.version ?? "";
}
