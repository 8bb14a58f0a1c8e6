import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import {
  compile,
  compileInWorker,
  type PlainObject,
  type Policy,
  parseValue,
  stringify,
  type Value,
} from "#rego";
import { installOpa, OPA_VERSION } from "../test/harness/opa.ts";
import { ROOT } from "../test/harness/program.ts";
import { type Bench, type Measurement, median, round } from "./measurement.ts";
import { buildPeer, type Loaded, Peer, type PeerRun } from "./rego-peer/peer.ts";
import { bigDataWorkload, readWorkloads, rulesWorkload, type Workload } from "./rego-workloads.ts";

const FOLDER = join(ROOT, "../shared/bench/rego");
const ROUNDS = 5;
const ROUND_MS = 300;
const WARM_MS = 500;
const MANY_RULES = 10_000;
const PEER = `OPA ${OPA_VERSION} in process`;

/** What a run of one side showed, in nanoseconds. */
interface Timed {
  readonly p50: number;
  readonly p99: number;
  readonly answer: Value | undefined;
}

/**
 * Decisions of Rego, one at a time, against OPA's own evaluation in a Go process, which is idle while ours is measured and the
 * other way round. Both sides have prepared the query and get the input as a native value, and each evaluation is timed by
 * itself: `WORKLOAD-vs-opa` is OPA's median over ours. Answers that differ end the bench.
 */
export const rego: Bench = {
  name: "rego",
  purpose: "microseconds a decision of Rego takes, and how many of them OPA takes",
  async run(): Promise<readonly Measurement[]> {
    const built = buildPeer();
    if ("missing" in built) skipped("the comparison with OPA in process", built.missing);
    const peer = "missing" in built ? undefined : new Peer(built.path);
    try {
      return await measureAll(peer);
    } finally {
      peer?.stop();
    }
  },
};

async function measureAll(peer: Peer | undefined): Promise<readonly Measurement[]> {
  // Preparing comes first: who starts finds nothing warm.
  const manyRules = rulesWorkload(MANY_RULES);
  const results: Measurement[] = [...(await preparing(manyRules, peer)), ...(await pauses(manyRules))];
  const medians = new Map<string, number>();
  for (const workload of [...readWorkloads(FOLDER), manyRules]) {
    const { policy } = load(workload);
    const theirs = await loadPeer(peer, workload);
    results.push(...(await decisions(workload, policy, theirs === undefined ? undefined : peer, medians)));
  }
  results.push(...(await bigData(peer, medians)));
  results.push({
    metric: `rules-${MANY_RULES}-vs-rules-10`,
    value: round(
      (medians.get(`rules-${MANY_RULES}`) ?? Number.NaN) / (medians.get("rules-10") ?? Number.NaN),
      2,
    ),
    unit: "x",
  });
  results.push(...opaBench([...readWorkloads(FOLDER), manyRules, bigDataWorkload()]));
  return results;
}

function load(workload: Workload): { readonly policy: Policy; readonly data: PlainObject } {
  const data = parseValue(workload.data) as PlainObject;
  const policy = compile({ "policy.rego": workload.policy }, data, { dialect: workload.v0 ? "v0" : "v1" });
  return { policy, data };
}

async function loadPeer(peer: Peer | undefined, workload: Workload): Promise<Loaded | undefined> {
  return await peer?.load({ "policy.rego": workload.policy }, workload.data, workload.query, workload.v0);
}

/** From text to the first decision. */
async function preparing(workload: Workload, peer: Peer | undefined): Promise<readonly Measurement[]> {
  const input = parseValue(workload.inputs.get("") ?? "null");
  const started = performance.now();
  const { policy } = load(workload);
  policy.value(workload.query, input);
  const took = performance.now() - started;
  const theirs = await loadPeer(peer, workload);
  return [
    {
      metric: `prepare-${workload.name}-s`,
      value: round(took / 1_000, 3),
      unit: "s",
      ...against(theirs && took / (theirs.prepareNs / 1_000_000)),
    },
  ];
}

/** How long a thread that could always decide does not get to, while it compiles itself and while a worker does. */
async function pauses(workload: Workload): Promise<readonly Measurement[]> {
  const modules = { "policy.rego": workload.policy };
  const here = await longestPause(() => {
    const policy = compile(modules);
    policy.value(workload.query);
    return Promise.resolve();
  });
  const worker = await longestPause(async () => {
    const policy = await compileInWorker(modules, {}, { documents: [workload.query] });
    policy.value(workload.query);
  });
  return [
    {
      metric: `compile-${workload.name}-pause-ms`,
      value: round(worker, 1),
      unit: "ms",
      peer: "compiling in the thread that decides",
      ratio: round(worker / here, 4),
    },
  ];
}

async function longestPause(work: () => Promise<void>): Promise<number> {
  let done = false;
  let longest = 0;
  let last = performance.now();
  const working = work().finally(() => {
    done = true;
  });
  do {
    await new Promise((resume) => setImmediate(resume));
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
  } while (!done);
  await working;
  return longest;
}

