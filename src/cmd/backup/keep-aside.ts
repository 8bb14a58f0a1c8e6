/**
 * How a database of SQLite takes the place of another, and how one that is no longer used is kept. A write-ahead log
 * belongs to the file that it stands beside: put beside another one it would ruin it, so it is folded in first.
 */
import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { PosternError } from "#kernel";
import { unwritable } from "../places.ts";

const BESIDE = ["-wal", "-shm"];

/** A moment as part of a file's name, such as `20260131T101500Z`. */
export function stamp(now: number): string {
  return new Date(now).toISOString().replace(/[-:]|\.\d+/g, "");
}

/**
 * Puts the database file `next` in the place of `path`. At every moment there is a whole database at `path`, the old one
 * or the new one. Nobody may have either open.
 * @returns where the old one is kept; undefined when there was none
 */
export function replaceDatabase(path: string, next: string, now: number): string | undefined {
  try {
    fold(next);
    if (!existsSync(path)) {
      rename(next, path);
      return undefined;
    }
    const aside = freeName(`${path}.before-restore-${stamp(now)}`);
    if (!fold(path))
      for (const end of BESIDE) if (existsSync(path + end)) renameSync(path + end, aside + end);
    linkSync(path, aside);
    rename(next, path);
    return aside;
  } catch (cause) {
    if (cause instanceof PosternError) throw cause;
    throw unwritable(path, cause);
  }
}

/** Renames a database that is used no more. Nobody may have it open. Returns its new name; undefined when there is none. */
export function setAside(path: string, why: "moved", now: number): string | undefined {
  if (!existsSync(path)) return undefined;
  try {
    fold(path);
    const aside = freeName(`${path}.${why}-${stamp(now)}`);
    // the log first: a database whose log has gone before it is whole, but not its last
    for (const end of BESIDE) if (existsSync(path + end)) renameSync(path + end, aside + end);
    rename(path, aside);
    return aside;
  } catch (cause) {
    throw unwritable(path, cause);
  }
}

/** The newest file that `setAside` made of a database; undefined when there is none. */
export function keptOf(path: string, why: "moved"): string | undefined {
  const start = `${basename(path)}.${why}-`;
  const names = readdirSync(dirname(path)).filter(
    (name) => name.startsWith(start) && !/-(wal|shm)$/.test(name),
  );
  const newest = names.sort().at(-1);
  return newest === undefined ? undefined : join(dirname(path), newest);
}

/** Folds the write-ahead log into its database, which removes it; false when the database cannot be opened. */
function fold(path: string): boolean {
  try {
    const database = new DatabaseSync(path, { timeout: 2_000 });
    try {
      database.exec("pragma wal_checkpoint(truncate); pragma journal_mode = delete;");
    } finally {
      database.close();
    }
    for (const end of BESIDE) if (existsSync(path + end)) return false;
    return true;
  } catch (cause) {
    if (cause instanceof Error && "errcode" in cause && (Number(cause.errcode) & 0xff) === 5) {
      throw new PosternError("state.busy", "another process has the database open", {
        where: path,
        remedy: "stop Postern on this folder first",
        cause,
      });
    }
    return false;
  }
}

function freeName(wanted: string): string {
  let name = wanted;
  for (let i = 2; existsSync(name); i++) name = `${wanted}-${i}`;
  return name;
}

/** Renames, and has the disk keep it. */
function rename(from: string, to: string): void {
  renameSync(from, to);
  const folder = openSync(dirname(to), "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

/** Takes away what a restore that was interrupted left. */
export function removeDatabase(path: string): void {
  for (const end of ["", ...BESIDE, "-journal"]) rmSync(path + end, { force: true });
}
