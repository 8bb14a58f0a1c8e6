/** For the tests of backups and moves: an instance with something in every table that matters, on either database. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { componentEvent, type EventOrigin } from "#events";
import { newId, systemClock, systemIds, systemSchedule } from "#kernel";
import { type EventLog, openLog } from "#log";
import { openSecrets } from "#secrets";
import { openStore, type Store } from "#store";
import { type DatabaseAddress, sqliteFile } from "../database.ts";
import { openDump } from "./dump.ts";
import type { Surroundings } from "./target.ts";

export const ROOM: string = mkdtempSync(join(tmpdir(), "backup-"));
after(() => rmSync(ROOM, { recursive: true, force: true }));

export const AROUND: Surroundings = {
  clock: systemClock,
  ids: systemIds,
  schedule: systemSchedule,
  notify: () => undefined,
};
export const ORIGIN: EventOrigin = { role: "control", name: "local", version: "0.1.0" };

export function emptyFolder(): string {
  return mkdtempSync(join(ROOM, "data-"));
}

export async function openAll(
  address: DatabaseAddress,
): Promise<{ readonly store: Store; readonly log: EventLog }> {
  const store = await openStore({ ...address, ...AROUND });
  await store.head();
  const log = await openLog({
    store,
    origin: ORIGIN,
    boot: newId("boot", systemClock.now(), systemIds),
    clock: systemClock,
  });
  return { store, log };
}

/** Fills a database, sealed with the master key of `data`. */
export async function fillInstance(data: string, address: DatabaseAddress, events = 1_200): Promise<void> {
  const { store, log } = await openAll(address);
  await openSecrets({
    store,
    masterKey: { kind: "own-file", path: join(data, "master.key") },
    clock: systemClock,
    ids: systemIds,
  });
  await store.write(async (tx) => {
    await tx.db
      .insertInto("instance")
      .values({ name: "id", value: newId("ins", systemClock.now(), systemIds) })
      .execute();
  });
  for (let i = 0; i < 40; i++) await addPerson(store, i);
  await store.write(async (tx) => {
    for (let i = 0; i < events; i++)
      await log.append(
        tx,
        componentEvent(ORIGIN, {
          time: systemClock.now(),
          component: ORIGIN,
          state: "started",
          message: `№ ${i} 🚪`,
        }),
      );
  });
  await store.close();
}

const NAMES = ["ada", "ädi", "Zoë", "_x", "b-b", "b_b", "日本", "🚪", "a", "B"];

export async function addPerson(store: Store, i: number): Promise<void> {
  const id = `usr_${NAMES[i % NAMES.length]}_${i}`;
  const now = systemClock.now();
  await store.write(async (tx) => {
    const row = { id, name: `${NAMES[i % NAMES.length]}-${i}`, display_name: `"${i}"\n\\`, role: "member" };
    await tx.db
      .insertInto("user")
      .values({ ...row, groups: '["x"]', disabled: i % 2, created_at: now, updated_at: now })
      .execute();
    await tx.db
      .insertInto("session")
      .values({
        ...{
          id: `ses_${i}`,
          bearer_hash: `hash-${i}`,
          payload: "{}",
          user_id: id,
          created_at: now,
          amr: "[]",
        },
        ...{ last_seen_at: now, idle_expires_at: now, absolute_expires_at: Number.MAX_SAFE_INTEGER },
      })
      .execute();
    await tx.db
      .insertInto("entry")
      .values({ cookie_hash: `cookie-${i}`, session_id: `ses_${i}`, host: "a.localhost", created_at: now })
      .execute();
    tx.record({ kind: "port", key: id, value: { port: 1_000 + i } });
  });
}

/** An instance on SQLite in a data folder of its own. */
export async function instanceFolder(events?: number): Promise<string> {
  const data = emptyFolder();
  await fillInstance(data, { path: sqliteFile(data) }, events);
  return data;
}

/** All that a database holds, without what a restore makes anew: the epoch, and the mark that it arrived. */
export async function contentOf(address: DatabaseAddress): Promise<readonly string[]> {
  const dump = await openDump(address);
  const lines: string[] = [];
  let table = "";
  for await (const line of dump.lines) {
    if (line.startsWith("{")) table = (JSON.parse(line) as { readonly table: string }).table;
    if (table === "counter" && line.startsWith("[")) lines.push(`counter at ${dump.position.number}`);
    else if (!(table === "instance" && line.startsWith('["arrived"'))) lines.push(line);
  }
  await dump.close();
  return lines;
}

export async function epochOf(address: DatabaseAddress): Promise<string> {
  const dump = await openDump(address);
  await dump.close();
  return dump.position.epoch;
}
