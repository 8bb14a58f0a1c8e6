import type { ServerResponse } from "node:http";
import type { Clock, Schedule } from "#kernel";
import type { LinkHandlers, StateSource } from "./handlers.ts";
import {
  type EntityChange,
  HEARTBEAT_MS,
  type Position,
  type StateMessage,
  type StreamEnd,
  type StreamRequest,
} from "./messages.ts";
import type { LinkPeer } from "./peer.ts";
import { bodyOf } from "./problem.ts";
import type { Placements, Slice } from "./slice.ts";
import { touchesBasis } from "./slice.ts";
import { BATCH, entityText, readSlice, SnapshotOvertaken, takeSnapshot } from "./snapshot.ts";

/** Who takes nothing for so long is let go. */
const MOST_UNREAD_MS = 30_000;
/** How long the reason for an end may take to arrive. */
const FAREWELL_MS = 1_000;

export interface StateStreamParts {
  readonly source: StateSource;
  readonly handlers: Pick<LinkHandlers, "admit" | "onRevoked" | "connected" | "disconnected">;
  readonly clock: Clock;
  readonly schedule: Schedule;
  readonly placements: Placements;
  /** Somebody has seen a number of this epoch that the log has not reached. */
  readonly seenAhead: (who: string) => Promise<void>;
  /** Told of each reading: whether the database answered. */
  readonly read: (failure: unknown) => void;
}

export interface Asked {
  readonly who: StreamRequest;
  readonly peer: LinkPeer;
  readonly boot: string;
  /** Minor version of the link that the reader knows. */
  readonly minor: number;
}

/** The database could not be read now; what is sent does not depend on it, and it is tried again. */
class Unread extends Error {}

/**
 * Sends a snapshot or what has come since, then every change as it commits, and heartbeats between: each names the head that
 * the database had when it was asked for this one. Whether the peer may still have it is asked anew each time there is something
 * to send, at each heartbeat and when somebody is shut out.
 */
