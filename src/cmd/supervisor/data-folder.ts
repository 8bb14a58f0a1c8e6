import { lstatSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PosternError } from "#kernel";
import { makePrivateFolder, unwritable } from "../places.ts";
import type { InstanceSettings } from "../settings.ts";
import { type Lock, lockFolder } from "./lock.ts";

/**
 * Makes the data folder and the run folder, each closed to other users, and takes the data folder for this
 * process. @throws PosternError `folder.unwritable`, `folder.unsafe`, `state.busy`
 */
export function takeFolders(settings: Pick<InstanceSettings, "data" | "run">): Lock {
  refuseSomebodyElses(settings.data);
  makePrivateFolder(settings.data);
  const lock = lockFolder(settings.data);
  try {
    makePrivateFolder(settings.run);
  } catch (error) {
    lock.release();
    throw error;
  }
  return lock;
}

/** Closing a folder to others would break it for them, so one that is open and holds other things is not taken. */
function refuseSomebodyElses(data: string): void {
  let entries: string[];
  try {
    const found = lstatSync(data, { throwIfNoEntry: false });
    if (found === undefined || (found.mode & 0o077) === 0) return;
    entries = readdirSync(data);
  } catch (cause) {
    throw unwritable(data, cause);
  }
  if (entries.length === 0 || entries.includes("postern.db")) return;
  throw new PosternError("folder.unsafe", "the data folder is open to other users and holds other things", {
    where: data,
    remedy: "name an empty folder, or one that does not exist, with --data DIR",
  });
}

/** Leaves the setup link where only this user can read it, for a start without a terminal. Returns the file's path. */
export function leaveSetupLink(data: string, url: string): string {
  const path = removeSetupLink(data);
  writeFileSync(path, `${url}\n`, { mode: 0o600, flag: "wx" });
  return path;
}

/** Takes away the link of an earlier start. */
export function removeSetupLink(data: string): string {
  const path = join(data, "setup-link");
  rmSync(path, { force: true });
  return path;
}
