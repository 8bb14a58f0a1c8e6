/**
 * The file of a backup: lines of JSON, gzipped (RFC 1952). The first says what it is, the last how many lines there are
 * and their SHA-256, so that a file that was cut or altered is told from a whole one before anything is done with it.
 * Between them stand the lines of the store's dump, which are the same whatever the database.
 */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { pipeline, Readable } from "node:stream";
import { createGunzip, createGzip } from "node:zlib";
import { PosternError, parseJson } from "#kernel";

const FORMAT = "postern-backup";
/** Grows when a reader of the version before could not read it. */
const VERSION = 1;
/** A policy set is the longest there is. */
const MOST_LINE_BYTES = 256 * 1024 * 1024;

const CHUNK_LENGTH = 64 * 1024;

/** What a backup says of itself. */
export interface ArchiveHeader {
  /** Of Postern. */
  readonly postern: string;
  /** Milliseconds since the Unix epoch. */
  readonly madeAt: number;
  readonly instance: string;
  readonly epoch: string;
  readonly number: number;
  /** The migrations that its database had had. */
  readonly migrations: readonly string[];
  /** Base64url; only where it was asked for. */
  readonly masterKey?: string;
}

/** The bytes of a backup. */
export function archive(header: ArchiveHeader, dump: AsyncIterable<string>): Readable {
  async function* chunks(): AsyncGenerator<string> {
    const hash = createHash("sha256");
    let count = -1;
    let chunk = "";
    for await (const line of withFirst(
      JSON.stringify({ format: FORMAT, version: VERSION, ...header }),
      dump,
    )) {
      count += 1;
      hash.update(`${line}\n`);
      chunk += `${line}\n`;
      // each goes to the compressor's thread and back
      if (chunk.length < CHUNK_LENGTH) continue;
      yield chunk;
      chunk = "";
    }
    yield `${chunk}${JSON.stringify({ lines: count, sha256: hash.digest("hex") })}\n`;
  }
  const zip = createGzip();
  const text = Readable.from(chunks(), { objectMode: false, highWaterMark: CHUNK_LENGTH });
  // a failure of either ends both, and whoever reads the bytes learns of it
  return pipeline(text, zip, () => undefined);
}

async function* withFirst(first: string, rest: AsyncIterable<string>): AsyncGenerator<string> {
  yield first;
  yield* rest;
}

export interface OpenArchive {
  readonly header: ArchiveHeader;
  /** The dump's lines; throws after the last one when the file was cut or altered, so what was done with them must be undone. */
  readonly lines: AsyncIterable<string>;
  close(): void;
}

/**
 * Opens a backup.
 * @throws PosternError `not_found`, `state.damaged` when it is no whole backup, `state.newer`
 */
export async function openArchive(path: string): Promise<OpenArchive> {
  const source = createReadStream(path);
  const unzip = createGunzip();
  source.on("error", (error) => unzip.destroy(error));
  const all = split(source.pipe(unzip))[Symbol.asyncIterator]();
  const close = (): void => {
    source.destroy();
    unzip.destroy();
  };
  try {
    const first = await all.next();
    if (first.done === true) throw new RangeError("it is empty");
    const header = headerOf(first.value, path);
    return { header, lines: checked(all, first.value, path), close };
  } catch (cause) {
    close();
    throw refusal(path, cause);
  }
}

/** Gives out each line once the one after it is there: the last one is not the dump's. */
async function* checked(all: AsyncIterator<string>, first: string, path: string): AsyncGenerator<string> {
  const hash = createHash("sha256").update(`${first}\n`);
  let count = 0;
  try {
    let line = await all.next();
    for (;;) {
      if (line.done === true) throw new RangeError("it ends too early");
      const next = await all.next();
      if (next.done === true) {
        checkEnd(line.value, count, hash.digest("hex"));
        return;
      }
      count += 1;
      hash.update(`${line.value}\n`);
      yield line.value;
      line = next;
    }
  } catch (cause) {
    throw refusal(path, cause);
  }
}

function checkEnd(text: string, count: number, sha256: string): void {
  const end = parseJson(text, "the last line");
  const has = typeof end === "object" && end !== null ? (end as { readonly [name: string]: unknown }) : {};
  if (has["lines"] !== count || has["sha256"] !== sha256) throw new RangeError("its hash is another");
}

async function* split(bytes: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let pending: Buffer[] = [];
  let length = 0;
  for await (const chunk of bytes) {
    let from = 0;
    for (;;) {
      const end = chunk.indexOf(0x0a, from);
      if (end === -1) break;
      pending.push(chunk.subarray(from, end));
      yield Buffer.concat(pending).toString("utf8");
      pending = [];
      length = 0;
      from = end + 1;
    }
    const rest = chunk.subarray(from);
    length += rest.length;
    if (length > MOST_LINE_BYTES) throw new RangeError("a line is too long");
    if (rest.length > 0) pending.push(rest);
  }
  if (length > 0) throw new RangeError("it ends within a line");
}

function headerOf(text: string, path: string): ArchiveHeader {
  const value = parseJson(text, "the first line");
  const has =
    typeof value === "object" && value !== null ? (value as { readonly [name: string]: unknown }) : {};
  if (has["format"] !== FORMAT) throw new RangeError("it is not one of Postern's");
  if (has["version"] !== VERSION) {
    throw new PosternError("state.newer", "this backup was written by a later version of Postern", {
      where: path,
      remedy: `restore it with that version${typeof has["postern"] === "string" ? `, ${has["postern"]}` : ""}`,
    });
  }
  const { postern, madeAt, instance, epoch, number, migrations, masterKey } = has;
  if (
    typeof postern !== "string" ||
    typeof madeAt !== "number" ||
    typeof instance !== "string" ||
    typeof epoch !== "string" ||
    typeof number !== "number" ||
    !Array.isArray(migrations) ||
    !migrations.every((name) => typeof name === "string") ||
    !(masterKey === undefined || typeof masterKey === "string")
  )
    throw new RangeError("its first line is not whole");
  return {
    ...{ postern, madeAt, instance, epoch, number, migrations },
    ...(masterKey === undefined ? {} : { masterKey }),
  };
}

function refusal(path: string, cause: unknown): unknown {
  if (cause instanceof PosternError && cause.code !== "input.malformed") return cause;
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  if (code === "ENOENT" || code === "EACCES" || code === "EISDIR") {
    return new PosternError("not_found", `the backup cannot be read (${code})`, {
      where: path,
      remedy: "name the file that postern backup wrote",
      cause,
    });
  }
  const why = cause instanceof Error ? cause.message : String(cause);
  return new PosternError("state.damaged", `this is no whole backup: ${why}`, {
    where: path,
    remedy: "take another one; nothing was changed",
    cause,
  });
}
