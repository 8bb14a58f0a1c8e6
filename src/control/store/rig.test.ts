import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import pg from "pg";
import { PosternError, systemClock, systemIds, systemSchedule } from "#kernel";
import type { EntityChange, Position } from "#link";
import { type Postgres, startPostgres } from "../../../test/harness/postgres.ts";
import { type DatabasePlace, openStore, type Store, type WriteTransaction } from "./index.ts";

export const folder = mkdtempSync(join(tmpdir(), "postern-store-"));
after(() => rmSync(folder, { recursive: true, force: true }));

let made = 0;
export function freshPath(): string {
  return join(folder, `${++made}.db`);
}

export async function open(path: string = freshPath()): Promise<Store> {
  return await openPlace({ path });
}

/** Messages of the stores of this file, oldest first. */
export const notices: string[] = [];

async function openPlace(place: DatabasePlace): Promise<Store> {
  return await openStore({
    ...place,
    clock: systemClock,
    ids: systemIds,
    schedule: systemSchedule,
    notify: ({ message }) => void notices.push(message ?? ""),
  });
}

/** A kind of database that the contracts of the store are held on. */
export interface DatabaseOfTest {
  readonly name: string;
  /** Why its tests are left out. */
  readonly skip: string | false;
  /** Its programs, where they are not those from npm. */
  readonly bin?: string | undefined;
  /** An empty one. */
  readonly fresh: () => Promise<DatabasePlace>;
  readonly open: (place?: DatabasePlace) => Promise<Store>;
}

export const SQLITE: DatabaseOfTest = {
  name: "SQLite",
  skip: false,
  fresh: async () => await Promise.resolve({ path: freshPath() }),
  open: async (place) => await openPlace(place ?? (await SQLITE.fresh())),
};

const servers: Promise<Postgres>[] = [];
after(async () => {
  for (const server of servers) await (await server).remove();
});

/** A server that its tests may stop, beside the one that the others share. */
export async function ownPostgres(bin: string | undefined): Promise<Postgres> {
  const server = startPostgres(bin === undefined ? {} : { bin });
  servers.push(server);
  return await server;
}

function postgres(name: string, bin: string | undefined, skip: string | false): DatabaseOfTest {
  let server: Promise<Postgres> | undefined;
  const own: DatabaseOfTest = {
    name,
    skip,
    bin,
    async fresh() {
      server ??= startPostgres(bin === undefined ? {} : { bin });
      if (!servers.includes(server)) servers.push(server);
      return { url: await (await server).createDatabase() };
    },
    open: async (place) => await openPlace(place ?? (await own.fresh())),
  };
  return own;
}

const DEBIAN = process.env["POSTERN_TEST_POSTGRES_BIN"];
/** Those that several nodes may share. */
export const SHARED: readonly DatabaseOfTest[] = [
  postgres("PostgreSQL 18", undefined, false),
  postgres(
    "PostgreSQL 15",
    DEBIAN,
    DEBIAN === undefined && "POSTERN_TEST_POSTGRES_BIN names no programs of Debian's PostgreSQL",
  ),
];
export const DATABASES: readonly DatabaseOfTest[] = [SQLITE, ...SHARED];

/** The address of a shared one. */
export function urlOf(place: DatabasePlace): string {
  assert.ok("url" in place);
  return place.url;
}

/** One statement on a connection of its own. */
export async function queryOf<R extends pg.QueryResultRow>(url: string, text: string): Promise<R[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<R>(text)).rows;
  } finally {
    await client.end();
  }
}

/** Adds a row to the log, as `#log` does. */
export async function addEvent({ db, orderEvents }: WriteTransaction, sequence: number): Promise<void> {
  await orderEvents();
  await db
    .insertInto("event")
    .values({
      ...{ source: "gateway:a", boot: "b", sequence, previous: "", time: 0, class_uid: 0 },
      ...{ kind: "decision", decision_id: null, effect: null, resource: null, subject: null, body: "{}" },
    })
    .execute();
}

/** A place in the log of this store's epoch. */
export async function at(store: Store, number: number): Promise<Position> {
  return { epoch: (await store.head()).epoch, number };
}

export function port(key: string, value: number | null): EntityChange {
  return { kind: "port", key, value: value === null ? null : { port: value } };
}

export async function refusal(work: () => Promise<unknown>): Promise<PosternError> {
  try {
    await work();
  } catch (error) {
    assert.ok(error instanceof PosternError, `an error with a code, not ${String(error)}`);
    return error;
  }
  assert.fail("it was not refused");
}

/** What an enforcement point holds that applies `changes` to nothing. */
export function fold(changes: readonly { entities: readonly EntityChange[] }[]): Map<string, unknown> {
  const held = new Map<string, unknown>();
  for (const { entities } of changes) {
    for (const { kind, key, value } of entities) {
      if (value === null) held.delete(`${kind} ${key}`);
      else held.set(`${kind} ${key}`, value);
    }
  }
  return held;
}

export function sorted(map: ReadonlyMap<string, unknown>): [string, unknown][] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** A repeatable stream of numbers from 0 to 1 (mulberry32), so that a failure can be seen again. */
export function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}
