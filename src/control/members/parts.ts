import type { Authority } from "#authority";
import type { EventOrigin } from "#events";
import type { Clock, IdSource, Notify, Schedule } from "#kernel";
import type { EventLog } from "#log";
import type { Store } from "#store";
import type { NodeIdentity } from "./types.ts";

/** What every part of this room is given. */
export interface Parts {
  readonly store: Store;
  readonly log: Pick<EventLog, "append">;
  readonly authority: Authority;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly schedule: Schedule;
  readonly notify: Notify;
  /** Who records the events of this room. */
  readonly origin: EventOrigin;
  readonly node: NodeIdentity;
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
