import { chmodSync, lstatSync, mkdirSync, realpathSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { PosternError, sha256Hex } from "#kernel";
import type { World } from "./world.ts";

/** `sun_path` of a Unix socket holds 108 bytes on Linux, 104 on macOS and BSD, with the closing zero. */
const MOST_SOCKET_PATH_BYTES = 103;
/** As long as the longest name of a socket in the run folder, with room for a `unix:` upstream of one's own. */
const LONGEST_SOCKET_NAME = "demo-payroll-0123.sock";

const OWN_UID = process.getuid?.() ?? 0;

/** The data folder that is meant: `--data`, else `POSTERN_DATA`, else the user's own (XDG Base Directory). Absolute, links followed. */
export function dataFolder(
  flag: string | undefined,
  world: Pick<World, "environment" | "folder">,
  name = "postern",
): string {
  const named = flag ?? world.environment["POSTERN_DATA"];
  if (named) return realPath(resolve(world.folder, named));
  const share = world.environment["XDG_DATA_HOME"];
  // relative paths in XDG variables are to be ignored
  return realPath(join(share && isAbsolute(share) ? share : join(homedir(), ".local", "share"), name));
}

/** The data folder of a gateway or an agent that joined, which has its own beside an instance's. */
export function memberFolder(
  role: "gateway" | "agent",
  flag: string | undefined,
  world: Pick<World, "environment" | "folder">,
): string {
  return dataFolder(flag, world, `postern-${role}`);
}

/**
 * The folder of an instance's sockets: inside the data folder, or, where that path is too long for a socket, in
 * the system's folder for temporary files under a name that follows from the data folder's.
 */
export function runFolder(data: string): string {
  const inside = join(data, "run");
  if (Buffer.byteLength(join(inside, LONGEST_SOCKET_NAME)) <= MOST_SOCKET_PATH_BYTES) return inside;
  return join(tmpdir(), `postern-${OWN_UID}-${sha256Hex(data).slice(0, 16)}`);
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path; // not made yet: its path is as real as it gets
  }
}

/**
 * Makes sure that a folder exists, is a folder of this user and closed to all others. What another user put in
 * its place (a link, a folder of theirs) is refused, since sockets in it would be theirs to swap.
 * @throws PosternError `folder.unwritable`, `folder.unsafe`
 */
export function makePrivateFolder(path: string): void {
  try {
    makeFolder(path);
  } catch (cause) {
    throw unwritable(path, cause);
  }
  checkPrivateFolder(path, { mend: true });
}

/** Step by step: the platform's own recursive way never returns where a folder cannot be made although its parent is there. */
function makeFolder(path: string): void {
  if (lstatSync(path, { throwIfNoEntry: false }) !== undefined) return;
  makeFolder(dirname(path));
  mkdirSync(path, { mode: 0o700 });
}

/** As `makePrivateFolder`, for a folder that must be there already. @throws PosternError `folder.unsafe` */
export function checkPrivateFolder(
  path: string,
  options: { readonly mend: boolean } = { mend: false },
): void {
  const found = lstatSync(path);
  if (!found.isDirectory()) throw unsafe(path, "is not a folder");
  if (found.uid !== OWN_UID) throw unsafe(path, "belongs to another user");
  if ((found.mode & 0o077) === 0) return;
  if (!options.mend) throw unsafe(path, "is open to other users");
  chmodSync(path, 0o700);
}

/** The data folder cannot be used to write into. */
export function unwritable(path: string, cause: unknown): PosternError {
  return new PosternError("folder.unwritable", `the data folder cannot be written (${codeOf(cause)})`, {
    where: path,
    remedy: "name a folder of your own with --data DIR",
    cause,
  });
}

function unsafe(path: string, what: string): PosternError {
  return new PosternError("folder.unsafe", `the folder ${what}`, {
    where: path,
    remedy: `look at it with ls -ld ${path}, and move it away if it is not yours`,
  });
}

function codeOf(cause: unknown): string {
  return cause instanceof Error && "code" in cause ? String(cause.code) : String(cause);
}
