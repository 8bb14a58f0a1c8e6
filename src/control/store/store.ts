import type { Kysely, Transaction } from "kysely";
import { type Clock, type IdSource, type Notify, newId, type Schedule } from "#kernel";
import type { EntityChange, PageRequest, Position, StateMessage, StatePage } from "#link";
import { beginEpoch, commitChanges, headOf, isBehind, settleCounter } from "./change-log.ts";
import type { Database } from "./database.ts";
import { type Lead, makeElections } from "./elections.ts";
import { openAny } from "./open-any.ts";
import type { Schema } from "./schema.ts";
import { watchOthers } from "./watch.ts";
import { type Gathered, makeWriter, type Work, type WriteOptions, type Written } from "./write.ts";

export interface Store {
  readonly kind: "sqlite" | "postgres";
  /** For reading: sees committed state only. */
  readonly db: Kysely<Schema>;
  /**
   * Runs `work` in a transaction. What it recorded commits with it, under the next number of the change log; when it
   * throws, nothing of it remains. It may run a second time when PostgreSQL had to undo the first for another's sake: it
   * must have no effect but through the transaction.
   *
   * A write inside the work of another joins it as a savepoint: it commits with the outer one, under the
   * outer one's number, and when it throws, nothing of it remains whatever the outer one then does. A statement that
   * fails outside such a savepoint ends the whole transaction on PostgreSQL.
   * @throws PosternError `state.unreachable`, `state.busy`, `folder.unwritable` when the database cannot take it; where the
   * connection broke at the commit itself, the message says that the write may have been kept
   */
  write<T>(work: Work<T>, options?: WriteOptions): Promise<Written<T>>;
  /** The epoch, and the number of the last committed change, read from the database. */
  head(): Promise<Position>;
  /** All state that enforcement points hold, at one moment. */
  snapshot(): Promise<StateMessage & { type: "snapshot" }>;
  /** Some of that state, in the order of kind and key, at one moment. */
  page(wanted: PageRequest): Promise<StatePage>;
  /**
   * Changes above `after` in order, at most `limit`; undefined when they are of another epoch, or the log no longer
   * reaches back that far, or not yet that far: then only a snapshot helps.
   */
  changesAfter(after: Position, limit: number): Promise<(StateMessage & { type: "change" })[] | undefined>;
  /**
   * Begins a new epoch: numbers seen so far count no more, and every view takes a snapshot. For when the history of the
   * database is not the one that somebody saw.
   */
  startEpoch(reason: string): Promise<void>;
  /** Calls back after each commit that recorded something, of whichever node, at least once; a hint, the truth is `changesAfter`. */
  onCommit(listener: () => void): () => void;
  /**
   * Calls back after each commit, whether it recorded a change or only wrote events or rows. Of another node's commits,
   * those with rows alone may go unheard while the connection that listens is broken.
   */
  onWrite(listener: () => void): () => void;
  /**
   * Runs `lead` on one node at a time. It is given the term that it leads in, and returns what ends its work when another
   * node takes over. What it writes must `confirm` its term in the same transaction, since a node may learn late that it
   * leads no more. Returns what gives the lead up.
   */
  elect(task: string, lead: Lead): () => Promise<void>;
  close(): Promise<void>;
}

/** Where the database is: a file of SQLite, or an address of PostgreSQL. */
export type DatabasePlace = { readonly path: string } | { readonly url: string };

/** What the store is given: time, chance, and whom to tell. */
export interface StoreParts {
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly schedule: Schedule;
  readonly notify: Notify;
}

export type StoreOptions = DatabasePlace & StoreParts;

