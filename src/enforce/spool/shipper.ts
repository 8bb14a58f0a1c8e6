import { closeSync, openSync, readdirSync, readSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { growingPause, type Notify, parseJson, type Schedule } from "#kernel";
import type { RecordsAccepted, SpoolRecord } from "#link";
import { isSegmentOf, type Segment } from "./segment.ts";

const BATCH_BYTES = 1024 * 1024;
const BATCH_RECORDS = 500;
const FIRST_PAUSE_MS = 100;
const MOST_PAUSE_MS = 5_000;
/** How long the end of the process may wait for control. */
const FINISH_MS = 1_000;

export interface ShipperOptions {
  readonly folder: string;
  readonly source: string;
  readonly schedule: Schedule;
  readonly notify: Notify;
  readonly ship: (records: readonly SpoolRecord[]) => Promise<RecordsAccepted>;
  /** The segment that is being written. */
  readonly current: () => Segment;
}

export interface Shipper {
  /** Says that another segment has become the current one. */
  follow(path: string): void;
  /** Says that there may be something new. */
  wake(): void;
  /** Bytes that control has not acknowledged. */
  backlog(): number;
  /** Tries for a moment to ship the rest; whether nothing is left. */
  finish(): Promise<boolean>;
}

/**
 * Brings segments to control in the order of their names, former boots first, by reading them back from
 * disk: memory does not grow with what waits. A segment that control holds whole is removed. After a
 * failure the same batch is sent again; control takes each record once.
 */
export async function startShipper(options: ShipperOptions): Promise<Shipper> {
  const { folder, source, schedule, ship, notify } = options;
  const former = readdirSync(folder)
    .filter((name) => isSegmentOf(source, name) && join(folder, name) !== options.current().path)
    .map((name) => join(folder, name))
    .sort((a, b) => statSync(a).mtimeMs - statSync(b).mtimeMs || a.localeCompare(b));
  const queue: string[] = [...former, options.current().path];
  let offset = 0;
  let attempt = 0;
  let running: Promise<void> | undefined;
  /** Ends the pause after a failure, while there is one. */
  const pause: { cancel?: () => void } = {};
  let again = false;

  /** Ships one batch; whether there was one. */
  async function step(): Promise<boolean> {
    const path = queue[0];
    if (path === undefined) return false;
    const current = options.current();
    const { records, bytes } = readBatch(path, offset, path === current.path ? current.length : undefined);
    if (records.length === 0) {
      if (path === current.path) return false;
      // whole, but for a last line that was cut off before it was acknowledged
      rmSync(path, { force: true });
      queue.shift();
      offset = 0;
      return true;
    }
    await ship(records);
    offset += bytes;
    return true;
  }

  async function run(): Promise<void> {
    try {
      do {
        again = false;
        while (await step()) attempt = 0;
      } while (again);
    } catch (error) {
      if (attempt === 3) notify({ event: "warning", message: `records wait for control: ${String(error)}` });
      pause.cancel = schedule.after(growingPause(attempt++, FIRST_PAUSE_MS, MOST_PAUSE_MS), () => {
        delete pause.cancel;
        wake();
      });
    }
  }

  function endPause(): void {
    pause.cancel?.();
    delete pause.cancel;
  }

  function wake(): void {
    again = true;
    if (running !== undefined || pause.cancel !== undefined) return;
    running = run().finally(() => {
      running = undefined;
      if (again && pause.cancel === undefined) wake();
    });
  }

  wake();
  return await Promise.resolve({
    follow: (path) => void queue.push(path),
    wake,
    backlog() {
      let waiting = 0;
      for (const path of queue)
        waiting += path === options.current().path ? options.current().length : size(path);
      return Math.max(0, waiting - offset);
    },
    async finish() {
      endPause();
      wake();
      await Promise.race([running, new Promise<void>((resolve) => schedule.after(FINISH_MS, resolve))]);
      endPause();
      return queue.length === 1 && offset === options.current().length;
    },
  });
}

function size(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

/** Whole lines from `offset`, as many as fit a batch. */
function readBatch(
  path: string,
  offset: number,
  end: number | undefined,
): { records: SpoolRecord[]; bytes: number } {
  const descriptor = openSync(path, "r");
  try {
    let wanted = BATCH_BYTES;
    for (;;) {
      const room = end === undefined ? wanted : Math.min(wanted, end - offset);
      const buffer = Buffer.allocUnsafe(Math.max(0, room));
      const length = readSync(descriptor, buffer, 0, buffer.length, offset);
      const records: SpoolRecord[] = [];
      let at = 0;
      while (records.length < BATCH_RECORDS) {
        const newline = buffer.subarray(0, length).indexOf(10, at);
        if (newline < 0) break;
        // our own lines, written by this room
        records.push(parseJson(buffer.toString("utf8", at, newline), path) as SpoolRecord);
        at = newline + 1;
      }
      // a line longer than a batch is read with more room
      if (records.length === 0 && length === wanted) wanted *= 2;
      else return { records, bytes: at };
    }
  } finally {
    closeSync(descriptor);
  }
}
