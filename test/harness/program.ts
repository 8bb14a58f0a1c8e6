import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export const ROOT: string = fileURLToPath(new URL("../..", import.meta.url));
export const BIN: string = join(ROOT, "bin/postern.js");

/** One JSON line of a program that runs with `--json`. */
export interface Line {
  readonly event: string;
  readonly [field: string]: unknown;
}

/** A long-running `postern` command. */
export interface Program {
  readonly process: ChildProcess;
  /** Every notice so far. */
  readonly lines: readonly Line[];
  /** Waits for a notice that `wanted` accepts, among those that come after `from` (an index into `lines`). */
  line(wanted: (line: Line) => boolean, from?: number, ms?: number): Promise<Line>;
  /** Stops it, as Ctrl-C does, and waits for its end. */
  stop(): Promise<void>;
  /** Ends it at once, and waits for its end. */
  kill(): Promise<void>;
}

/** Starts `postern ARGS --json`. Who starts it ends it. */
export function startProgram(args: readonly string[], env: NodeJS.ProcessEnv = {}): Program {
  const child = spawn(process.execPath, [BIN, ...args, "--json"], {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const lines: Line[] = [];
  const waiting = new Set<() => void>();
  let errors = "";
  const wakeAll = (): void => {
    for (const wake of [...waiting]) wake();
  };
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
  });
  createInterface({ input: child.stdout }).on("line", (text) => {
    lines.push(JSON.parse(text) as Line);
    wakeAll();
  });
  child.on("exit", wakeAll);

  const ended = (): boolean => child.exitCode !== null || child.signalCode !== null;
  async function end(signal: NodeJS.Signals): Promise<void> {
    if (ended()) return;
    child.kill(signal);
    await once(child, "exit");
  }

  return {
    process: child,
    lines,
    async line(wanted, from = 0, ms = 60_000) {
      const until = performance.now() + ms;
      for (;;) {
        const found = lines.slice(from).find(wanted);
        if (found !== undefined) return found;
        if (ended())
          throw new Error(
            `postern ended with ${child.exitCode ?? child.signalCode}: ${errors}${JSON.stringify(lines)}`,
          );
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
    },
    stop: async () => await end("SIGTERM"),
    kill: async () => await end("SIGKILL"),
  };
}

export interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
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
