/** Phase 3: types. */
import type { Program, ResolvedQuery } from "../2-resolve/program.ts";
import type { SourceFinding } from "../errors.ts";
import type { Value } from "../values/index.ts";

export interface TypeEnvironment {
  readonly program: Program;
}

export function checkTypes(
  program: Program,
  _options: { readonly schemas?: ReadonlyMap<string, Value> } = {},
): { readonly findings: readonly SourceFinding[]; readonly types: TypeEnvironment } {
  return { findings: [], types: { program } };
}

export function checkQueryTypes(_types: TypeEnvironment, _query: ResolvedQuery): readonly SourceFinding[] {
  return [];
}
