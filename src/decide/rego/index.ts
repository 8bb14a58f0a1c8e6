/**
 * Rego, the policy language of the Open Policy Agent, compiled to JavaScript in this process.
 *
 * Numbered phases over a tree of our own: `1-parse` reads v1, v0 and the mixed syntax of printed guides, `2-resolve` gives
 * every name its meaning and every expression its order, `3-check` holds types, `4-emit` writes JavaScript. Values are plain
 * JavaScript, evaluated as they are. An evaluation is synchronous, pure and bounded.
 */

export type { World } from "./builtins/builtin.ts";
export * from "./errors.ts";
export { type FormatOptions, format } from "./format/index.ts";
export { type CompileOptions, compile, type EvaluateOptions, Policy, type Solution } from "./policy.ts";
export type { RegoTest } from "./tests.ts";
export * from "./values/index.ts";
