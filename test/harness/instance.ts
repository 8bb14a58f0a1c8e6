import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const BIN = join(ROOT, "bin/postern.js");

/** A notice of `postern up --json`. */
export interface Line {
  readonly event: string;
  readonly [field: string]: unknown;
}

export interface Ready extends Line {
  readonly console: string;
  readonly login: string;
  readonly setup?: string;
  readonly apps: readonly { readonly name: string; readonly url: string }[];
}

/** A running instance of Postern, started as its user starts it. */
export interface Instance {
  readonly data: string;
  readonly port: number;
  readonly ready: Ready;
  readonly process: ChildProcess;
  /** Every notice so far. */
  readonly lines: readonly Line[];
  /** Waits for a notice that `wanted` accepts, among those that come after `from` (an index into `lines`). */
  line(wanted: (line: Line) => boolean, from?: number, ms?: number): Promise<Line>;
  /** The address of an application. */
  url(name: string, path?: string): string;
  /** Runs a `postern` command against this instance. */
  postern(...args: string[]): Promise<Run>;
  /** Stops it, as Ctrl-C does; the data stays unless `remove`. */
  stop(): Promise<void>;
  /** Stops it and removes its data. */
  remove(): Promise<void>;
}

export interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A port of loopback that was free a moment ago, with `count` free ones from it on. */
export async function freePort(count = 1): Promise<number> {
  for (let tries = 0; tries < 50; tries++) {
    const first = await probe(0);
    let free = true;
    for (let i = 1; i < count && free; i++) free = (await probe(first + i).catch(() => -1)) > 0;
    if (free && first + count < 65_536) return first;
  }
  throw new Error("no free port");
}

async function probe(port: number): Promise<number> {
  const server = createServer();
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address !== null ? address.port : -1;
}

export interface StartOptions {
  readonly data?: string;
  readonly port?: number;
  readonly flags?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

/** Starts an instance on an empty data folder (or the one given) and waits until it is ready. */
export async function startInstance(options: StartOptions = {}): Promise<Instance> {
  const data = options.data ?? (await mkdtemp(join(tmpdir(), "postern-")));
  const port = options.port ?? (await freePort(8));
  const child = spawn(
    process.execPath,
    [BIN, "up", "--data", data, "--port", String(port), "--json", ...(options.flags ?? [])],
    { cwd: ROOT, env: { ...process.env, ...options.env }, stdio: ["ignore", "pipe", "pipe"] },
  );
  const lines: Line[] = [];
  const waiting = new Set<() => void>();
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
  });
  createInterface({ input: child.stdout }).on("line", (text) => {
    lines.push(JSON.parse(text) as Line);
    for (const wake of [...waiting]) wake();
  });
  child.on("exit", () => {
    for (const wake of [...waiting]) wake();
  });

  async function line(wanted: (line: Line) => boolean, from = 0, ms = 60_000): Promise<Line> {
    const until = performance.now() + ms;
    for (;;) {
      const found = lines.slice(from).find(wanted);
      if (found !== undefined) return found;
      if (child.exitCode !== null)
        throw new Error(`postern ended with ${child.exitCode}: ${errors}${JSON.stringify(lines)}`);
      const left = until - performance.now();
      if (left <= 0) throw new Error(`no such notice in ${ms} ms: ${JSON.stringify(lines)} ${errors}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(wake, left);
        function wake(): void {
          clearTimeout(timer);
          waiting.delete(wake);
          resolve();
        }
        waiting.add(wake);
      });
    }
  }

  async function stop(): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGTERM");
    await once(child, "exit");
  }

  const ready = (await line((l) => l.event === "ready").catch(async (error: unknown) => {
    await stop();
    throw error;
  })) as Ready;
  return {
    data,
    port,
    ready,
    process: child,
    lines,
    line,
    url: (name, path = "/") => {
      const app = ready.apps.find((a) => a.name === name);
      return new URL(path, app?.url ?? `http://${name}.postern.localhost:${port}`).href;
    },
    postern: async (...args) => await runPostern([...args, "--data", data]),
    stop,
    async remove() {
      await stop();
      await rm(data, { recursive: true, force: true });
    },
  };
}

/** Runs a `postern` command to its end. */
export async function runPostern(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Run> {
  const child = spawn(process.execPath, [BIN, ...args], {
    cwd: ROOT,
    env: { ...process.env, NO_COLOR: "1", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const [code] = (await once(child, "close")) as [number | null];
  return { code, stdout, stderr };
}
