import type { Program, RuleGroup, RuleTree } from "./2-resolve/program.ts";
import type { SourceFinding } from "./errors.ts";
import { isObject, member, type PlainObject, type Value } from "./values/index.ts";

/** Where rules define a document, and what is to be said when the data holds it already. */
export interface RulePath {
  readonly path: readonly string[];
  readonly conflict: SourceFinding;
}

export function rulePathsOf({ tree }: Program): readonly RulePath[] {
  return groupsOf(tree).map((group) => ({ path: group.path, conflict: conflictOf(group) }));
}

/** Rules that define what base documents hold already, each a finding as OPA's loader has it. */
export function dataConflicts(rules: readonly RulePath[], data: PlainObject): readonly SourceFinding[] {
  return rules.filter(({ path }) => holds(data, path)).map(({ conflict }) => conflict);
}

function groupsOf(tree: RuleTree): readonly RuleGroup[] {
  const below = [...tree.children.values()].flatMap(groupsOf);
  return tree.group === undefined ? below : [tree.group, ...below];
}

/** Whether there is a value at the path, or one on the way to it that is no object. */
function holds(data: PlainObject, path: readonly string[]): boolean {
  let node: Value = data;
  for (const step of path) {
    if (!isObject(node)) return true;
    const next: Value | undefined = member(node, step);
    if (next === undefined) return false;
    node = next;
  }
  return true;
}

function conflictOf({ path, rules, default: fallback }: RuleGroup): SourceFinding {
  const all = fallback === undefined ? rules : [fallback, ...rules];
  const [first] = all.toSorted(({ at: a }, { at: b }) =>
    a.source.file === b.source.file ? a.start - b.start : a.source.file < b.source.file ? -1 : 1,
  );
  const at = first?.at;
  const place = at?.source.position(at.start) ?? { line: 1, column: 1 };
  return {
    code: "rego_compile_error",
    severity: "error",
    file: at?.source.file ?? "",
    ...place,
    length: 1,
    message: `conflicting rule for data path ${path.join("/")} found`,
    hint: "rename the rule, or take the document out of the data",
  };
}
