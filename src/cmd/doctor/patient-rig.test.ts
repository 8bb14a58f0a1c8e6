/** For the tests of doctor: data folders as Postern leaves them, to be broken one way at a time. */
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after } from "node:test";
import { componentEvent, type EventOrigin } from "#events";
import { newId, systemClock, systemIds, systemSchedule } from "#kernel";
import { openLog } from "#log";
import { openSecrets } from "#secrets";
import { openStore } from "#store";
import { type Operations, openOperations } from "../operations/open-operations.ts";
import type { Part } from "../operations/part.ts";
import { runLine } from "../world-of-test.test.ts";
import type { Finding, Verdict } from "./check.ts";

const ROOM = mkdtempSync(join(tmpdir(), "doctor-"));
after(() => rmSync(ROOM, { recursive: true, force: true }));

const ORIGIN: EventOrigin = { role: "control", name: "local", version: "0.1.0" };

/** A data folder after a first start that ended well. */
export async function usedFolder(): Promise<string> {
  const data = mkdtempSync(join(ROOM, "data-"));
  await fill(data);
  return data;
}

export async function fill(data: string): Promise<void> {
  const clock = systemClock;
  const ids = systemIds;
  const path = join(data, "postern.db");
  const store = await openStore({ path, clock, ids, schedule: systemSchedule, notify: () => undefined });
  await openSecrets({ store, masterKey: { kind: "own-file", path: join(data, "master.key") }, clock, ids });
  const log = await openLog({ store, origin: ORIGIN, boot: newId("boot", clock.now(), ids), clock });
  await store.write(async (tx) => {
    tx.record({
      kind: "instance",
      key: "instance",
      value: {
        id: "ins_1",
        domain: "localhost",
        hostStyle: "port",
        scheme: "http",
        port: 7999,
        origins: { login: "http://localhost:7999", console: "http://localhost:8000" },
      },
    });
    await tx.db.insertInto("instance").values({ name: "id", value: "ins_1" }).execute();
    for (let i = 0; i < 3; i++) {
      const event = componentEvent(ORIGIN, { time: clock.now(), component: ORIGIN, state: "started" });
      await log.append(tx, event);
    }
  });
  await store.close();
}

/** Changes a database as nobody should. */
export function tamper(data: string, query: string): void {
  const database = new DatabaseSync(join(data, "postern.db"));
  database.exec(query);
  database.close();
}

/** The three roles' processes, as far as doctor sees them. */
export async function runningRoles(
  data: string,
  parts: { readonly control?: readonly Part[]; readonly gateway?: readonly Part[] } = {},
): Promise<{ stop(): Promise<void> }> {
  const opened: Operations[] = [];
  const { runFolder } = await import("../places.ts");
  const { mkdirSync } = await import("node:fs");
  const run = runFolder(data);
  mkdirSync(run, { mode: 0o700, recursive: true });
  for (const role of ["control", "gateway", "agent"] as const) {
    opened.push(
      await openOperations({
        role,
        name: "local",
        version: "0.1.0",
        run,
        clock: systemClock,
        schedule: systemSchedule,
        parts: role === "agent" ? [] : (parts[role] ?? []),
      }),
    );
  }
  return { stop: async () => void (await Promise.all(opened.map(async (one) => await one.close()))) };
}

export interface Report {
  readonly code: number;
  readonly ok: boolean;
  readonly stdout: string;
  readonly checks: readonly {
    readonly name: string;
    readonly verdict: Verdict;
    readonly findings: readonly Finding[];
  }[];
  /** The findings of a check that are not fine, as text. */
  of(name: string): string;
}

export async function doctor(data: string, ...more: string[]): Promise<Report> {
  const { code, stdout } = await runLine(["doctor", "--data", data, "--json", ...more]);
  const { ok, checks } = JSON.parse(stdout) as Pick<Report, "ok" | "checks">;
  return {
    code,
    ok,
    stdout,
    checks,
    of: (name) =>
      (checks.find((check) => check.name === name)?.findings ?? [])
        .filter(({ verdict }) => verdict !== "ok")
        .map(({ verdict, found, remedy }) => `${verdict}: ${found}; ${remedy}`)
        .join("\n"),
  };
}

/** Everything in a folder: names, times of change, modes, content. */
export function pictureOf(folder: string): string {
  const hash = createHash("sha256");
  for (const name of (readdirSync(folder, { recursive: true }) as string[]).sort()) {
    const path = join(folder, name);
    const about = statSync(path);
    hash.update(`${name}\n${about.mode}\n${about.size}\n${about.mtimeMs}\n`);
    if (about.isFile()) hash.update(readFileSync(path));
  }
  return hash.digest("hex");
}