/** Each input in turn: rounds of ours and theirs, alternating. */
async function decisions(
  { name, query, inputs }: Workload,
  policy: Policy,
  peer: Peer | undefined,
  medians: Map<string, number>,
): Promise<readonly Measurement[]> {
  const results: Measurement[] = [];
  for (const [variant, text] of inputs) {
    const title = variant === "" ? name : `${name}-${variant}`;
    const input = parseValue(text);
    time(policy, query, input, WARM_MS);
    await peer?.run(text, WARM_MS);
    const ours: Timed[] = [];
    const theirs: PeerRun[] = [];
    for (let i = 0; i < ROUNDS; i++) {
      ours.push(time(policy, query, input, ROUND_MS));
      if (peer !== undefined) theirs.push(await peer.run(text, ROUND_MS));
    }
    const [answer] = theirs;
    if (answer !== undefined) checkSame(title, ours[0]?.answer, answer.result);
    const p50 = median(ours.map((each) => each.p50));
    const p99 = median(ours.map((each) => each.p99));
    medians.set(title, p50);
    const their50 = answer && median(theirs.map((each) => each.p50Ns));
    const their99 = answer && median(theirs.map((each) => each.p99Ns));
    if (their50 !== undefined)
      results.push({ metric: `${title}-vs-opa`, value: round(their50 / p50, 2), unit: "x" });
    results.push(
      {
        metric: `${title}-p50-us`,
        value: round(p50 / 1_000, 2),
        unit: "us",
        ...against(their50 && p50 / their50),
      },
      {
        metric: `${title}-p99-us`,
        value: round(p99 / 1_000, 2),
        unit: "us",
        ...against(their99 && p99 / their99),
      },
    );
  }
  return results;
}

/** A look-up in a large document, and the memory that the document takes. */
async function bigData(
  peer: Peer | undefined,
  medians: Map<string, number>,
): Promise<readonly Measurement[]> {
  const workload = bigDataWorkload();
  const bytes = Buffer.byteLength(workload.data);
  const before = heapBytes();
  const { policy } = load(workload);
  policy.value(workload.query, parseValue(workload.inputs.get("") ?? "null"));
  const held = heapBytes() - before;
  const theirs = await loadPeer(peer, workload);
  const measured = await decisions(workload, policy, peer, medians);
  return [
    ...measured,
    {
      metric: "bigdata-heap-per-json",
      value: round(held / bytes, 2),
      unit: "x",
      ...against(theirs && held / theirs.heapBytes),
    },
  ];
}

function time(policy: Policy, query: string, input: Value, ms: number): Timed {
  const took: number[] = [];
  let answer: Value | undefined;
  for (const until = performance.now() + ms; ; ) {
    const started = performance.now();
    answer = policy.value(query, input, { now: clock() });
    const ended = performance.now();
    took.push((ended - started) * 1_000_000);
    if (ended >= until) break;
  }
  took.sort((a, b) => a - b);
  const at = (share: number): number => took[Math.floor(took.length * share)] ?? Number.NaN;
  return { p50: at(0.5), p99: at(0.99), answer };
}

/** As whoever asks for a decision gives it. */
function clock(): bigint {
  return BigInt(Date.now()) * 1_000_000n;
}

function checkSame(title: string, ours: Value | undefined, theirs: unknown): void {
  const want = theirs === null || theirs === undefined ? undefined : JSON.stringify(theirs);
  const got = ours === undefined ? undefined : stringify(ours);
  if (want !== got) throw new Error(`${title}: OPA says ${want}, and we say ${got}`);
}

/** What is in use after everything that can be let go has been. */
function heapBytes(): number {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  collect();
  collect();
  return process.memoryUsage().heapUsed;
}

function against(ratio: number | undefined): { readonly peer?: string; readonly ratio?: number } {
  return ratio === undefined ? {} : { peer: PEER, ratio: round(ratio, 3) };
}

/** The median of `opa bench`, which reads the input from a file once and keeps it parsed. */
function opaBench(workloads: readonly Workload[]): readonly Measurement[] {
  const opa = installOpa();
  if ("missing" in opa) {
    skipped("opa bench", opa.missing);
    return [];
  }
  const folder = mkdtempSync(join(tmpdir(), "postern-opa-bench-"));
  try {
    return workloads.map((workload) => {
      const file = (name: string, text: string): string => {
        writeFileSync(join(folder, name), text);
        return join(folder, name);
      };
      const { stdout, stderr } = spawnSync(
        opa.path,
        [
          ...["bench", "--format", "json", "--fail=false", ...(workload.v0 ? ["--v0-compatible"] : [])],
          ...["--data", file("policy.rego", workload.policy), "--data", file("data.json", workload.data)],
          ...["--input", file("input.json", workload.inputs.get("") ?? "null"), workload.query],
        ],
        { encoding: "utf8" },
      );
      const extra = (JSON.parse(stdout || "{}") as { Extra?: Record<string, number> }).Extra ?? {};
      const ns = extra["histogram_timer_rego_query_eval_ns_median"];
      if (ns === undefined) throw new Error(`opa bench of ${workload.name} says: ${stderr}${stdout}`);
      return { metric: `${workload.name}-opa-bench-us`, value: round(ns / 1_000, 2), unit: "us" };
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function skipped(what: string, why: string): void {
  process.stderr.write(`skipped: ${what}: ${why}\n`);
}
