/**
 * Rego, the policy language of the Open Policy Agent, compiled to JavaScript in this process.
 *
 * Numbered phases over a tree of our own: `1-parse` reads v1, v0 and the mixed syntax of printed guides, `2-resolve` gives
 * every name its meaning and every expression its order, `3-check` holds types, `4-emit` writes JavaScript. Values are plain
 * JavaScript, evaluated as they are. An evaluation is synchronous, pure and bounded.
 */

export type { SchemaSet } from "./3-check/index.ts";
export type { World } from "./builtins/builtin.ts";
export { compileInWorker, type WorkerOptions } from "./compile-in-worker.ts";
export type { CompileOptions } from "./compiler.ts";
export * from "./errors.ts";
export { type FormatOptions, format } from "./format/index.ts";
export { compile, Policy } from "./policy.ts";
export { type EvaluateOptions, PreparedPolicy, type Solution } from "./prepared-policy.ts";
export type { RegoTest } from "./tests.ts";
export * from "./values/index.ts";
