import { existsSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { growingPause, type Notify, type Schedule } from "#kernel";
import type { RecordsAccepted, SpoolRecord } from "#link";
import { type Batch, countLines, readBatch } from "./batch.ts";
import { isSegmentOf, type Segment } from "./segment.ts";

const FIRST_PAUSE_MS = 100;
const MOST_PAUSE_MS = 5_000;
/** How long the end of the process may wait for control. */
const FINISH_MS = 1_000;
/** With this many failures in a row it is said aloud; control that restarts is not worth a word. */
const LOUD_FAILURES = 4;

export interface ShipperOptions {
  readonly folder: string;
  readonly source: string;
  readonly schedule: Schedule;
  readonly notify: Notify;
  readonly ship: (records: readonly SpoolRecord[]) => Promise<RecordsAccepted>;
}

export interface Shipper {
  /** Says that another segment is written from now on. */
  follow(segment: Segment): void;
  /** Says that so many records were written. */
  written(records: number): void;
  /** Bytes that control has not acknowledged. */
  backlog(): number;
  /** Records that it has not. */
  unshipped(): number;
  /** Tries for a moment to ship the rest, and ends; whether nothing is left. */
  finish(): Promise<boolean>;
}

/** A file that waits: one of this boot grows or is full, one of a former boot has its size. */
type Waiting = Pick<Segment, "path" | "length">;

/**
 * Brings segments to control in the order of their names, former boots first, by reading them back from
 * disk: memory does not grow with what waits. A segment that control holds whole is removed. After a
 * failure the same batch is sent again; control takes each record once.
 */
export function startShipper(options: ShipperOptions, first: Segment): Shipper {
  const { schedule, ship, notify } = options;
  const queue: Waiting[] = [...formerSegments(options, first.path), first];
  let current: Waiting = first;
  /** Records of each that control has not acknowledged. */
  const records = new Map(
    queue.map((segment) => [segment, segment === first ? 0 : countLines(segment.path)]),
  );
  /** Up to here control holds the first of the queue. */
  let offset = 0;
  let failures = 0;
  let running: Promise<void> | undefined;
  /** The pause after a failure, while there is one. */
  const pause: { end?: () => void } = {};
  let again = false;
  let ended = false;

  /** Ships one batch; whether there may be another. */
  async function step(): Promise<boolean> {
    const segment = queue[0];
    if (segment === undefined || ended) return false;
    if (segment !== current && !existsSync(segment.path)) {
      notify({ event: "warning", message: "records that waited for control are gone", where: segment.path });
      drop();
      return true;
    }
    const batch = readBatch(segment.path, offset, segment.length);
    if (batch.end === offset) {
      if (segment === current) return false;
      // whole, but for a last line that was cut off before it was acknowledged
      rmSync(segment.path, { force: true });
      drop();
      return true;
    }
    if (batch.damaged > 0)
      notify({
        event: "warning",
        message: `${batch.damaged} damaged records are left out`,
        where: segment.path,
      });
    offset = await send(batch);
    const held = batch.records.filter(({ end }) => end <= offset).length;
    count(segment, -held - (offset === batch.end ? batch.damaged : 0));
    return true;
  }

  function count(segment: Waiting, by: number): void {
    records.set(segment, (records.get(segment) ?? 0) + by);
  }

  function drop(): void {
    const done = queue.shift();
    if (done !== undefined) records.delete(done);
    offset = 0;
  }

  /** Sends a batch; returns up to where control holds the segment. */
  async function send({ records, end }: Batch): Promise<number> {
    if (records.length === 0) return end;
    const { accepted } = await ship(records.map(({ record }) => record));
    const left = records.findIndex(({ record }) => record.sequence > (accepted[record.boot] ?? 0));
    if (left < 0) return end;
    const held = records[left - 1];
    if (held === undefined) throw new Error("control did not take them");
    return held.end;
  }

  async function run(): Promise<void> {
    try {
      do {
        again = false;
        while (await step()) failures = 0;
      } while (again);
    } catch (error) {
      if (++failures === LOUD_FAILURES)
        notify({ event: "warning", message: `records wait for control: ${String(error)}` });
      if (ended) return;
      pause.end = schedule.after(growingPause(failures - 1, FIRST_PAUSE_MS, MOST_PAUSE_MS), () => {
        delete pause.end;
        wake();
      });
    }
  }

  function endPause(): void {
    pause.end?.();
    delete pause.end;
  }

  function wake(): void {
    again = true;
    if (running !== undefined || pause.end !== undefined || ended) return;
    running = run().finally(() => {
      running = undefined;
      if (again) wake();
    });
  }

  wake();
  return {
    follow(segment) {
      queue.push(segment);
      current = segment;
    },
    written(many) {
      count(current, many);
      wake();
    },
    unshipped: () => [...records.values()].reduce((sum, many) => sum + many, 0),
    backlog: () => queue.reduce((sum, { length }) => sum + length, 0) - offset,
    async finish() {
      endPause();
      wake();
      let stopWaiting = (): void => undefined;
      const enough = new Promise<void>((resolve) => {
        stopWaiting = schedule.after(FINISH_MS, resolve);
      });
      await Promise.race([running, enough]);
      stopWaiting();
      ended = true;
      endPause();
      return queue.length === 1 && offset === current.length;
    },
  };
}

/** What former boots of this source left. Names begin with the boot, and boots with their time: the order of names is theirs. */
function formerSegments({ folder, source }: ShipperOptions, current: string): readonly Waiting[] {
  return readdirSync(folder)
    .filter((name) => isSegmentOf(source, name))
    .sort()
    .map((name) => join(folder, name))
    .filter((path) => path !== current)
    .map((path) => ({ path, length: statSync(path).size }));
}
