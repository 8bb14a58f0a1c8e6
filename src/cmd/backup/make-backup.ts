import {
  closeSync,
  createWriteStream,
  existsSync,
  fsyncSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { Transform, type Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Clock } from "#kernel";
import { PosternError } from "#kernel";
import type { Position } from "#link";
import type { DatabaseAddress } from "../database.ts";
import { archive } from "./archive.ts";
import { openDump } from "./dump.ts";
import { stamp } from "./keep-aside.ts";

export interface BackupOptions {
  readonly database: DatabaseAddress;
  readonly version: string;
  readonly clock: Clock;
  /** Base64url, where it is to be in the file. */
  readonly masterKey?: string;
  /** Called about once a second. */
  readonly onProgress?: (rows: number) => void;
}

export interface Backup {
  readonly position: Position;
  readonly rows: ReadonlyMap<string, number>;
  readonly bytes: number;
  readonly at: number;
}

/** Writes a backup to a file, for its owner alone: whole under that name, or not at all. @throws PosternError */
export async function backupToFile(
  path: string,
  options: BackupOptions,
): Promise<Backup & { readonly path: string }> {
  const file =
    existsSync(path) && statSync(path).isDirectory() ? join(path, defaultName(options.clock)) : path;
  const next = `${file}.part`;
  try {
    rmSync(next, { force: true });
    const made = await backupTo(createWriteStream(next, { mode: 0o600, flags: "wx", flush: true }), options);
    renameSync(next, file);
    keepOnDisk(dirname(file));
    return { ...made, path: file };
  } catch (cause) {
    rmSync(next, { force: true });
    if (cause instanceof PosternError) throw cause;
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
    throw new PosternError("folder.unwritable", `the backup cannot be written (${code || String(cause)})`, {
      where: file,
      remedy:
        code === "ENOSPC"
          ? "make room on that disk, or name a file on another"
          : "name a file in a folder of yours",
      cause,
    });
  }
}

/** Writes a backup to a stream and ends it. */
export async function backupTo(out: Writable, options: BackupOptions): Promise<Backup> {
  const { database, version, clock, masterKey, onProgress } = options;
  const dump = await openDump(database);
  const at = clock.now();
  let bytes = 0;
  let told = clock.monotonic();
  const counting = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      if (clock.monotonic() - told >= 1_000) {
        told = clock.monotonic();
        onProgress?.([...dump.rows.values()].reduce((sum, count) => sum + count, 0));
      }
      done(null, chunk);
    },
  });
  try {
    const { instance, position, migrations } = dump;
    const header = {
      ...{ postern: version, madeAt: at, instance, migrations, ...position },
      ...(masterKey === undefined ? {} : { masterKey }),
    };
    await pipeline(archive(header, dump.lines), counting, out);
    return { position, rows: dump.rows, bytes, at };
  } finally {
    await dump.close();
  }
}

function defaultName(clock: Clock): string {
  return `postern-${stamp(clock.now())}.backup`;
}

function keepOnDisk(folder: string): void {
  const descriptor = openSync(folder, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
