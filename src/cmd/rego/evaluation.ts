import { randomUUID } from "node:crypto";
import type { EvaluateOptions } from "#rego";
import type { Network } from "./network.ts";
import { regoWorld } from "./world.ts";

/** What the policies of a command may ask. */
export interface Reach {
  readonly hosts: readonly string[];
  readonly network: Network;
  readonly random: boolean;
}

/** An evaluation in a command: the time is now, chance is chance where it is allowed, and only the clock bounds it. */
export function evaluateOptions(ms: number, { hosts, network, random }: Reach): EvaluateOptions {
  const until = performance.now() + ms;
  return {
    now: BigInt(Date.now()) * 1_000_000n,
    ...(random ? { seed: randomUUID() } : {}),
    steps: Number.MAX_SAFE_INTEGER,
    expired: () => performance.now() > until,
    world: regoWorld(hosts, network, () => until - performance.now()),
  };
}
