import { type Expression, type Kysely, type RawBuilder, type SqlBool, sql } from "kysely";
import type { EventKind, OcsfEvent } from "#events";
import { type Json, parseJson } from "#kernel";
import { inputFromJson } from "#policy";
import type { Schema, Store } from "#store";
import { columnText, member, text } from "./columns.ts";
import { DECISION } from "./decision-shape.ts";
import type {
  DecisionQuery,
  EventQuery,
  HourlyCount,
  LoggedDecision,
  LoggedDecisionItem,
  LoggedEvent,
  LogPage,
} from "./types.ts";

const MOST = 200;
const USUAL = 50;
const HOUR = 3_600_000;

/** What a search says differently to each database. */
interface Dialect {
  /** The path in an event's text; null for text with escapes that PostgreSQL's JSON does not know. */
  readonly path: RawBuilder<unknown>;
  /** A text with A to Z in lower case and every other letter as it is, as SQLite has it. */
  readonly folded: (text: RawBuilder<unknown>) => RawBuilder<unknown>;
}

const DIALECTS: { readonly [kind in Store["kind"]]: Dialect } = {
  sqlite: {
    path: sql`json_extract(body, '$.unmapped.postern.input.request.path')`,
    folded: (text) => sql`lower(${text})`,
  },
  postgres: {
    path: sql`(case when body ~ '\\\\u(0000|[dD][89a-fA-F])' then null
      else body::json #>> '{unmapped,postern,input,request,path}' end)`,
    folded: (text) => sql`lower(${text} collate "C")`,
  },
};

/** The place of the newest event; 0 when there is none. */
export async function newest(db: Kysely<Schema>): Promise<number> {
  const { last } = await db
    .selectFrom("event")
    .select(({ fn }) => fn.max("id").as("last"))
    .executeTakeFirstOrThrow();
  return last ?? 0;
}

/** One page of decisions, newest first. The cursor is the place of the last one. */
export async function decisions(
  { db, kind }: Pick<Store, "db" | "kind">,
  query: DecisionQuery,
): Promise<LogPage<LoggedDecisionItem>> {
  const limit = Math.min(MOST, Math.max(1, query.limit ?? USUAL));
  let rows = db.selectFrom("event").select(["id", "body"]).where("kind", "=", "decision");
  if (query.effect !== undefined) rows = rows.where("effect", "=", query.effect);
  if (query.subject !== undefined) rows = rows.where("subject", "=", columnText(query.subject));
  if (query.resource !== undefined) rows = rows.where("resource", "=", columnText(query.resource));
  if (query.since !== undefined) rows = rows.where("time", ">=", query.since);
  if (query.before !== undefined) rows = rows.where("id", "<", place(query.before));
  if (query.search !== undefined && query.search !== "") {
    const wanted = columnText(query.search).replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
    const pattern = `%${wanted.replaceAll(/[\\%_]/g, (character) => `\\${character}`)}%`;
    const { path, folded } = DIALECTS[kind];
    const like = (text: RawBuilder<unknown>): Expression<SqlBool> =>
      sql<SqlBool>`${folded(text)} like ${pattern} escape '\\'`;
    rows = rows.where((where) =>
      where.or([
        like(sql.ref("subject")),
        like(sql.ref("resource")),
        like(sql.ref("decision_id")),
        like(path),
      ]),
    );
  }
  const found = await rows
    .orderBy("id", "desc")
    .limit(limit + 1)
    .execute();
  const page = found.slice(0, limit);
  const items = page.map((row) => itemOf(parsed(row.body)));
  const ended = await completions(
    db,
    items.map((item) => item.id),
  );
  const last = page.at(-1);
  return {
    items: items.map((item) => withCompletion(item, ended.get(item.id))),
    ...(found.length > limit && last !== undefined ? { next: String(last.id) } : {}),
  };
}

