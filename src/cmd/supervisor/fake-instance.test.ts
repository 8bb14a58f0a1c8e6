/**
 * For the tests of supervision: an instance whose roles do nothing but live, in real processes. Supervisor and
 * children run the program's own code; only what a role would serve is made up.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const url = (path: string): string => JSON.stringify(new URL(path, import.meta.url).href);

/** A role that is ready at once; `FAKE_ROLE` in the environment says how it misbehaves. */
const CHILD = `
import { appendFileSync } from "node:fs";
import { runRole } from ${url("../role-process.ts")};
import { processWorld } from ${url("../world.ts")};
import { PosternError } from ${url("../../kernel/index.ts")};
const [role, behaviour = ""] = [process.argv[2], process.env["FAKE_" + process.argv[2].toUpperCase()]];
const served = { console: "http://console.test", login: "http://login.test", apps: [{ name: "wiki", url: "http://wiki.test" }] };
async function run(settings, notify) {
  if (behaviour === "fail") throw new PosternError("state.damaged", "the database is damaged", { where: "x.db", remedy: "restore it" });
  if (behaviour === "crash") process.kill(process.pid, "SIGKILL");
  if (behaviour === "never-ready") await new Promise(() => setInterval(() => undefined, 1_000));
  notify({ event: "ready", ...(role === "control" ? { ...served, setup: "http://login.test/setup#" + process.pid } : {}) });
  const alive = setInterval(() => undefined, 1_000);
  return {
    async stop() {
      clearInterval(alive);
      appendFileSync(process.env.FAKE_LOG, "stopped " + role + "\\n");
      if (behaviour === "hang") await new Promise(() => setInterval(() => undefined, 1_000));
    },
  };
}
process.exitCode = await runRole(async (notify) => await run({}, notify), processWorld());
`;

/** `postern up`, but for the launch of the fake roles, and pauses short enough for a test. */
const SUPERVISOR = `
import { fork } from "node:child_process";
import { announceToPrograms } from ${url("./announce.ts")};
import { runInstance } from ${url("./run-instance.ts")};
import { stopRequests } from ${url("./stop-requests.ts")};
import { processWorld } from ${url("../world.ts")};
import { describeFailure } from ${url("../terminal/failure.ts")};
const world = processWorld();
const settings = { data: "/nowhere", port: 1, version: "0", demo: false };
const stops = stopRequests(world.environment);
try {
  process.exitCode = await runInstance({
    settings,
    announcer: announceToPrograms(settings, world),
    stops,
    launch: (role) => fork(process.env.FAKE_CHILD, [role], {
      stdio: ["ignore", 2, 2, "ipc"],
      execArgv: ["--conditions=development"],
    }),
    pauses: { first: 50, most: 400, wellAfter: 60_000, grace: Number(process.env.FAKE_GRACE ?? 5_000) },
  });
} catch (error) {
  world.stderr.write(describeFailure(error));
  process.exitCode = 1;
} finally {
  stops.close();
}
`;

export interface Line {
  readonly event: string;
  readonly role?: string;
  readonly pid?: number;
  readonly pauseMs?: number;
  readonly setup?: string;
}

export interface FakeInstance {
  readonly process: ChildProcess;
  readonly lines: readonly Line[];
  /** Waits for the first notice from index `from` on that `wanted` accepts. */
  line(wanted: (line: Line) => boolean, from?: number): Promise<Line>;
  /** Waits for the end of the process that was started; its exit code or signal. */
  ended(): Promise<number | NodeJS.Signals | null>;
  /** Every process that a notice named, still alive. */
  alive(): readonly number[];
  /** What the roles noted while stopping. */
  stopped(): readonly string[];
  readonly errors: () => string;
  remove(): void;
}

export interface FakeOptions {
  readonly env?: { readonly [name: string]: string };
  /** Whether npm starts it, as `npm start` does. */
  readonly npm?: boolean;
}

/** Starts one, in a process group of its own. */
export function startFake(options: FakeOptions = {}): FakeInstance {
  const folder = mkdtempSync(join(tmpdir(), "fake-instance-"));
  const log = join(folder, "log");
  const child = join(folder, "child.mjs");
  const main = join(folder, "main.mjs");
  writeFileSync(log, "");
  writeFileSync(child, CHILD);
  writeFileSync(main, SUPERVISOR);
  const start = `exec ${JSON.stringify(process.execPath)} --conditions=development main.mjs`;
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module", scripts: { start } }));
  const { npm_lifecycle_event: _, ...environment } = process.env;
  const [command, args] =
    options.npm === true
      ? ["npm", ["start", "--silent"]]
      : [process.execPath, ["--conditions=development", main]];
  const started = spawn(command, args, {
    cwd: folder,
    detached: true,
    env: { ...environment, FAKE_CHILD: child, FAKE_LOG: log, ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  return observe(started, folder, log);
}

function observe(started: ChildProcess, folder: string, log: string): FakeInstance {
  const lines: Line[] = [];
  let errors = "";
  let end: number | NodeJS.Signals | null | undefined;
  const waiting = new Set<() => void>();
  const wake = (): void => {
    for (const each of [...waiting]) each();
  };
  const { stdout, stderr } = started;
  if (stdout === null || stderr === null) throw new TypeError("no pipes");
  createInterface({ input: stdout }).on("line", (text) => {
    if (text.startsWith("{")) lines.push(JSON.parse(text) as Line);
    wake();
  });
  stderr.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
  });
  started.on("close", (code, signal) => {
    end = code ?? signal;
    wake();
  });

  async function until<T>(what: string, find: () => T | undefined): Promise<T> {
    const late = performance.now() + 20_000;
    for (;;) {
      const found = find();
      if (found !== undefined) return found;
      if (performance.now() > late) throw new Error(`no ${what}: ${JSON.stringify(lines)} ${errors}`);
      await new Promise<void>((resolve) => {
        const done = (): void => {
          clearTimeout(timer);
          waiting.delete(done);
          resolve();
        };
        const timer = setTimeout(done, 100);
        waiting.add(done);
      });
    }
  }

  const alive = (): readonly number[] =>
    [...new Set(lines.map(({ pid }) => pid).filter((pid) => pid !== undefined))].filter(isAlive);
  return {
    process: started,
    lines,
    line: async (wanted, from = 0) => await until("such notice", () => lines.slice(from).find(wanted)),
    ended: async () => {
      await until(
        "end of the process and its children",
        () => (end !== undefined && alive().length === 0) || undefined,
      );
      return end ?? null;
    },
    alive,
    stopped: () => readFileSync(log, "utf8").split("\n").filter(Boolean).sort(),
    errors: () => errors,
    remove() {
      for (const pid of alive()) process.kill(pid, "SIGKILL");
      started.kill("SIGKILL");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // a zombie whose parent has not looked yet is no longer alive
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}
