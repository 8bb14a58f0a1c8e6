import { mkdirSync, rmSync } from "node:fs";
import type { OcsfEvent } from "#events";
import { type Notify, PosternError, type Schedule } from "#kernel";
import { chainStart, type RecordsAccepted, recordHash, type SpoolRecord } from "#link";
import { type FileOperations, fileOperations, Segment, segmentName } from "./segment.ts";
import { startShipper } from "./shipper.ts";

/** How often written records are asked onto the disk, in milliseconds. */
export const FSYNC_MS = 100;
/** A segment that has grown to this many bytes is followed by another. */
const SEGMENT_BYTES = 8 * 1024 * 1024;
/** With this many bytes waiting for control, nothing more is taken: what cannot be kept must not happen. */
const MOST_BACKLOG_BYTES = 1024 * 1024 * 1024;
/** The longest event that control takes, in UTF-16 units of its JSON text. */
const MOST_EVENT_LENGTH = 1024 * 1024;

export interface SpoolOptions {
  /** Made (0700) when it is not there; the folder around it is. */
  readonly folder: string;
  /** Who records, such as `gateway:local`. */
  readonly source: string;
  /** Identifies this start of the process; later ones sort after earlier ones. */
  readonly boot: string;
  readonly schedule: Schedule;
  /** Brings a batch to control; resolves with how far it rests there. */
  readonly ship: (records: readonly SpoolRecord[]) => Promise<RecordsAccepted>;
  readonly notify: Notify;
  /** How bytes reach a file: the platform's way unless a test gives another. */
  readonly files?: FileOperations;
  readonly segmentBytes?: number;
  readonly backlogBytes?: number;
}

export interface Spool {
  /**
   * Adds an event to this turn's group. `written` is called once: after the write that holds it, or with a
   * PosternError `log.unwritable` when it was not written, and then it does not exist.
   */
  append(event: OcsfEvent, written: (error?: Error) => void): void;
  /** False while records are not taken: the last write failed, the disk does not keep them, or too many wait for control. */
  readonly healthy: boolean;
  /** Records that were written and that control has not acknowledged yet, of this boot and of former ones. */
  readonly unshipped: number;
  /** Writes what waits, ships what it can in a second, and ends. */
  close(): Promise<void>;
}

interface Waiting {
  readonly text: string;
  readonly written: (error?: Error) => void;
}

/** Opens a spool for this boot; what former boots left is shipped first. @throws PosternError `folder.unwritable` */
export async function openSpool(options: SpoolOptions): Promise<Spool> {
  const { folder, source, boot, notify, segmentBytes = SEGMENT_BYTES } = options;
  const { files = fileOperations, backlogBytes = MOST_BACKLOG_BYTES } = options;
  let number = 1;
  const next = (): Segment => new Segment(folder, segmentName(source, boot, number++), files);
  let segment = await openFirst(folder, next);
  const shipper = startShipper(options, segment);

  let waiting: Waiting[] = [];
  let sequence = 0;
  let previous = chainStart(source, boot);
  let closed = false;
  /** Written and not yet known to be kept by the disk. */
  let unkept = new Set<Segment>();
  let keeping: Promise<void> | undefined;
  /** What went wrong at the last write and at the last try to keep it. */
  let writeTrouble: unknown;
  let diskTrouble: unknown;

  function flush(): void {
    const group = waiting;
    waiting = [];
    if (group.length === 0) return;
    const { lines, last, hash } = linesOf(group);
    try {
      if (diskTrouble !== undefined) throw diskTrouble;
      if (shipper.backlog() > backlogBytes) throw new Error("too much waits for control");
      if (segment.length >= segmentBytes) rotate();
      segment.append(Buffer.from(lines));
    } catch (cause) {
      if (writeTrouble === undefined)
        warn(`the log cannot be written, so everything is denied: ${String(cause)}`);
      writeTrouble = cause;
      const error = new PosternError("log.unwritable", "the log cannot be written", { where: folder, cause });
      for (const { written } of group) written(error);
      return;
    }
    sequence = last;
    previous = hash;
    unkept.add(segment);
    if (writeTrouble !== undefined) warn("the log can be written again");
    writeTrouble = undefined;
    for (const { written } of group) written();
    shipper.written(group.length);
  }

  function linesOf(group: readonly Waiting[]): { lines: string; last: number; hash: string } {
    let [lines, last, hash] = ["", sequence, previous];
    for (const { text } of group) {
      const record: SpoolRecord = { source, boot, sequence: ++last, previous: hash, event: text };
      hash = recordHash(record);
      lines += `${JSON.stringify(record)}\n`;
    }
    return { lines, last, hash };
  }

  function rotate(): void {
    const full = segment;
    segment = next();
    unkept.add(full);
    shipper.follow(segment);
  }

  /** Asks the disk to keep what was written; one asking at a time. A segment that is full is closed once it is kept. */
  async function keep(): Promise<void> {
    const asked = unkept;
    unkept = new Set();
    try {
      for (const written of asked) {
        await written.sync();
        asked.delete(written);
        // what was written to it while the disk was asked is still to be kept
        if (written !== segment && !unkept.has(written)) await written.close();
      }
      if (diskTrouble !== undefined) warn("the disk keeps the log again");
      diskTrouble = undefined;
    } catch (error) {
      unkept = new Set([...asked, ...unkept]);
      if (diskTrouble === undefined)
        warn(`the disk does not keep the log, so everything is denied: ${String(error)}`);
      diskTrouble = error;
    }
  }

  const stopKeeping = options.schedule.every(FSYNC_MS, () => {
    if (unkept.size === 0 || keeping !== undefined) return;
    keeping = keep().finally(() => {
      keeping = undefined;
    });
  });

  function warn(message: string): void {
    notify({ event: "warning", message });
  }

  return {
    append(event, written) {
      const text = JSON.stringify(event);
      const refusal = closed
        ? "the log is closed"
        : text.length > MOST_EVENT_LENGTH
          ? "the event is too long"
          : undefined;
      if (refusal !== undefined) {
        written(new PosternError("log.unwritable", refusal));
        return;
      }
      if (waiting.length === 0) setImmediate(flush);
      waiting.push({ text, written });
    },
    get healthy() {
      return writeTrouble === undefined && diskTrouble === undefined && shipper.backlog() <= backlogBytes;
    },
    get unshipped() {
      return shipper.unshipped();
    },
    async close() {
      if (closed) return;
      closed = true;
      flush();
      stopKeeping();
      const allShipped = await shipper.finish();
      await keeping;
      await keep();
      await segment.close();
      if (allShipped) rmSync(segment.path, { force: true });
    },
  };
}

async function openFirst(folder: string, next: () => Segment): Promise<Segment> {
  try {
    // not recursive: where a folder cannot be made although its parent is there, the platform never returns from that
    mkdirSync(folder, { mode: 0o700 });
  } catch (cause) {
    if (!(cause instanceof Error && "code" in cause && cause.code === "EEXIST"))
      throw unwritable(folder, cause);
  }
  try {
    return await Promise.resolve(next());
  } catch (cause) {
    throw unwritable(folder, cause);
  }
}

function unwritable(folder: string, cause: unknown): PosternError {
  return new PosternError("folder.unwritable", "the spool cannot be written", { where: folder, cause });
}
