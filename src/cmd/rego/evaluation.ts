import { randomUUID } from "node:crypto";
import type { EvaluateOptions } from "#rego";

/** An evaluation in a command: the time is now, chance is chance where it is allowed, and only the clock bounds it. */
export function evaluateOptions(ms: number, { random }: { readonly random: boolean }): EvaluateOptions {
  const until = performance.now() + ms;
  return {
    now: BigInt(Date.now()) * 1_000_000n,
    ...(random ? { seed: randomUUID() } : {}),
    steps: Number.MAX_SAFE_INTEGER,
    expired: () => performance.now() > until,
  };
}
