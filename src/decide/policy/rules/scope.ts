import { findFact } from "../facts/table.ts";
import type { Findings } from "../findings.ts";
import { emit, TRUE } from "./4-emit.ts";
import { type CheckedRule, type Condition, eachCondition, type Requirement } from "./requirement.ts";

/**
 * A rule that allows speaks of applications, unless it names `resource.kind == "postern"`: otherwise
 * `ALLOW IF user.mfa_verified` would make everybody an administrator. Rules that deny speak of everything.
 */
export function scopeRule(rule: CheckedRule, findings: Findings): CheckedRule {
  if (rule.effect === "deny") return rule;
  let opens = false;
  eachCondition(rule.requirement, (condition) => {
    if (
      condition.fact.name === "resource.kind" &&
      condition.test.op !== "known" &&
      holdsForPostern(condition)
    )
      opens = true;
  });
  if (!opens) {
    const scope = applicationsOnly(rule.source);
    return { ...rule, requirement: all(scope, rule.requirement) };
  }
  const at = rule.source.lastIndexOf(":");
  findings.warning(
    "rule.opens_administration",
    {
      file: rule.source.slice(0, at),
      line: Number(rule.source.slice(at + 1)),
      column: 1,
      length: "ALLOW IF".length,
    },
    "this rule allows administrative acts or the console",
    "whoever it allows can change this policy",
  );
  return rule;
}

function holdsForPostern(condition: Condition): boolean {
  const probe = emit(condition, new Map());
  const resource = { name: "postern", kind: "postern", classification: "restricted" } as const;
  return probe({ type: "user", action: "", resource, time: {} }, undefined) === TRUE;
}

function applicationsOnly(source: string): Condition {
  const fact = findFact("resource.kind");
  if (fact === undefined) throw new Error("the table of facts has no resource.kind");
  return {
    kind: "condition",
    fact,
    test: { op: "equals", to: { kind: "value", value: "application" } },
    negated: false,
    flipped: false,
    text: 'resource.kind == "application"',
    source,
  };
}

function all(scope: Condition, requirement: Requirement): Requirement {
  return { kind: "all", of: requirement.kind === "all" ? [scope, ...requirement.of] : [scope, requirement] };
}
