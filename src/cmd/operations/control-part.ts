import type { Clock } from "#kernel";
import type { Position } from "#link";
import type { WriteTransaction } from "#store";
import type { ControlTallies } from "./control-tallies.ts";
import { counter, gauge, type Outcome, type Part } from "./part.ts";

/** What a part needs of control's store; the store itself fits. */
export interface StoreSeen {
  readonly kind: "sqlite" | "postgres";
  head(): Promise<Position>;
  write(
    work: (transaction: WriteTransaction) => Promise<void>,
    options: { concurrent: true },
  ): Promise<unknown>;
  onCommit(listener: () => void): () => void;
}

export interface ControlPartOptions {
  readonly store: StoreSeen;
  readonly tallies: ControlTallies;
  /** Whether everything that control serves on is open. */
  readonly listening: () => boolean;
  readonly clock: Clock;
}

/** A write that went through counts for this long: asking for health must not be load of its own, in milliseconds. */
const WRITTEN_LATELY_MS = 10_000;

/** Control: its database answers and takes writes, and its listeners are open. */
export function controlPart(options: ControlPartOptions): Part {
  const { store, tallies, listening, clock } = options;
  const remedy = "postern doctor";
  let head: Position | undefined;
  let writtenAt: number | undefined;
  let readMs: number | undefined;
  let writeMs: number | undefined;
  let commits = 0;
  store.onCommit(() => {
    commits += 1;
  });

  async function read(): Promise<Outcome> {
    const before = clock.monotonic();
    try {
      head = await store.head();
    } catch (error) {
      return { ok: false, why: `the database does not answer: ${messageOf(error)}`, remedy };
    }
    readMs = clock.monotonic() - before;
    return { ok: true, found: `at change ${head.number}, read in ${Math.round(readMs)} ms` };
  }

  /** A real write: a lock that can be had says nothing about a disk that is full. */
  async function write(): Promise<Outcome> {
    const before = clock.monotonic();
    if (writtenAt !== undefined && before - writtenAt < WRITTEN_LATELY_MS)
      return { ok: true, found: "written a moment ago" };
    try {
      await store.write(
        async ({ db }) => {
          await db
            .updateTable("counter")
            .set((row) => ({ number: row.ref("number") }))
            .where("id", "=", 1)
            .execute();
        },
        { concurrent: true },
      );
    } catch (error) {
      return { ok: false, why: `the database takes no writes: ${messageOf(error)}`, remedy };
    }
    writtenAt = clock.monotonic();
    writeMs = writtenAt - before;
    return { ok: true, found: `written in ${Math.round(writeMs)} ms` };
  }

  return {
    checks: [
      { name: "database", look: read },
      { name: "database-writes", look: write },
      {
        name: "listeners",
        look: () =>
          listening()
            ? { ok: true, found: "link, console and owner's API are open" }
            : { ok: false, why: "not everything is open yet", remedy: "wait until control has started" },
      },
    ],
    metrics(meter) {
      const up = meter.createObservableGauge("postern.store.up", {
        description: "1 while the database answers.",
      });
      const number = meter.createObservableGauge("postern.store.head.number", {
        description: "Number of the last change in the log, as last read.",
      });
      const duration = meter.createObservableGauge("postern.store.read.duration.seconds", {
        description: "How long reading the head of the change log took last.",
        unit: "seconds",
      });
      meter.addBatchObservableCallback(
        async (result) => {
          const { ok } = await read();
          result.observe(up, ok ? 1 : 0, { database: store.kind });
          if (head !== undefined) result.observe(number, head.number);
          if (readMs !== undefined) result.observe(duration, readMs / 1000);
        },
        [up, number, duration],
      );
      gauge(
        meter,
        "postern.store.write.duration.seconds",
        { description: "How long the last write for a readiness check took.", unit: "seconds" },
        () => (writeMs === undefined ? undefined : writeMs / 1000),
      );
      counter(
        meter,
        "postern.store.changes",
        { description: "Commits with changes of state that this node saw, by any node." },
        () => commits,
      );
      counter(
        meter,
        "postern.log.ingested.records",
        { description: "Records of gateways and agents that this node took into the log." },
        () => tallies.ingestedRecords,
      );
      meter
        .createObservableGauge("postern.link.streams", { description: "Streams of state that are open." })
        .addCallback((result) => {
          for (const [role, open] of tallies.streams) result.observe(open, { role });
        });
      meter
        .createObservableGauge("postern.leader", {
          description: "1 where this node leads a task that one node at a time does.",
        })
        .addCallback((result) => {
          for (const [task, leads] of tallies.tasks) result.observe(leads ? 1 : 0, { task });
        });
    },
    facts: () => ({ database: store.kind, ...(head === undefined ? {} : { ...head }) }),
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
