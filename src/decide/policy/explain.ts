import { type CompiledRule, compiledOf } from "./compiled.ts";
import { decide } from "./decide.ts";
import type { Facts } from "./facts/definition.ts";
import type { ZoneClock } from "./facts/time-zone.ts";
import { comparandsOf, FALSE, TRUE, type Truth } from "./rules/4-emit.ts";
import { type Condition, eachCondition } from "./rules/requirement.ts";
import type { Explanation, Input, PolicySet, RuleTrace, TraceStep } from "./types.ts";

/**
 * Decides again and shows how: every rule with every condition's own text, its result and the facts that it read. Carries rule
 * text, so it is for those who may read policy.
 * @throws TypeError for a set that `compileSet` did not make
 */
export function explain(input: Input, set: PolicySet, id: string): Explanation {
  const { denies, allows, zone } = compiledOf(set);
  return {
    decision: decide(input, set, id),
    trace: [...denies, ...allows].map((rule) => traceRule(rule, input, zone)),
  };
}

function traceRule(rule: CompiledRule, facts: Facts, zone: ZoneClock | undefined): RuleTrace {
  const steps: TraceStep[] = [];
  eachCondition(rule.requirement, (condition) => steps.push(traceStep(rule, condition, facts, zone)));
  const met = attempt(() => rule.probe(facts, zone));
  return {
    ...rule.reference,
    effect: rule.effect,
    text: rule.text,
    fired: met !== FAILED && (met === TRUE) === (rule.effect === "allow"),
    steps,
  };
}

function traceStep(
  rule: CompiledRule,
  condition: Condition,
  facts: Facts,
  zone: ZoneClock | undefined,
): TraceStep {
  const probe = rule.probes.get(condition);
  const read = [
    condition.fact,
    ...comparandsOf(condition.test).flatMap((one) => (one.kind === "fact" ? [one.fact] : [])),
  ];
  const truth = attempt(() => (probe === undefined ? FALSE : probe(facts, zone)));
  return {
    source: condition.source,
    text: condition.text,
    result: truth === FAILED ? "error" : resultOf(truth, condition.flipped),
    facts: read.map((fact) => ({ fact: fact.name, value: show(attempt(() => fact.read(facts, zone))) })),
  };
}

/** A requirement may ask the opposite of a condition; the trace says what came of the condition as written. */
function resultOf(truth: Truth, flipped: boolean): "true" | "false" | "undefined" {
  if (truth !== TRUE && truth !== FALSE) return "undefined";
  return (truth === TRUE) === flipped ? "false" : "true";
}

function show(value: unknown): string {
  if (value === undefined) return "absent";
  if (value === FAILED) return "error";
  if (typeof value === "bigint") return String(value);
  return JSON.stringify(value) ?? "error";
}

const FAILED: unique symbol = Symbol("failed");

/** A trace goes on past a condition that cannot be evaluated, and says so; the decision in it is `decide`'s. */
function attempt<T>(run: () => T): T | typeof FAILED {
  try {
    return run();
  } catch {
    return FAILED;
  }
}
