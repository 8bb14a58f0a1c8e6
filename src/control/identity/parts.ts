import type { EventOrigin } from "#events";
import type { Clock, IdSource, Notify } from "#kernel";
import type { InstanceState } from "#link";
import type { EventLog } from "#log";
import type { Secrets } from "#secrets";
import type { Store } from "#store";

/** What the files of this room are given to work with. */
export interface Parts {
  readonly store: Store;
  readonly log: Pick<EventLog, "append">;
  readonly secrets: Secrets;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly notify: Notify;
  /** Who records the events of this room. */
  readonly origin: EventOrigin;
  readonly instance: InstanceState;
}
