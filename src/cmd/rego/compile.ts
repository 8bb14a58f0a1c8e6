import { type CompileOptions, compile, type PlainObject, type Policy, SourceError } from "#rego";

/**
 * Compiles modules over documents, as OPA loads the two together.
 * @throws SourceError, also for a rule that defines what a document holds already
 */
export function compileLoaded(
  modules: { readonly [file: string]: string },
  data: PlainObject,
  options: CompileOptions,
): Policy {
  const policy = compile(modules, data, options);
  const conflicts = policy.dataConflicts();
  if (conflicts.length > 0) throw new SourceError(conflicts);
  return policy;
}
