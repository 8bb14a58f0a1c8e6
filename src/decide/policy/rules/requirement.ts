import type { FactDefinition } from "../facts/definition.ts";

/**
 * What a rule requires, checked and typed. For `ALLOW IF e` that is e; for `DENY IF e` it is NOT e: a rule that
 * denies requires that it be known not to apply. Negation is pushed down to the conditions (De Morgan holds in Kleene's
 * logic too), so that a requirement is only all, any and conditions, and every condition can be said in words.
 */
export type Requirement =
  | { readonly kind: "all" | "any"; readonly of: readonly Requirement[] }
  | { readonly kind: "constant"; readonly value: boolean }
  | Condition;

export type Value = string | number | boolean | bigint;

/** What a condition compares with: a value, or another fact. */
export type Comparand =
  | { readonly kind: "value"; readonly value: Value }
  | { readonly kind: "fact"; readonly fact: FactDefinition };

export type Test =
  | { readonly op: "equals"; readonly to: Comparand }
  | { readonly op: "below" | "atMost"; readonly to: Comparand }
  | { readonly op: "in"; readonly values: readonly Value[] }
  /** Both ends included. `wraps`: from 22 to 6 goes past midnight. */
  | { readonly op: "between"; readonly from: Comparand; readonly to: Comparand; readonly wraps: boolean }
  | { readonly op: "contains" | "startsWith" | "endsWith"; readonly to: Comparand }
  | { readonly op: "matches"; readonly matches: (text: string) => boolean }
  | { readonly op: "known" };

export interface Condition {
  readonly kind: "condition";
  readonly fact: FactDefinition;
  readonly test: Test;
  readonly negated: boolean;
  /** True when the requirement asks the opposite of what the condition says as written. */
  readonly flipped: boolean;
  /** As written. */
  readonly text: string;
  /** `file:line`. */
  readonly source: string;
}

/** A rule that can be decided by. */
export interface CheckedRule {
  readonly effect: "allow" | "deny";
  readonly name?: string;
  readonly reason?: string;
  readonly source: string;
  readonly text: string;
  readonly requirement: Requirement;
}

/** Visits every condition of a requirement, in the order written. */
export function eachCondition(requirement: Requirement, visit: (condition: Condition) => void): void {
  if (requirement.kind === "condition") visit(requirement);
  else if (requirement.kind !== "constant") for (const part of requirement.of) eachCondition(part, visit);
}
