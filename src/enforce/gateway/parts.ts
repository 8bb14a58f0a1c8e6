import type { Clock, IdSource, Notify, Schedule } from "#kernel";
import type { View } from "#view";
import type { Activity } from "./activity.ts";
import type { Assertions } from "./assertion.ts";
import type { EntryWaits } from "./entry-wait.ts";
import type { GatewayKeys } from "./keys.ts";
import type { LiveConnections } from "./live.ts";
import type { Login } from "./login.ts";
import type { Records } from "./records.ts";
import type { Tallies } from "./tallies.ts";
import type { Upstreams } from "./upstreams.ts";

/** What the handling of a request is made of. */
export interface Parts {
  readonly view: View;
  readonly clock: Clock;
  readonly schedule: Schedule;
  readonly ids: IdSource;
  readonly notify: Notify;
  readonly keys: GatewayKeys;
  readonly login: Login;
  readonly records: Records;
  readonly activity: Activity;
  readonly assertions: Assertions;
  readonly upstreams: Upstreams;
  readonly live: LiveConnections;
  readonly entryWaits: EntryWaits;
  readonly tallies: Tallies;
}
