import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { dirname } from "node:path";
import { fromBase64Url, type IdSource, PosternError, toBase64Url } from "#kernel";

/** 256 bits. */
const KEY_BYTES = 32;

/**
 * Reads the master key.
 * @returns undefined when there is no such file.
 * @throws PosternError `state.damaged` when it is not a private file that holds a key.
 */
export async function readMasterKey(path: string): Promise<Uint8Array | undefined> {
  let file: FileHandle;
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch (cause) {
    if (errorCode(cause) === "ENOENT") return undefined;
    throw new PosternError("state.damaged", "the master key cannot be read", {
      where: path,
      remedy: "make it a file, not a link, that this user owns",
      cause,
    });
  }
  try {
    // the open file is asked, not the path, which could name another by now
    const about = await file.stat();
    if (!about.isFile() || (about.mode & 0o077) !== 0) {
      throw new PosternError("state.damaged", "the master key can be read by others on this machine", {
        where: path,
        remedy: `chmod 600 ${path}`,
      });
    }
    return decode((await file.readFile("utf8")).trim(), path);
  } finally {
    await file.close();
  }
}

/**
 * Makes a new master key at `path`, for its owner alone, and returns once it is on the disk.
 * @throws PosternError `folder.unwritable`, also when something has that name already.
 */
export async function createMasterKey(path: string, ids: IdSource): Promise<Uint8Array> {
  const key = ids.random(KEY_BYTES);
  try {
    const file = await open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
    try {
      await file.writeFile(`${toBase64Url(key)}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    const folder = await open(dirname(path), constants.O_RDONLY);
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
    return key;
  } catch (cause) {
    throw new PosternError("folder.unwritable", "the master key cannot be written", {
      where: path,
      remedy: "give this user the data folder, or choose another with --data DIR",
      cause,
    });
  }
}

function decode(text: string, path: string): Uint8Array {
  try {
    const key = fromBase64Url(text);
    if (key.length !== KEY_BYTES) throw new RangeError(`${key.length} bytes`);
    return key;
  } catch (cause) {
    throw new PosternError("state.damaged", "the file of the master key holds no key", {
      where: path,
      remedy: "restore this file from a backup",
      cause,
    });
  }
}

function errorCode(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
