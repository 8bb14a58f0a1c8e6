/** `opa.runtime()`: what a policy may know of the process that runs it, which is nothing that its text does not say. */
import type { Evaluation, Implementations } from "./builtin.ts";

export const RUNTIME: Implementations = {
  "opa.runtime": (evaluation: Evaluation) => evaluation.world?.runtime() ?? {},
  // Within rules these are data already; a query has no annotations.
  "rego.metadata.chain": () => undefined,
  "rego.metadata.rule": () => undefined,
};
