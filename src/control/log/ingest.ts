import type { Insertable } from "kysely";
import { z } from "zod";
import { componentEvent, type EventOrigin, type OcsfEvent } from "#events";
import { type Clock, type Json, PosternError, parseJson, sha256Hex } from "#kernel";
import { chainStart, type RecordsAccepted, recordHash, type SpoolRecord } from "#link";
import { inputFromJson } from "#policy";
import type { Schema, Store, WriteTransaction } from "#store";
import { columnsOf, type EventColumns, member } from "./columns.ts";

const RECORDS: z.ZodType<SpoolRecord[]> = z
  .array(
    z.strictObject({
      source: z.string().regex(/^(gateway|agent):[^\s\p{C}]{1,255}$/u),
      boot: z.string().regex(/^[^\s\p{C}]{1,64}$/u),
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

/** A record, with what is known of it before anybody has to wait for its place. */
interface Prepared {
  readonly record: SpoolRecord;
  readonly hash: string;
  /** Undefined when it holds no event. */
  readonly columns: EventColumns | undefined;
}

/** A boot of a source, as the log holds it. */
interface Boot {
  readonly source: string;
  readonly boot: string;
  /** How far it has been taken, and the hash that the next record is to name. */
  end: { readonly sequence: number; readonly hash: string };
  /** Records around those that came late or again, by their sequence. */
  readonly held: Map<number, { readonly previous: string; readonly hash: string }>;
}

type EventRow = Insertable<Schema["event"]>;

/** Rows in one statement: fewer turns while the others wait, and well below the most values that a statement takes. */
const ROWS = 200;

/** Takes a batch in one transaction. See `EventLog.ingest`. */
export async function ingest(store: Store, parts: IngestParts, batch: unknown): Promise<RecordsAccepted> {
  const parsed = RECORDS.safeParse(batch);
  if (!parsed.success)
    throw new PosternError("input.invalid", "not a batch of records", { cause: parsed.error });
  // what came in another order was not lost
  const records = parsed.data
    .sort((a, b) => a.sequence - b.sequence)
    .map((record) => ({ record, hash: recordHash(record), columns: eventColumns(record) }));
  // one after the other by `orderEvents`, which is all that it takes: nothing else writes what is read here
  const { value } = await store.write(async (tx) => await takeBatch(tx, parts, records), {
    concurrent: true,
  });
  return { accepted: value };
}

async function takeBatch(
  tx: WriteTransaction,
  parts: IngestParts,
  records: readonly Prepared[],
): Promise<{ readonly [boot: string]: number }> {
  await tx.orderEvents();
  const boots = await readBoots(tx, records);
  let rows: EventRow[] = [];
  async function flush(): Promise<void> {
    for (let at = 0; at < rows.length; at += ROWS)
      await tx.db
        .insertInto("event")
        .values(rows.slice(at, at + ROWS))
        .execute();
    rows = [];
  }

  for (const prepared of records) {
    const { record, columns } = prepared;
    const { isNew, notes } = judge(bootOf(boots, record), prepared);
    if (notes.length > 0) {
      // a note stands in the log before the record that it speaks of
      await flush();
      for (const what of notes) await noteBreak(tx, parts, record.source, what);
    }
    if (!isNew || columns === undefined) continue;
    const { source, boot, sequence, previous, event } = record;
    rows.push({ source, boot, sequence, previous, body: event, ...columns });
  }
  await flush();

  const accepted: { [boot: string]: number } = {};
  for (const { source, boot, end } of boots.values()) {
    accepted[boot] = end.sequence;
    await tx.db
      .insertInto("event_source")
      .values({ source, boot, ...end })
      .onConflict((conflict) => conflict.columns(["source", "boot"]).doUpdateSet(end))
      .execute();
  }
  return accepted;
}

/** Whether a record is to be taken, and what is to be noted of it. Moves the end of its boot on. */
function judge(boot: Boot, { record, hash, columns }: Prepared): { isNew: boolean; notes: string[] } {
  const { source, sequence, previous } = record;
  const { end, held } = boot;
  const notes: string[] = [];
  if (sequence > end.sequence) {
    const missing = sequence - end.sequence - 1;
    if (missing > 0) notes.push(`${missing} records of ${source} are missing before number ${sequence}`);
    else if (previous !== end.hash)
      notes.push(`record ${sequence} of ${source} does not follow the one before it`);
    boot.end = { sequence, hash };
  } else {
    const same = held.get(sequence);
    if (same !== undefined) {
      if (same.hash !== hash)
        notes.push(`record ${sequence} of ${source} came again with other content, and the first is kept`);
      return { isNew: false, notes };
    }
    const before = held.get(sequence - 1);
    const after = held.get(sequence + 1);
    const fits =
      (before === undefined || before.hash === previous) && (after === undefined || after.previous === hash);
    if (!fits) notes.push(`record ${sequence} of ${source} came late and does not fit where it was missing`);
  }
  if (columns === undefined)
    notes.push(`record ${sequence} of ${source} holds no event (SHA-256 ${sha256Hex(record.event)})`);
  else held.set(sequence, { previous, hash });
  return { isNew: true, notes };
}

function keyOf({ source, boot }: Pick<SpoolRecord, "source" | "boot">): string {
  return `${source}\n${boot}`;
}

function bootOf(boots: ReadonlyMap<string, Boot>, record: SpoolRecord): Boot {
  const boot = boots.get(keyOf(record));
  if (boot === undefined) throw new TypeError("a record of a boot that was not read");
  return boot;
}

/** The boots that a batch is of, with what of it they hold already and its neighbours. */
async function readBoots(
  tx: WriteTransaction,
  records: readonly Prepared[],
): Promise<ReadonlyMap<string, Boot>> {
  const boots = new Map<string, Boot>();
  for (const [key, own] of Map.groupBy(records, ({ record }) => keyOf(record))) {
    const [first] = own;
    if (first === undefined) continue;
    const { source, boot } = first.record;
    const end = (await readEnd(tx, source, boot)) ?? { sequence: 0, hash: chainStart(source, boot) };
    const late = own.filter(({ record }) => record.sequence <= end.sequence).at(-1);
    const held =
      late === undefined
        ? []
        : await tx.db
            .selectFrom("event")
            .select(["sequence", "previous", "body"])
            .where("source", "=", source)
            .where("boot", "=", boot)
            .where("sequence", ">=", first.record.sequence - 1)
            .where("sequence", "<=", late.record.sequence + 1)
            .execute();
    const hashes = held.map(({ sequence, previous, body }): [number, { previous: string; hash: string }] => [
      sequence,
      { previous, hash: recordHash({ previous, sequence, event: body }) },
    ]);
    boots.set(key, { source, boot, end, held: new Map(hashes) });
  }
  return boots;
}

async function readEnd(tx: WriteTransaction, source: string, boot: string): Promise<Boot["end"] | undefined> {
  return await tx.db
    .selectFrom("event_source")
    .select(["sequence", "hash"])
    .where("source", "=", source)
    .where("boot", "=", boot)
    .executeTakeFirst();
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
    const parsed = parseJson(record.event, "an event");
    if (isDeeper(parsed, MOST_DEPTH)) return undefined;
    const event = OBJECT.safeParse(parsed);
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

/** Far more than any event has, and less than the databases' own readers of JSON give up at. */
const MOST_DEPTH = 64;

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => isDeeper(inner, levels - 1));
}
