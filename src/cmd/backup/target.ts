import { type Clock, type IdSource, type Notify, newId, PosternError, type Schedule } from "#kernel";
import { openStore } from "#store";
import { type DatabaseAddress, maskedDatabase } from "../database.ts";
import { ago } from "../terminal/moments.ts";
import { tablesOf } from "./catalog.ts";
import { type Connection, connectForReading, connectForWriting } from "./connection.ts";

/** What time and chance come from, and whom to tell. */
export interface Surroundings {
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly schedule: Schedule;
  readonly notify: Notify;
}

/** A control node that has said so within this time is at work. */
const LIVE_MS = 60_000;

/** Makes the tables of this version in a database. @throws PosternError as `openStore` */
export async function makeTables(address: DatabaseAddress, surroundings: Surroundings): Promise<void> {
  const store = await openStore({ ...address, ...surroundings });
  try {
    await store.head();
  } finally {
    await store.close();
  }
}

/** Opens a database with its tables to be filled in one transaction, with nobody else at it. */
export async function openTarget(address: DatabaseAddress): Promise<Connection> {
  const connection = await connectForWriting(address);
  // whoever reads or writes state begins here, and waits
  if (connection.kind === "postgres") await connection.rows("lock table counter in access exclusive mode");
  return connection;
}

/** The id of the instance whose state a database holds; undefined where there is none. Changes nothing. */
export async function instanceIn(address: DatabaseAddress): Promise<string | undefined> {
  const connection = await connectForReading(address);
  try {
    if (!(await tablesOf(connection)).some(({ name }) => name === "instance")) return undefined;
    const [id] = await connection.rows("select value from instance where name = 'id'");
    return id === undefined ? undefined : String(id["value"]);
  } finally {
    await connection.close();
  }
}

/** Who an instance is, and that a copy of it came here: how far its source was, to tell whether it was used since. */
export interface Held {
  /** Undefined in a database where no instance ever was. */
  readonly instance: string | undefined;
  readonly number: number;
  readonly events: number;
  readonly arrived: string | undefined;
}

const ARRIVED = "arrived";

export async function heldIn(connection: Connection): Promise<Held> {
  const settings = new Map(
    (await connection.rows("select name, value from instance")).map((row) => [
      row["name"],
      String(row["value"]),
    ]),
  );
  const [counter] = await connection.rows("select number from counter");
  const [events] = await connection.rows("select coalesce(max(id), 0) as events from event");
  return {
    instance: settings.get("id"),
    number: Number(counter?.["number"] ?? 0),
    events: Number(events?.["events"]),
    arrived: settings.get(ARRIVED),
  };
}

/** Whether a database holds nothing but a copy that arrived and that nobody used since. */
export function unused({ number, events, arrived }: Held): boolean {
  return arrived === arrival(number, events);
}

/** Begins a new epoch in what was loaded, and marks how far it was when it came. */
export async function arrive(connection: Connection, { clock, ids }: Surroundings): Promise<void> {
  const sign = connection.kind === "sqlite" ? "?" : "$";
  const { number, events } = await heldIn(connection);
  await connection.rows(`update counter set epoch = ${sign}1`, [newId("epoch", clock.now(), ids)]);
  await connection.rows(`delete from instance where name = ${sign}1`, [ARRIVED]);
  await connection.rows(`insert into instance (name, value) values (${sign}1, ${sign}2)`, [
    ARRIVED,
    arrival(number, events),
  ]);
}

function arrival(number: number, events: number): string {
  return JSON.stringify({ number, events });
}

/** @throws PosternError `conflict` while a control node works on the database */
export async function refuseLiveNodes(
  connection: Connection,
  address: DatabaseAddress,
  now: number,
): Promise<void> {
  const nodes = await connection.rows("select name, last_seen_at from control_node");
  const live = nodes.find((node) => now - Number(node["last_seen_at"]) < LIVE_MS);
  if (live === undefined) return;
  throw new PosternError(
    "conflict",
    `the control node ${String(live["name"])} works on this database, seen ${ago(Number(live["last_seen_at"]), now)}`,
    {
      where: maskedDatabase(address),
      remedy: "stop all control nodes of it, and wait a minute if one was killed",
    },
  );
}