export function streamState(parts: StateStreamParts, asked: Asked, response: ServerResponse): void {
  const { handlers, schedule, clock } = parts;
  const { who, peer, boot } = asked;
  const name = `${peer.role} ${peer.name}`;
  const source = watched(parts.source, parts.read);
  const cuts = { source, peer, placements: parts.placements, parts: asked.minor >= 1 };

  let sent: Position | undefined =
    who.epoch === undefined || who.after === undefined ? undefined : { epoch: who.epoch, number: who.after };
  /** Of the position that the reader has; undefined until it is known. */
  let slice: Slice | undefined;
  /** Up to here the basis of `slice` holds already. */
  let known = 0;
  let busy = false;
  let again = false;
  let beat = true;
  let over = false;

  response.writeHead(200, { "content-type": "application/x-ndjson" });

  /** Waits for a slow reader rather than keeping for it what it does not take. */
  async function send(line: string): Promise<void> {
    if (over || response.writableEnded) throw new Error("the stream has ended");
    if (response.write(`${line}\n`)) return;
    const cancel = schedule.after(MOST_UNREAD_MS, () => {
      response.destroy(new Error(`${name} has taken nothing for ${MOST_UNREAD_MS / 1_000} s`));
    });
    await drained(response);
    cancel();
  }

  async function sendChange({ epoch, number }: Position, entities: readonly EntityChange[]): Promise<void> {
    const head = JSON.stringify({ type: "change", epoch, number });
    await send(`${head.slice(0, -1)},"entities":[${entities.map(entityText).join(",")}]}`);
  }

  async function sendSnapshot(): Promise<void> {
    let begun = false;
    try {
      for await (const { text, held } of takeSnapshot(cuts)) {
        begun = true;
        await send(text);
        if (held === undefined) continue;
        sent = held.position;
        slice = held.slice;
        known = sent.number;
      }
    } catch (error) {
      // what was begun cannot be gone on with: the reader asks again
      if (begun || !(error instanceof SnapshotOvertaken))
        throw begun ? new Error("interrupted", { cause: error }) : error;
      again = true;
    }
  }

  /** Brings the reader up to the database. */
  async function catchUp(): Promise<void> {
    if (sent !== undefined && slice === undefined) {
      const now = await readSlice(cuts);
      slice = now.slice;
      known = now.position.number;
      if (now.position.epoch !== sent.epoch) sent = undefined;
    }
    const changes = sent === undefined ? undefined : await source.changesAfter(sent, BATCH);
    if (changes === undefined) {
      await lookAhead();
      await sendSnapshot();
      // what has committed while a slow reader took it
      again = true;
      return;
    }
    for (const change of changes) {
      const next = cutNext(change);
      if (next === undefined) {
        await sendSnapshot();
        again = true;
        return;
      }
      await sendChange(change, next);
      sent = { epoch: change.epoch, number: change.number };
    }
    if (changes.length === BATCH) again = true;
  }

  /** What of a change the peer gets; undefined when it has to be given all anew. */
  function cutNext(change: StateMessage & { type: "change" }) {
    if (slice === undefined) return undefined;
    if (change.number <= known) {
      // the basis is that of afterwards: how things were cut before cannot be told
      return touchesBasis(change.entities) ? undefined : slice.others(change.entities);
    }
    const next = slice.next(change.entities);
    if (next === undefined) return undefined;
    slice = next.slice;
    return next.changes;
  }

  async function lookAhead(): Promise<void> {
    if (sent === undefined) return;
    const head = await source.head();
    if (head.epoch === sent.epoch && sent.number > head.number) await parts.seenAhead(name);
  }

  async function run(): Promise<void> {
    busy = true;
    try {
      while (again && !over) {
        again = false;
        await catchUp();
        if (beat && !again && !over) await sendHeartbeat();
      }
    } finally {
      busy = false;
    }
  }

  async function sendHeartbeat(): Promise<void> {
    const { epoch, number } = await source.head();
    if (epoch === sent?.epoch) {
      beat = false;
      const heartbeat: StateMessage = { type: "heartbeat", epoch, head: number, now: clock.now() };
      await send(JSON.stringify(heartbeat));
    } else again = true;
  }

  /** One run at a time; what cannot be read now is read at the next heartbeat. */
  function wake(): void {
    if (over || !admitted()) return;
    again = true;
    if (busy) return;
    run().catch((error: unknown) => {
      if (!(error instanceof Unread)) response.destroy(asError(error));
    });
  }

  function admitted(): boolean {
    try {
      handlers.admit(peer, boot, "stream.held");
      return true;
    } catch (error) {
      farewell(error);
      return false;
    }
  }

  /** The reason is the last line; who does not read it is cut off all the same. */
  function farewell(error: unknown): void {
    over = true;
    if (response.writableEnded) return;
    const end: StreamEnd = { type: "ended", ...bodyOf(error) };
    response.end(`${JSON.stringify(end)}\n`);
    schedule.after(FAREWELL_MS, () => response.destroy());
  }

  const stops = [
    parts.source.onCommit(wake),
    handlers.onRevoked(() => {
      if (!over) admitted();
    }),
    schedule.every(HEARTBEAT_MS, () => {
      beat = true;
      wake();
    }),
  ];
  response.on("close", () => {
    over = true;
    for (const stop of stops) stop();
    handlers.disconnected(who, peer);
  });
  handlers.connected(who, peer);
  wake();
}

/** A source whose failures can be told from others. */
function watched(
  source: StateSource,
  told: (failure: unknown) => void,
): Pick<StateSource, "head" | "page" | "changesAfter"> {
  async function reading<T>(work: () => Promise<T>): Promise<T> {
    try {
      const value = await work();
      told(undefined);
      return value;
    } catch (cause) {
      told(cause);
      throw new Unread("the state cannot be read", { cause });
    }
  }
  return {
    head: async () => await reading(async () => await source.head()),
    page: async (wanted) => await reading(async () => await source.page(wanted)),
    changesAfter: async (after, limit) => await reading(async () => await source.changesAfter(after, limit)),
  };
}

async function drained(response: ServerResponse): Promise<void> {
  if (response.destroyed) return;
  await new Promise<void>((resolve) => {
    const go = (): void => {
      response.off("drain", go);
      response.off("close", go);
      resolve();
    };
    response.on("drain", go);
    response.on("close", go);
  });
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
