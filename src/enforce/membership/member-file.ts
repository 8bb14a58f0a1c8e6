/** `member.json`: who this machine is in its instance, with its private key, in one file that is replaced whole or not at all. */
import { constants, type Stats } from "node:fs";
import { type FileHandle, open, readdir, rename, stat, unlink } from "node:fs/promises";
import { join } from "node:path";
import { PosternError, parseJson } from "#kernel";
import { parseMembership } from "#link";
import { type Member, memberOf } from "./member.ts";

/** Grows when an earlier version could not read what a later one writes. */
const FORMAT = 1;
const NAME = "member.json";
/** Certificates of two authorities, a chain and a key are below 10 KiB. */
const MOST_BYTES = 1_048_576;

/** Tells one state of the file from another. */
export type FileMark = string;

export function memberPath(folder: string): string {
  return join(folder, NAME);
}

/**
 * @throws PosternError `not_found`; `folder.unsafe` when others may read it; `state.newer` or `state.damaged` when it cannot
 * be understood
 */
export async function readMemberFile(
  folder: string,
): Promise<{ readonly member: Member; readonly mark: FileMark }> {
  const path = memberPath(folder);
  const file = await openFile(path);
  try {
    const stats = await file.stat();
    if (!stats.isFile() || (stats.mode & 0o077) !== 0)
      throw new PosternError("folder.unsafe", "others may use the file of this machine's key", {
        where: path,
        remedy: `join again if others have been on this machine; otherwise: chmod 600 ${path}`,
      });
    if (stats.size > MOST_BYTES) throw damaged(path);
    return { member: parseMember(await file.readFile("utf8"), path), mark: markOf(stats) };
  } finally {
    await file.close();
  }
}

/** Undefined when there is no file. */
export async function memberFileMark(folder: string): Promise<FileMark | undefined> {
  try {
    return markOf(await stat(memberPath(folder)));
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** Puts a membership to rest in place of the one before: after a crash at any moment one of the two is there, whole. */
export async function writeMemberFile(folder: string, member: Member): Promise<FileMark> {
  const { key, role, name, trustDomain, certificate, authorities, controls } = member;
  const content = { format: FORMAT, role, name, trustDomain, key, certificate, authorities, controls };
  const part = partPath(folder);
  try {
    const file = await createPart(part);
    try {
      await file.writeFile(`${JSON.stringify(content, undefined, 2)}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(part, memberPath(folder));
    await syncFolder(folder);
    return markOf(await stat(memberPath(folder)));
  } catch (cause) {
    throw unwritable(folder, cause);
  }
}

/** Finds out before anything is at stake whether a membership can be put to rest here. @throws PosternError `folder.unwritable` */
export async function checkWritable(folder: string): Promise<void> {
  try {
    const part = partPath(folder);
    await (await createPart(part)).close();
    await unlink(part);
  } catch (cause) {
    throw unwritable(folder, cause);
  }
}

/** Removes what processes left that were ended while they wrote: it holds keys. */
export async function removeParts(folder: string): Promise<void> {
  for (const name of await readdir(folder))
    if (/^member\.json\.\d+\.new$/.test(name)) await unlink(join(folder, name));
}

function parseMember(text: string, path: string): Member {
  try {
    const content = parseJson(text, path);
    const { format, key } = isObject(content) ? content : {};
    if (typeof format === "number" && format > FORMAT)
      throw new PosternError(
        "state.newer",
        "this machine's membership was written by a later version of Postern",
        {
          where: path,
          remedy: "run that version, or join again",
        },
      );
    if (format !== FORMAT || typeof key !== "string") throw damaged(path);
    return memberOf(parseMembership(content), key);
  } catch (error) {
    if (error instanceof PosternError && error.code === "state.newer") throw error;
    throw damaged(path, error);
  }
}

async function openFile(path: string): Promise<FileHandle> {
  try {
    return await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch (cause) {
    switch (codeOf(cause)) {
      case "ENOENT":
        throw new PosternError("not_found", "this machine has not joined an instance", {
          where: path,
          remedy:
            "make a token at control (postern gateway token NAME, or postern agent token NAME) and join with it",
          cause,
        });
      case "ELOOP":
        throw new PosternError("folder.unsafe", "the file of this machine's key is a link", {
          where: path,
          cause,
        });
      default:
        throw new PosternError("folder.unsafe", "the file of this machine's key cannot be read", {
          where: path,
          cause,
        });
    }
  }
}

/** A process has one of its own, so that two that write at once replace each other's work whole. */
function partPath(folder: string): string {
  return join(folder, `${NAME}.${process.pid}.new`);
}

async function createPart(path: string): Promise<FileHandle> {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
  try {
    return await open(path, flags, 0o600);
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw error;
    // of an earlier process that had the same id
    await unlink(path);
    return await open(path, flags, 0o600);
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function markOf({ ino, mtimeMs, size }: Stats): FileMark {
  return `${ino} ${mtimeMs} ${size}`;
}

function unwritable(folder: string, cause: unknown): PosternError {
  if (cause instanceof PosternError) return cause;
  return new PosternError("folder.unwritable", "the membership cannot be written", {
    where: memberPath(folder),
    remedy: "make the folder writable for this user, and see that the disk is not full",
    cause,
  });
}

function damaged(path: string, cause?: unknown): PosternError {
  return new PosternError("state.damaged", "the file of this machine's membership is not whole", {
    where: path,
    remedy: "join again with a new token",
    ...(cause === undefined ? {} : { cause }),
  });
}

function isObject(value: unknown): value is { readonly [member: string]: unknown } {
  return typeof value === "object" && value !== null;
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
