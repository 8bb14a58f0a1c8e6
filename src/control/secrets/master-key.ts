import { constants, type Stats } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { dirname } from "node:path";
import { fromBase64Url, type IdSource, PosternError, toBase64Url } from "#kernel";
import { outputOf } from "./run-program.ts";

/** 256 bits. */
const KEY_BYTES = 32;

/** Where the master key comes from. */
export type MasterKeySource =
  /** A file of Postern's own in its data folder, made at the first start. */
  | { readonly kind: "own-file"; readonly path: string }
  /** A file that the operator named; it must be there. */
  | { readonly kind: "file"; readonly path: string }
  /** A file in `$CREDENTIALS_DIRECTORY` (systemd.exec(5), LoadCredential=). */
  | { readonly kind: "credential"; readonly path: string }
  /** A program, run without a shell, that writes the key to its standard output, such as `systemd-creds decrypt …`. */
  | { readonly kind: "command"; readonly argv: readonly [program: string, ...rest: string[]] };

/** Names the source in errors. */
export function placeOf(source: MasterKeySource): string {
  return source.kind === "command" ? source.argv[0] : source.path;
}

/**
 * Gets the master key.
 * @param needed the database holds what was sealed with it, so that a new one would be of no use
 * @throws PosternError `not_found` when a named source has none, `state.damaged` when what it has is no key or not kept
 * from others, `folder.unwritable` when a new one cannot be written
 */
export async function obtainMasterKey(
  source: MasterKeySource,
  needed: boolean,
  ids: IdSource,
): Promise<Uint8Array> {
  if (source.kind === "command") return decode(await outputOf(source.argv), source);
  const existing = await readKeyFile(source);
  if (existing !== undefined) return existing;
  if (source.kind === "file") {
    throw new PosternError("not_found", "there is no master key at the place that was named", {
      where: source.path,
      remedy: needed
        ? "name the file that this database was sealed with, or restore it from a backup"
        : `make one: (umask 077; head -c ${KEY_BYTES} /dev/urandom | basenc --base64url > ${source.path})`,
    });
  }
  if (source.kind === "credential") {
    throw new PosternError("not_found", "systemd has passed no master key", {
      where: source.path,
      remedy: "give the unit LoadCredential=postern-master-key:FILE, or LoadCredentialEncrypted=",
    });
  }
  if (needed) {
    throw new PosternError("state.damaged", "the master key is missing, and the database needs it", {
      where: source.path,
      remedy:
        "copy this file from the control node that has it, or restore it from a backup; without it, start with another database and an empty folder: --data DIR",
    });
  }
  return await createMasterKey(source.path, ids);
}

type KeyFile = Exclude<MasterKeySource, { kind: "command" }>;

/** Returns undefined when there is no such file. */
async function readKeyFile(source: KeyFile): Promise<Uint8Array | undefined> {
  const { path } = source;
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
    if (!about.isFile() || !isPrivate(about, source.kind)) {
      throw new PosternError("state.damaged", "the master key can be read by others on this machine", {
        where: path,
        remedy: source.kind === "credential" ? "let systemd make it: LoadCredential=" : `chmod 600 ${path}`,
      });
    }
    if (about.size > MOST_FILE_BYTES) throw noKey(source, new RangeError(`${about.size} bytes`));
    return decode(await file.readFile("utf8"), source);
  } finally {
    await file.close();
  }
}

const MOST_FILE_BYTES = 4_096;

/**
 * A credential is systemd's: 0400, and where the unit's user reads it through an access control list, the list's
 * mask stands where the mode has its group, so 0440. It is on a file system of the unit's own either way.
 */
function isPrivate(about: Stats, kind: KeyFile["kind"]): boolean {
  return (about.mode & (kind === "credential" ? 0o037 : 0o077)) === 0;
}

/**
 * Makes a new master key at `path`, for its owner alone, and returns once it is on the disk.
 * @throws PosternError `folder.unwritable`, also when something has that name already.
 */
async function createMasterKey(path: string, ids: IdSource): Promise<Uint8Array> {
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

/** Base64url (RFC 4648 §5), with or without padding. */
function decode(text: string, source: MasterKeySource): Uint8Array {
  try {
    const key = fromBase64Url(text.trim().replace(/=$/, ""));
    if (key.length !== KEY_BYTES) throw new RangeError(`${key.length} bytes`);
    return key;
  } catch (cause) {
    throw noKey(source, cause);
  }
}

function noKey(source: MasterKeySource, cause: unknown): PosternError {
  return source.kind === "command"
    ? new PosternError("state.damaged", "the master key's program wrote something that is no key", {
        where: placeOf(source),
        remedy: `it must write ${KEY_BYTES} bytes in base64url and nothing else`,
        cause,
      })
    : new PosternError("state.damaged", "the file of the master key holds no key", {
        where: source.path,
        remedy: "restore this file from a backup",
        cause,
      });
}

function errorCode(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
