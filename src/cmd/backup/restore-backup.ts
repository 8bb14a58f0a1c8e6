/**
 * Puts a backup in the place of what a database holds. Everything is read and checked first: for SQLite in a file beside
 * the one in use, for PostgreSQL in a transaction; only a backup that is whole, of this version or an earlier one, and
 * sealed with the master key at hand takes effect, in one step. What was there before is kept.
 */
import { existsSync, linkSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PosternError } from "#kernel";
import type { Position } from "#link";
import { checkMasterKey, type MasterKeySource } from "#secrets";
import { migrationNames } from "#store";
import { type DatabaseAddress, maskedDatabase } from "../database.ts";
import { type ArchiveHeader, openArchive } from "./archive.ts";
import type { Connection } from "./connection.ts";
import { removeDatabase, replaceDatabase, stamp } from "./keep-aside.ts";
import { loadInto } from "./load.ts";
import { backupToFile } from "./make-backup.ts";
import {
  arrive,
  heldIn,
  instanceIn,
  makeTables,
  openTarget,
  refuseLiveNodes,
  type Surroundings,
} from "./target.ts";

export interface RestoreOptions extends Surroundings {
  readonly file: string;
  readonly data: string;
  readonly database: DatabaseAddress;
  /** What is there may be replaced. */
  readonly replace: boolean;
  readonly masterKey: MasterKeySource;
  readonly version: string;
  readonly onProgress?: (rows: number) => void;
}

export interface Restored {
  readonly madeAt: number;
  readonly position: Position;
  readonly rows: ReadonlyMap<string, number>;
  /** Where what was there before is kept. */
  readonly kept?: string;
  /** The master key was in the backup, and is in the data folder now. */
  readonly masterKeyRestored: boolean;
}

/** @throws PosternError `state.damaged`, `state.newer`, `conflict`, `state.unreachable`, `not_found`; then nothing has changed */
export async function restoreBackup(options: RestoreOptions): Promise<Restored> {
  const { file, data } = options;
  const opened = await openArchive(file);
  const key = join(data, "master.key.restoring");
  try {
    checkVersion(opened.header, file);
    if (opened.header.masterKey !== undefined) {
      rmSync(key, { force: true });
      writeFileSync(key, `${opened.header.masterKey}\n`, { mode: 0o600, flag: "wx", flush: true });
    }
    const restored =
      "path" in options.database
        ? await intoFile(options, options.database.path, opened, key)
        : await intoPostgres(options, options.database, opened, key);
    const { madeAt, epoch, number } = opened.header;
    return { madeAt, position: { epoch, number }, ...restored };
  } finally {
    opened.close();
    rmSync(key, { force: true });
  }
}

type Opened = Awaited<ReturnType<typeof openArchive>>;
type Done = Pick<Restored, "rows" | "kept" | "masterKeyRestored">;

async function intoFile(options: RestoreOptions, path: string, opened: Opened, key: string): Promise<Done> {
  const { replace, data, clock } = options;
  if (existsSync(path) && !replace) throw occupied(path);
  const next = join(data, "postern.db.restoring");
  removeDatabase(next);
  try {
    await makeTables({ path: next }, options);
    const connection = await openTarget({ path: next });
    let rows: ReadonlyMap<string, number>;
    try {
      rows = await fill(options, connection, opened, key);
      await connection.rows("commit");
    } finally {
      await connection.close();
    }
    // a kill between the two leaves a key that the old database does not open with; restoring again finishes it
    const masterKeyRestored = plantKey(options, key);
    const kept = replaceDatabase(path, next, clock.now());
    return { rows, masterKeyRestored, ...(kept === undefined ? {} : { kept }) };
  } finally {
    removeDatabase(next);
  }
}

async function intoPostgres(
  options: RestoreOptions,
  address: { readonly url: string },
  opened: Opened,
  key: string,
): Promise<Done> {
  const { replace, data, clock, version } = options;
  // before anything of it is touched, its tables included
  if (!replace && (await instanceIn(address)) !== undefined) throw occupied(maskedDatabase(address));
  await makeTables(address, options);
  const connection = await openTarget(address);
  try {
    await refuseLiveNodes(connection, address, clock.now());
    const { instance } = await heldIn(connection);
    if (instance !== undefined && !replace) throw occupied(maskedDatabase(address));
    const before = join(data, `before-restore-${stamp(clock.now())}.backup`);
    if (instance !== undefined) {
      // another connection waits for the lock of this one, so the lock is given up while all is kept, and taken again
      await connection.rows("rollback");
      await backupToFile(before, { database: address, version, clock });
      await connection.rows("begin");
      await connection.rows("lock table counter in access exclusive mode");
      await refuseLiveNodes(connection, address, clock.now());
    }
    const rows = await fill(options, connection, opened, key);
    const masterKeyRestored = plantKey(options, key);
    await connection.rows("commit");
    return { rows, masterKeyRestored, ...(instance === undefined ? {} : { kept: before }) };
  } finally {
    await connection.close();
  }
}

/** Loads all of it, and checks that its secrets will open. */
async function fill(
  options: RestoreOptions,
  connection: Connection,
  opened: Opened,
  key: string,
): Promise<ReadonlyMap<string, number>> {
  const rows = await loadInto(connection, opened.lines, options.onProgress);
  const [check] = await connection.rows("select sealed from secret where name = 'master-key-check'");
  const sealed = check?.["sealed"];
  const held = await heldIn(connection);
  if (held.instance === undefined || held.instance !== opened.header.instance) {
    throw new PosternError("state.damaged", "the backup holds no instance", {
      where: options.file,
      remedy: "take another one; nothing was changed",
    });
  }
  const source =
    opened.header.masterKey === undefined ? options.masterKey : ({ kind: "file", path: key } as const);
  if (typeof sealed === "string") await checkMasterKey(source, sealed);
  await arrive(connection, options);
  return rows;
}

/** Puts the key that came with the backup in its place. @returns whether there was one, and it was not there already */
function plantKey({ data, masterKey, replace, clock }: RestoreOptions, key: string): boolean {
  if (!existsSync(key)) return false;
  const path = masterKey.kind === "own-file" ? masterKey.path : join(data, "master.key");
  if (existsSync(path)) {
    if (readFileSync(path, "utf8").trim() === readFileSync(key, "utf8").trim()) return false;
    if (!replace) throw occupied(path);
    linkSync(path, `${path}.before-restore-${stamp(clock.now())}`);
  }
  renameSync(key, path);
  return true;
}

function checkVersion({ migrations, postern }: ArchiveHeader, file: string): void {
  const later = migrations.filter((name) => !migrationNames.includes(name));
  if (later.length === 0) return;
  throw new PosternError("state.newer", `the backup is of a later version of Postern, ${postern}`, {
    where: file,
    remedy: "restore it with that version",
  });
}

function occupied(where: string): PosternError {
  return new PosternError("conflict", "there is an instance already", {
    where,
    remedy: "add --replace, which keeps what is there beside it; or name another folder with --data DIR",
  });
}
