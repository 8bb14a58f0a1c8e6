import { PosternError } from "#kernel";

/** What the primary result codes of SQLite (https://www.sqlite.org/rescode.html) mean to whoever starts us. */
const REASONS: ReadonlyMap<number, "busy" | "unwritable" | "full"> = new Map([
  [5, "busy"], // SQLITE_BUSY
  [6, "busy"], // SQLITE_LOCKED
  [8, "unwritable"], // SQLITE_READONLY
  [13, "full"], // SQLITE_FULL
  [14, "unwritable"], // SQLITE_CANTOPEN
]);

const UNWRITABLE: ReadonlySet<unknown> = new Set([
  "EACCES",
  "EPERM",
  "EROFS",
  "ENOENT",
  "ENOTDIR",
  "EISDIR",
  "ENOSPC",
  "EDQUOT",
]);

/** Why the database cannot be opened. */
export function unreadable(path: string, cause: unknown): PosternError {
  const message = cause instanceof Error ? cause.message : String(cause);
  const result = cause instanceof Error && "errcode" in cause ? Number(cause.errcode) & 0xff : -1;
  const reason = REASONS.get(result);
  if (reason === "busy") {
    return new PosternError("state.busy", "another process has the database", {
      where: path,
      remedy: "stop the other Postern, or choose another folder with --data DIR",
      cause,
    });
  }
  if (reason === "full") {
    return new PosternError("folder.unwritable", "the disk of the data folder is full", {
      where: path,
      remedy: "make room on the disk",
      cause,
    });
  }
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  if (reason === "unwritable" || UNWRITABLE.has(code)) {
    return new PosternError("folder.unwritable", `the database cannot be written (${message})`, {
      where: path,
      remedy: "give this user the folder, or choose another with --data DIR",
      cause,
    });
  }
  return new PosternError("state.damaged", `the database cannot be read (${message})`, {
    where: path,
    remedy: "restore a backup of this file, or start with an empty folder: --data DIR",
    cause,
  });
}

/** Says of an error of a statement what it means where it is the disk's or another process's fault; any other is given back as it is. */
export function explainedSqlite(error: unknown, path: string): unknown {
  const result = error instanceof Error && "errcode" in error ? Number(error.errcode) & 0xff : -1;
  return REASONS.has(result) ? unreadable(path, error) : error;
}
