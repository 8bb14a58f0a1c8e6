import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { type Bench, type Measurement, median, round } from "./measurement.ts";
import type { Held } from "./view-holder.ts";
import { LARGE, type Size } from "./view-state.ts";

const RUNS = 3;
const PEER = "a Map of Maps of JSON objects";

/**
 * What the view of an enforcement point costs: memory, how fast it takes a snapshot and changes (each parsed from its
 * line, checked and applied), and how fast it is asked. Each is measured in a process of its own, as is the peer, which
 * checks nothing, keeps no order and finds nothing but by key.
 */
export const view: Bench = {
  name: "view",
  purpose: `bytes, changes and lookups of a view of ${LARGE.people} people and ${LARGE.sessions} sessions`,
  run: async () => await measureView(LARGE, RUNS),
};

export async function measureView(size: Size, runs: number): Promise<readonly Measurement[]> {
  const [ours, theirs]: [Held[], Held[]] = [[], []];
  // in turns, so that whatever else the machine does meets both
  for (let i = 0; i < runs; i++) {
    ours.push(await hold("view", size));
    theirs.push(await hold("maps", size));
  }
  const of = (held: readonly Held[], what: keyof Held): number => median(held.map((each) => each[what]));
  const compared = (metric: string, what: keyof Held, unit: string): Measurement => ({
    metric,
    value: Math.round(of(ours, what)),
    unit,
    peer: PEER,
    ratio: round(of(ours, what) / of(theirs, what), 2),
  });
  return [
    compared("bytes-per-worker", "bytes", "B"),
    compared("snapshot-load-ms", "snapshotMs", "ms"),
    compared("apply-changes-per-s", "changesPerSecond", "1/s"),
    compared("lookups-per-s", "lookupsPerSecond", "1/s"),
  ];
}

async function hold(kind: "view" | "maps", size: Size): Promise<Held> {
  const { stdout } = await promisify(execFile)(process.execPath, [
    ...["--expose-gc", "--conditions=development"],
    ...[`${import.meta.dirname}/view-holder.ts`, kind, JSON.stringify(size)],
  ]);
  return JSON.parse(stdout) as Held;
}
