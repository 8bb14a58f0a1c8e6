import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { PosternError } from "#kernel";
import { unwritable } from "../places.ts";

/** SQLITE_BUSY */
const BUSY = 5;

/** Held by the one supervisor of a data folder. */
export interface Lock {
  release(): void;
}

/**
 * Takes the data folder for this process, for as long as it lives. It is an empty SQLite file's exclusive lock: a
 * lock of the kernel, so it is gone with its holder however that ended, and no stale one needs judging.
 * @throws PosternError `state.busy` when another instance has it, `folder.unwritable`
 */
export function lockFolder(data: string): Lock {
  const path = join(data, "supervisor.lock");
  try {
    closeSync(openSync(path, "a", 0o600));
    const database = new DatabaseSync(path, { timeout: 0 });
    database.exec("PRAGMA journal_mode = MEMORY; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE");
    return { release: () => database.close() };
  } catch (cause) {
    if (cause instanceof Error && "errcode" in cause && cause.errcode === BUSY) {
      throw new PosternError("state.busy", "another Postern runs on this data folder", {
        where: data,
        remedy: "stop it first, or give this one its own folder with --data DIR",
        cause,
      });
    }
    throw unwritable(path, cause);
  }
}
