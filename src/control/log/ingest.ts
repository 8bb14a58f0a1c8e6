import { z } from "zod";
import { componentEvent, type EventOrigin, type OcsfEvent } from "#events";
import { type Clock, type Json, PosternError, parseJson, sha256Hex } from "#kernel";
import { chainStart, type RecordsAccepted, recordHash, type SpoolRecord } from "#link";
import { inputFromJson } from "#policy";
import type { Store, WriteTransaction } from "#store";
import { columnsOf, type EventColumns, member } from "./columns.ts";

const RECORDS: z.ZodType<SpoolRecord[]> = z
  .array(
    z.strictObject({
      source: z.string().regex(/^(gateway|agent):[^\s]{1,255}$/),
      boot: z.string().regex(/^[^\s]{1,64}$/),
      sequence: z.int().min(1),
      previous: z.string().regex(/^[0-9a-f]{64}$/),
      event: z.string().max(1024 * 1024),
    }),
  )
  .max(1_000);

const OBJECT: z.ZodType<{ [attribute: string]: Json }> = z.record(z.string(), z.json());

interface IngestParts {
  readonly clock: Clock;
  readonly origin: EventOrigin;
  readonly append: (tx: WriteTransaction, event: OcsfEvent) => Promise<void>;
}

/** How far a boot of a source has been taken, and the hash that the next record is to name. */
interface End {
  sequence: number;
  hash: string;
}

/** Takes a batch in one transaction. See `EventLog.ingest`. */
export async function ingest(store: Store, parts: IngestParts, batch: unknown): Promise<RecordsAccepted> {
  const parsed = RECORDS.safeParse(batch);
  if (!parsed.success)
    throw new PosternError("input.invalid", "not a batch of records", { cause: parsed.error });
  // what came in another order was not lost
  const records = parsed.data.sort((a, b) => a.sequence - b.sequence);
  const takeBatch = async (tx: WriteTransaction): Promise<{ [boot: string]: number }> => {
    // batches one after the other, so that what is read of a source is still so when it is added to
    await tx.orderEvents();
    const ends = new Map<string, End>();
    for (const record of records) {
      const key = `${record.source}\n${record.boot}`;
      const end = ends.get(key) ?? (await endOf(tx, record));
      ends.set(key, end);
      await take(tx, parts, record, end);
    }
    const accepted: { [boot: string]: number } = {};
    for (const [key, { sequence, hash }] of ends) {
      const [source = "", boot = ""] = key.split("\n");
      accepted[boot] = sequence;
      await tx.db
        .insertInto("event_source")
        .values({ source, boot, sequence, hash })
        .onConflict((conflict) => conflict.columns(["source", "boot"]).doUpdateSet({ sequence, hash }))
        .execute();
    }
    return accepted;
  };
  const { value } = await store.write(takeBatch, { concurrent: true });
  return { accepted: value };
}

/** Takes one record unless it was taken before, and notes in the log whatever is not as it should be. */
async function take(tx: WriteTransaction, parts: IngestParts, record: SpoolRecord, end: End): Promise<void> {
  const { source, boot, sequence, previous } = record;
  const note = async (what: string): Promise<void> => await noteBreak(tx, parts, source, what);
  if (sequence > end.sequence) {
    const missing = sequence - end.sequence - 1;
    if (missing > 0) await note(`${missing} records of ${source} are missing before number ${sequence}`);
    else if (previous !== end.hash)
      await note(`record ${sequence} of ${source} does not follow the one before it`);
    end.sequence = sequence;
    end.hash = recordHash(record);
  } else {
    const held = await heldAround(tx, record);
    const same = held.get(sequence);
    if (same !== undefined) {
      if (recordHash(same) !== recordHash(record))
        await note(`record ${sequence} of ${source} came again with other content, and the first is kept`);
      return;
    }
    const before = held.get(sequence - 1);
    const after = held.get(sequence + 1);
    const fits =
      (before === undefined || recordHash(before) === previous) &&
      (after === undefined || after.previous === recordHash(record));
    if (!fits) await note(`record ${sequence} of ${source} came late and does not fit where it was missing`);
  }
  const columns = eventColumns(record);
  if (columns === undefined) {
    await note(`record ${sequence} of ${source} holds no event (SHA-256 ${sha256Hex(record.event)})`);
    return;
  }
  await tx.db
    .insertInto("event")
    .values({ source, boot, sequence, previous, body: record.event, ...columns })
    .execute();
}

async function endOf(tx: WriteTransaction, { source, boot }: SpoolRecord): Promise<End> {
  const row = await tx.db
    .selectFrom("event_source")
    .select(["sequence", "hash"])
    .where("source", "=", source)
    .where("boot", "=", boot)
    .executeTakeFirst();
  return row ?? { sequence: 0, hash: chainStart(source, boot) };
}

/** The record of this number, where it was taken before, and its neighbours. */
async function heldAround(
  tx: WriteTransaction,
  { source, boot, sequence }: SpoolRecord,
): Promise<ReadonlyMap<number, Pick<SpoolRecord, "sequence" | "previous" | "event">>> {
  const rows = await tx.db
    .selectFrom("event")
    .select(["sequence", "previous", "body"])
    .where("source", "=", source)
    .where("boot", "=", boot)
    .where("sequence", ">=", sequence - 1)
    .where("sequence", "<=", sequence + 1)
    .execute();
  return new Map(rows.map(({ body, ...row }) => [row.sequence, { ...row, event: body }]));
}

/** That something is missing or was changed is itself an event. */
async function noteBreak(
  tx: WriteTransaction,
  parts: IngestParts,
  source: string,
  message: string,
): Promise<void> {
  const [role, ...name] = source.split(":");
  const { version } = parts.origin;
  await parts.append(
    tx,
    componentEvent(parts.origin, {
      time: parts.clock.now(),
      component: { role: role === "agent" ? "agent" : "gateway", name: name.join(":"), version },
      state: "records-missing",
      message,
    }),
  );
}

/** The columns of the event in a record; undefined where there is none, or a decision that could not be explained from it. */
function eventColumns(record: SpoolRecord): EventColumns | undefined {
  try {
    const event = OBJECT.safeParse(parseJson(record.event, "an event"));
    if (!event.success) return undefined;
    const columns = columnsOf(event.data);
    if (columns?.kind === "decision")
      inputFromJson(member(member(event.data["unmapped"], "postern"), "input"));
    return columns;
  } catch (error) {
    if (error instanceof PosternError) return undefined;
    throw error;
  }
}
