import type { EventOrigin, OcsfEvent } from "#events";
import type { Clock } from "#kernel";
import { chainStart, type RecordsAccepted, recordHash } from "#link";
import type { Store, WriteTransaction } from "#store";
import { columnsOf } from "./columns.ts";
import { follow } from "./follow.ts";
import { ingest } from "./ingest.ts";
import { decision, decisions, events, hourly } from "./queries.ts";
import type {
  DecisionQuery,
  EventQuery,
  HourlyCount,
  LoggedDecision,
  LoggedDecisionItem,
  LoggedEvent,
  LogPage,
} from "./types.ts";

export interface LogOptions {
  readonly store: Store;
  readonly origin: EventOrigin;
  /** Identifies this start of control. */
  readonly boot: string;
  readonly clock: Clock;
}

export interface EventLog {
  /** Adds an event of control's own to a transaction: it is in the log exactly when the transaction commits. */
  append(transaction: WriteTransaction, event: OcsfEvent): Promise<void>;
  /**
   * Takes a batch of an enforcement point, each record once, all in one transaction. Records that were taken
   * before are skipped; a gap or a broken chain is itself an event, and what came is kept.
   * @throws PosternError `input.invalid` when it is no batch of records.
   */
  ingest(records: unknown): Promise<RecordsAccepted>;
  decisions(query: DecisionQuery): Promise<LogPage<LoggedDecisionItem>>;
  decision(id: string): Promise<LoggedDecision | undefined>;
  events(query: EventQuery): Promise<readonly LoggedEvent[]>;
  /** Calls `onEvent` with each event above the place `after`, in order, as it comes. Returns what ends that. */
  follow(after: number, onEvent: (event: LoggedEvent) => void): () => void;
  /** Decisions by the hour since `since`, oldest first, hours without any left out. */
  hourly(since: number): Promise<readonly HourlyCount[]>;
}

/** Opens the log on the store's tables. */
export async function openLog(options: LogOptions): Promise<EventLog> {
  const { store, origin, boot, clock } = options;
  const source = `${origin.role}:${origin.name}`;
  const append: EventLog["append"] = async (transaction, event) =>
    await appendOwn(transaction, { source, boot }, event);
  return await Promise.resolve<EventLog>({
    append,
    ingest: async (records) => await ingest(store, { clock, origin, append }, records),
    decisions: async (query) => await decisions(store, query),
    decision: async (id) => await decision(store.db, id),
    events: async (query) => await events(store.db, query),
    follow: (after, onEvent) => follow(store, after, onEvent),
    hourly: async (since) => await hourly(store.db, since),
  });
}

/** Control's own events have a chain of their own, whose end rests in the database: a rollback takes it back too. */
async function appendOwn(
  tx: WriteTransaction,
  who: { source: string; boot: string },
  event: OcsfEvent,
): Promise<void> {
  const { source, boot } = who;
  const columns = columnsOf(event);
  if (columns === undefined) throw new TypeError("not an event of ours");
  await tx.orderEvents();
  const last = await tx.db
    .selectFrom("event_source")
    .select(["sequence", "hash"])
    .where("source", "=", source)
    .where("boot", "=", boot)
    .executeTakeFirst();
  const sequence = (last?.sequence ?? 0) + 1;
  const previous = last?.hash ?? chainStart(source, boot);
  const body = JSON.stringify(event);
  await tx.db
    .insertInto("event")
    .values({ source, boot, sequence, previous, body, ...columns })
    .execute();
  const hash = recordHash({ previous, sequence, event: body });
  await tx.db
    .insertInto("event_source")
    .values({ source, boot, sequence, hash })
    .onConflict((conflict) => conflict.columns(["source", "boot"]).doUpdateSet({ sequence, hash }))
    .execute();
}
