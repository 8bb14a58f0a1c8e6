import type { ChildProcess } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "./ports.ts";
import { type Line, type Program, type Run, runPostern, startProgram } from "./program.ts";

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
  /** Ends its supervisor at once. */
  kill(): Promise<void>;
  /** Stops it and removes its data. */
  remove(): Promise<void>;
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
  const program = startProgram(
    ["up", "--data", data, "--port", String(port), ...(options.flags ?? [])],
    options.env,
  );
  const { process: child, lines } = program;
  const line: Program["line"] = async (...wanted) => await program.line(...wanted);
  const stop = async (): Promise<void> => await program.stop();

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
    kill: async () => await program.kill(),
    async remove() {
      await stop();
      await rm(data, { recursive: true, force: true });
    },
  };
}