/** One decision with its input, or undefined. */
export async function decision(db: Kysely<Schema>, id: string): Promise<LoggedDecision | undefined> {
  const row = await db
    .selectFrom("event")
    .select("body")
    .where("decision_id", "=", columnText(id))
    .where("kind", "=", "decision")
    .executeTakeFirst();
  if (row === undefined) return undefined;
  const event = parsed(row.body);
  const postern = member(event["unmapped"], "postern");
  const completion = (await completions(db, [id])).get(id);
  return {
    item: withCompletion(itemOf(event), completion),
    decision: DECISION.parse(member(postern, "decision")),
    input: inputFromJson(member(postern, "input")),
    event,
    ...(completion === undefined ? {} : { completion }),
  };
}

/** Events in the order of the log. See `EventQuery`. */
export async function events(db: Kysely<Schema>, query: EventQuery): Promise<readonly LoggedEvent[]> {
  let rows = db.selectFrom("event").select(["id", "time", "kind", "source", "body"]);
  if (query.kind !== undefined) rows = rows.where("kind", "=", query.kind);
  if (query.after !== undefined) rows = rows.where("id", ">", query.after);
  if (query.before !== undefined) rows = rows.where("id", "<", query.before);
  const found = await rows
    .orderBy("id", query.after === undefined ? "desc" : "asc")
    .limit(Math.min(MOST, Math.max(1, query.limit)))
    .execute();
  return found.map((row) => ({
    id: row.id,
    time: row.time,
    kind: row.kind as EventKind,
    source: row.source,
    event: parsed(row.body),
  }));
}

/** See `EventLog.hourly`. */
export async function hourly(db: Kysely<Schema>, since: number): Promise<readonly HourlyCount[]> {
  const rows = await db
    .selectFrom("event")
    .select([
      sql<number>`${sql.ref("time")} / ${sql.lit(HOUR)}`.as("hour"),
      sql<number>`sum(case when effect = 'allow' then 1 else 0 end)`.as("allowed"),
      sql<number>`sum(case when effect = 'allow' then 0 else 1 end)`.as("denied"),
    ])
    .where("kind", "=", "decision")
    .where("time", ">=", since)
    .groupBy("hour")
    .orderBy("hour")
    .execute();
  return rows.map(({ hour, allowed, denied }) => ({ from: hour * HOUR, allowed, denied }));
}

async function completions(
  db: Kysely<Schema>,
  ids: readonly string[],
): Promise<ReadonlyMap<string, OcsfEvent>> {
  if (ids.length === 0) return new Map();
  const rows = await db
    .selectFrom("event")
    .select(["decision_id", "body"])
    .where("decision_id", "in", ids)
    .where("kind", "=", "completion")
    .execute();
  return new Map(rows.map((row) => [row.decision_id ?? "", parsed(row.body)]));
}

function withCompletion(item: LoggedDecisionItem, completion: OcsfEvent | undefined): LoggedDecisionItem {
  const status = member(completion?.["http_response"], "code");
  const duration = completion?.["duration"];
  return {
    ...item,
    ...(typeof status === "number" ? { status } : {}),
    ...(typeof duration === "number" ? { durationMs: duration } : {}),
  };
}

function itemOf(event: OcsfEvent): LoggedDecisionItem {
  const postern = member(event["unmapped"], "postern");
  const input = member(postern, "input");
  const made = DECISION.parse(member(postern, "decision"));
  const request = member(input, "request");
  const optional = (name: string, value: string | null): { readonly [name: string]: string } =>
    value === null ? {} : { [name]: value };
  return {
    id: made.id,
    time: Number(event["time"]),
    effect: made.effect,
    resource: text(member(member(input, "resource"), "name")) ?? "",
    action: text(member(input, "action")) ?? "",
    reason: made.reasons[0]?.message ?? "",
    ...optional("subject", text(member(member(input, "subject"), "name"))),
    ...optional("method", text(member(request, "method"))),
    ...optional("path", text(member(request, "path"))),
    ...optional("sourceIp", text(member(request, "source_ip"))),
  };
}

/** Our own text, from a column that ingest checked to be a JSON object. */
function parsed(body: string): OcsfEvent {
  return parseJson(body, "an event of the log") as { readonly [attribute: string]: Json };
}

function place(cursor: string): number {
  return /^\d{1,15}$/.test(cursor) ? Number(cursor) : 0;
}
