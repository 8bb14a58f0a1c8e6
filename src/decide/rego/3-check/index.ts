/** Phase 3: static types. What can never be is refused before it is evaluated (OPA "Type Checking"). */
import type { Program, ResolvedQuery } from "../2-resolve/program.ts";
import type { SourceFinding } from "../errors.ts";
import { BodyChecker } from "./check-body.ts";
import { Environment } from "./environment.ts";
import { Findings } from "./findings.ts";
import { RuleTypes } from "./rule-types.ts";
import type { SchemaSet } from "./schemas/index.ts";

export type { SchemaSet } from "./schemas/index.ts";

/** What is known of a program's rules, for its queries. */
export interface TypeEnvironment {
  readonly rules: RuleTypes;
}

/** Checks every rule of a program. */
export function checkTypes(
  program: Program,
  options: { readonly schemas?: SchemaSet } = {},
): { readonly findings: readonly SourceFinding[]; readonly types: TypeEnvironment } {
  const rules = new RuleTypes(program, options.schemas);
  rules.checkAll();
  return { findings: rules.findings.sorted(), types: { rules } };
}

/** Checks a query over checked rules. */
export function checkQueryTypes({ rules }: TypeEnvironment, query: ResolvedQuery): readonly SourceFinding[] {
  const findings = new Findings();
  new BodyChecker(new Environment(rules.queried), findings, rules, { query: true }).body(query.body);
  return findings.sorted();
}
