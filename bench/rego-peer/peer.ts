import { type ChildProcessByStdio, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { cacheFolder, type Found, go } from "../../test/harness/opa.ts";

const HERE = fileURLToPath(new URL(".", import.meta.url));

export interface Loaded {
  readonly prepareNs: number;
  readonly heapBytes: number;
}

export interface PeerRun {
  readonly p50Ns: number;
  readonly p99Ns: number;
  readonly runs: number;
  readonly result: unknown;
}

/** The Go program beside this file, built once for each version of it. */
export function buildPeer(): Found {
  const hash = createHash("sha256");
  for (const name of ["main.go", "go.mod", "go.sum"]) hash.update(readFileSync(join(HERE, name)));
  const path = join(cacheFolder(`rego-peer-${hash.digest("hex").slice(0, 16)}`), "rego-peer");
  if (existsSync(path)) return { path };
  const failed = go(["build", "-trimpath", "-o", path, "."], { GOFLAGS: "-buildvcs=false" }, HERE);
  return failed === undefined ? { path } : { missing: failed };
}

/** The program while it runs. It does one thing at a time, and nothing while it is not asked. */
export class Peer {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #answers: AsyncIterator<string>;
  constructor(path: string) {
    this.#child = spawn(path, [], { stdio: ["pipe", "pipe", "inherit"] });
    this.#answers = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  /** `data` is JSON text. */
  async load(
    modules: Readonly<Record<string, string>>,
    data: string,
    query: string,
    v0: boolean,
  ): Promise<Loaded> {
    const rest = JSON.stringify({ modules, query, v0 });
    return (await this.#ask(`{"load":{"data":${oneLine(data)},${rest.slice(1)}}`)) as Loaded;
  }

  /** Evaluates again and again for that long. `input` is JSON text. */
  async run(input: string, ms: number): Promise<PeerRun> {
    return (await this.#ask(`{"run":{"input":${oneLine(input)},"forNs":${ms * 1_000_000}}}`)) as PeerRun;
  }

  stop(): void {
    this.#child.kill();
  }

  async #ask(line: string): Promise<unknown> {
    this.#child.stdin.write(`${line}\n`);
    const { value, done } = await this.#answers.next();
    if (done === true) throw new Error("the peer has ended");
    const answer = JSON.parse(value) as { readonly error?: string };
    if (answer.error !== undefined) throw new Error(`the peer says: ${answer.error}`);
    return answer;
  }
}

/** JSON text keeps its meaning, and its numbers their spelling, when line breaks between its tokens become spaces. */
function oneLine(json: string): string {
  return json.replaceAll(/[\r\n]/g, " ");
}
