/**
 * The policy engine: forms of policy compiled to one pure, synchronous decision function. Deny wins, at
 * least one allow is needed, nothing matched is a deny, and an error is a deny (NIST SP 800-207 §3, the
 * policy engine's part of the policy decision point).
 *
 * A policy set is files: manifests and rules. `compileSet` reads all of them or refuses all of them, `decide` answers from
 * the result, `explain` says how. Facts that are not known are absent, and conditions are three-valued (Kleene's logic): an
 * ALLOW fires when its condition is true, a DENY unless its condition is false. So taking a fact away never opens a door.
 */

export { BUILTIN_FILE } from "./builtin.ts";
export { compileSet } from "./compile-set.ts";
export { decide } from "./decide.ts";
export { demoFiles } from "./demo.ts";
export { explain } from "./explain.ts";
export { checkInput } from "./facts/check-input.ts";
export type { FactDefinition, FactType } from "./facts/definition.ts";
export { inputFromJson, inputToJson } from "./facts/input-json.ts";
export { factsMarkdown } from "./facts/markdown.ts";
export { FACTS } from "./facts/table.ts";
export { locksOut } from "./locks-out.ts";
export { mergeFiles } from "./manifest/merge.ts";
export { matchAction } from "./match-action.ts";
export { isOn, type Placement, readPlacement } from "./placement.ts";
export * from "./types.ts";
