import { z } from "zod";
import { componentEvent, type EventOrigin, type OcsfEvent } from "#events";
import { type Clock, type Json, PosternError, parseJson } from "#kernel";
import { chainStart, type RecordsAccepted, recordHash, type SpoolRecord } from "#link";
import type { Store, WriteTransaction } from "#store";
import { columnsOf } from "./columns.ts";

const RECORDS: z.ZodType<SpoolRecord[]> = z
  .array(
    z.strictObject({
      source: z.string().regex(/^(gateway|agent):[^\s]{1,255}$/),
      boot: z.string().min(1).max(64),
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

/** Takes a batch in one transaction. See `EventLog.ingest`. */
export async function ingest(store: Store, parts: IngestParts, batch: unknown): Promise<RecordsAccepted> {
  const parsed = RECORDS.safeParse(batch);
  if (!parsed.success)
    throw new PosternError("input.invalid", "not a batch of records", { cause: parsed.error });
  const records = parsed.data.map((record) => ({ record, event: eventOf(record) }));
  const { value } = await store.write(async (tx) => {
    const accepted: { [boot: string]: number } = {};
    const ends = new Map<string, { sequence: number; hash: string }>();
    for (const { record, event } of records) {
      const { source, boot } = record;
      const key = `${source}\n${boot}`;
      const end = ends.get(key) ?? (await endOf(tx, source, boot));
      if (record.sequence > end.sequence) {
        await noteBreak(tx, parts, record, end);
        const columns = columnsOf(event);
        if (columns === undefined) throw new PosternError("input.invalid", "a record holds no event of ours");
        const { sequence, previous } = record;
        await tx.db
          .insertInto("event")
          .values({ source, boot, sequence, previous, body: record.event, ...columns })
          .execute();
        end.sequence = sequence;
        end.hash = recordHash(record);
      }
      ends.set(key, end);
      accepted[boot] = end.sequence;
    }
    for (const [key, { sequence, hash }] of ends) {
      const [source = "", boot = ""] = key.split("\n");
      await tx.db
        .insertInto("event_source")
        .values({ source, boot, sequence, hash })
        .onConflict((conflict) => conflict.columns(["source", "boot"]).doUpdateSet({ sequence, hash }))
        .execute();
    }
    return accepted;
  });
  return { accepted: value };
}

async function endOf(
  tx: WriteTransaction,
  source: string,
  boot: string,
): Promise<{ sequence: number; hash: string }> {
  const row = await tx.db
    .selectFrom("event_source")
    .select(["sequence", "hash"])
    .where("source", "=", source)
    .where("boot", "=", boot)
    .executeTakeFirst();
  return row ?? { sequence: 0, hash: chainStart(source, boot) };
}

/** A record that does not follow the one before it says that something is missing or was changed; the log says so too. */
async function noteBreak(
  tx: WriteTransaction,
  parts: IngestParts,
  record: SpoolRecord,
  end: { readonly sequence: number; readonly hash: string },
): Promise<void> {
  const missing = record.sequence - end.sequence - 1;
  if (missing === 0 && record.previous === end.hash) return;
  const [role, ...name] = record.source.split(":");
  await parts.append(
    tx,
    componentEvent(parts.origin, {
      time: parts.clock.now(),
      component: {
        role: role === "agent" ? "agent" : "gateway",
        name: name.join(":"),
        version: parts.origin.version,
      },
      state: "records-missing",
      message:
        missing > 0
          ? `${missing} records of ${record.source} are missing before number ${record.sequence}`
          : `record ${record.sequence} of ${record.source} does not follow the one before it`,
    }),
  );
}

function eventOf(record: SpoolRecord): OcsfEvent {
  const event = OBJECT.safeParse(parseJson(record.event, "an event"));
  if (!event.success) throw new PosternError("input.invalid", "an event is not a JSON object");
  return event.data;
}