/**
 * Opens the database, makes or migrates its tables and checks that it is whole.
 * @throws PosternError `state.damaged`, `state.newer`, `state.busy`, `state.unreachable` or `folder.unwritable`.
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  const database = await openAny(options);
  try {
    return await storeOn(database, options);
  } catch (error) {
    await database.close();
    throw error;
  }
}

async function storeOn(database: Database, { clock, ids, schedule, notify }: StoreOptions): Promise<Store> {
  const fresh = (): string => newId("epoch", clock.now(), ids);
  await settleCounter(database.writer, fresh());
  const listeners = new Set<() => void>();
  const writeListeners = new Set<() => void>();
  const watch = await watchOthers({
    database,
    schedule,
    changed: () => tell(listeners),
    written: () => tell(writeListeners),
    wentBack,
  });
  const write = makeWriter({ database, commit, committed });
  const elections = makeElections({ locks: database.locks, schedule, clock, notify });

  async function commit(db: Transaction<Schema>, gathered: Gathered): Promise<number> {
    const { changes, listeners: waiting } = gathered;
    if (changes.length === 0) return (await headOf(db)).number;
    const recorded = { changes, at: clock.now(), fresh: fresh() };
    const head = await commitChanges(db, recorded, () => watch.seen());
    waiting.push(() => watch.wrote(head));
    if (head.wentBack) waiting.push(() => say(SET_BACK));
    return head.number;
  }

  function committed({ changes, listeners: waiting }: Gathered): void {
    tell([...waiting, ...(changes.length > 0 ? listeners : []), ...writeListeners]);
  }

  async function wentBack(): Promise<void> {
    const known = watch.seen();
    const { value: began } = await write(async ({ db }) => {
      const behind = isBehind(await headOf(db), known);
      if (behind) await beginEpoch(db, fresh());
      return behind;
    });
    if (began) say(SET_BACK);
  }

  function say(reason: string): void {
    notify({ event: "warning", message: `a new epoch of the change log begins: ${reason}` });
  }

  /** Reads at one moment, and never from a log that was set back without its having a new epoch. */
  async function reading<T>(work: (db: Kysely<Schema>, head: Position) => Promise<T>): Promise<T> {
    for (;;) {
      const known = watch.seen();
      const read = await database.readOnce(async (db) => {
        const head = await headOf(db);
        return isBehind(head, known) ? undefined : { head, value: await work(db, head) };
      });
      if (read !== undefined) {
        watch.note(read.head);
        return read.value;
      }
      await wentBack();
    }
  }

  return {
    kind: database.kind,
    db: database.reader,
    write,
    async head() {
      const known = watch.seen();
      const head = await headOf(database.reader);
      if (isBehind(head, known)) return await reading(async (_, settled) => await Promise.resolve(settled));
      watch.note(head);
      return head;
    },
    async snapshot() {
      return await reading(async (db, { epoch, number }) => {
        const rows = await db.selectFrom("entity").select(["kind", "key", "value"]).execute();
        return { type: "snapshot", epoch, number, entities: rows.map(toEntity) };
      });
    },
    async page({ kinds, after, limit }) {
      return await reading(async (db, { epoch, number }) => {
        let query = db.selectFrom("entity").select(["kind", "key", "value"]);
        if (kinds !== undefined) query = query.where("kind", "in", kinds);
        if (after !== undefined)
          query = query.where((row) =>
            row.or([
              row("kind", ">", after.kind),
              row.and([row("kind", "=", after.kind), row("key", ">", after.key)]),
            ]),
          );
        const rows = await query.orderBy("kind").orderBy("key").limit(limit).execute();
        return { epoch, number, entities: rows.map(toEntity) };
      });
    },
    async changesAfter(after, limit) {
      return await reading(async (db, head) => {
        if (head.epoch !== after.epoch || after.number > head.number) return undefined;
        const rows = await db
          .selectFrom("change")
          .select(["number", "entities"])
          .where("number", ">", after.number)
          .orderBy("number")
          .limit(limit)
          .execute();
        const reaches =
          rows[0] === undefined ? head.number === after.number : rows[0].number === after.number + 1;
        if (!reaches) return undefined;
        return rows.map((row) => ({
          type: "change" as const,
          epoch: head.epoch,
          number: row.number,
          entities: JSON.parse(row.entities) as EntityChange[],
        }));
      });
    },
    async startEpoch(reason) {
      await write(async ({ db }) => await beginEpoch(db, fresh()));
      say(reason);
      tell(listeners);
    },
    onCommit(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    onWrite(listener) {
      writeListeners.add(listener);
      return () => writeListeners.delete(listener);
    },
    elect: (task, lead) => elections.elect(task, lead),
    async close() {
      watch.stop();
      await elections.close();
      await database.close();
    },
  };
}

const SET_BACK = "the database holds less than it held before";

/** After this turn, so that a listener's failure is not taken for the write's. */
function tell(to: Iterable<() => void>): void {
  for (const listener of to) queueMicrotask(listener);
}

function toEntity({ kind, key, value }: { kind: string; key: string; value: string }): EntityChange {
  return { kind, key, value: JSON.parse(value) } as EntityChange;
}
