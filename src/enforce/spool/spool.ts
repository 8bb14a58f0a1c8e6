import { mkdirSync, rmSync } from "node:fs";
import type { OcsfEvent } from "#events";
import { type Clock, type Notify, PosternError, type Schedule } from "#kernel";
import { chainStart, type RecordsAccepted, recordHash, type SpoolRecord } from "#link";
import { Segment, segmentName, type WriteBytes, writeBytes } from "./segment.ts";
import { startShipper } from "./shipper.ts";

/** How often written records are asked onto the disk, in milliseconds. */
export const FSYNC_MS = 100;
/** A segment that has grown to this many bytes is followed by another. */
const SEGMENT_BYTES = 8 * 1024 * 1024;
/** With this many bytes waiting for control, nothing more is taken: what cannot be kept must not happen. */
const MOST_BACKLOG_BYTES = 1024 * 1024 * 1024;

export interface SpoolOptions {
  /** Made (0700) when it is not there. */
  readonly folder: string;
  /** Who records, such as `gateway:local`. */
  readonly source: string;
  /** Identifies this start of the process. */
  readonly boot: string;
  readonly clock: Clock;
  readonly schedule: Schedule;
  /** Brings a batch to control; resolves when it rests there. */
  readonly ship: (records: readonly SpoolRecord[]) => Promise<RecordsAccepted>;
  readonly notify: Notify;
  /** How bytes reach a file; `fs.writeSync` unless a test gives another. */
  readonly write?: WriteBytes;
  readonly segmentBytes?: number;
}

export interface Spool {
  /**
   * Adds an event to this turn's group. `written` is called once: after the write that holds it, or with a
   * PosternError `log.unwritable` when it was not written, and then it does not exist.
   */
  append(event: OcsfEvent, written: (error?: Error) => void): void;
  /** False after a write that failed, until one succeeds. */
  readonly healthy: boolean;
  /** Writes what waits, ships what it can in a second, and ends. */
  close(): Promise<void>;
}

interface Waiting {
  readonly text: string;
  readonly written: (error?: Error) => void;
}

/** Opens a spool for this boot; what former boots left is shipped first. @throws PosternError `folder.unwritable` */
export async function openSpool(options: SpoolOptions): Promise<Spool> {
  const { folder, source, boot, notify } = options;
  const write = options.write ?? writeBytes;
  const segmentBytes = options.segmentBytes ?? SEGMENT_BYTES;
  let number = 1;
  const next = (): Segment => new Segment(folder, segmentName(source, boot, number++), write);
  let segment: Segment;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    segment = next();
  } catch (cause) {
    throw new PosternError("folder.unwritable", "the spool cannot be written", { where: folder, cause });
  }
  const shipper = await startShipper({ ...options, current: () => segment });

  let waiting: Waiting[] = [];
  let sequence = 0;
  let previous = chainStart(source, boot);
  let healthy = true;
  let dirty = false;
  let closed = false;

  function flush(): void {
    const group = waiting;
    waiting = [];
    if (group.length === 0) return;
    let upTo = sequence;
    let hash = previous;
    let lines = "";
    for (const { text } of group) {
      const record: SpoolRecord = { source, boot, sequence: ++upTo, previous: hash, event: text };
      hash = recordHash(record);
      lines += `${JSON.stringify(record)}\n`;
    }
    try {
      if (shipper.backlog() > MOST_BACKLOG_BYTES) throw new Error("too much waits for control");
      if (segment.length >= segmentBytes) {
        const full = segment;
        segment = next();
        shipper.follow(segment.path);
        full.close();
      }
      segment.append(Buffer.from(lines));
    } catch (cause) {
      if (healthy)
        notify({
          event: "warning",
          message: `the log cannot be written, so everything is denied: ${String(cause)}`,
        });
      healthy = false;
      const error = new PosternError("log.unwritable", "the log cannot be written", { where: folder, cause });
      for (const { written } of group) written(error);
      return;
    }
    sequence = upTo;
    previous = hash;
    if (!healthy) notify({ event: "warning", message: "the log can be written again" });
    healthy = true;
    dirty = true;
    for (const { written } of group) written();
    shipper.wake();
  }

  const stopSyncing = options.schedule.every(FSYNC_MS, () => {
    if (!dirty) return;
    dirty = false;
    segment.sync().catch((error: unknown) => {
      healthy = false;
      notify({ event: "warning", message: `the disk does not keep the log: ${String(error)}` });
    });
  });

  return {
    append(event, written) {
      if (closed) {
        written(new PosternError("log.unwritable", "the log is closed"));
        return;
      }
      if (waiting.length === 0) setImmediate(flush);
      waiting.push({ text: JSON.stringify(event), written });
    },
    get healthy() {
      return healthy;
    },
    async close() {
      if (closed) return;
      closed = true;
      flush();
      stopSyncing();
      const allShipped = await shipper.finish();
      if (dirty) await segment.sync();
      segment.close();
      if (allShipped) rmSync(segment.path, { force: true });
    },
  };
}
