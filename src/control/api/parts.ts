import type { HttpBindings } from "@hono/node-server";
import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Activation } from "#activation";
import type { Authority as CertificateAuthority } from "#authority";
import type { EventOrigin } from "#events";
import type { Identity } from "#identity";
import type { Clock, IdSource, Notify, Schedule } from "#kernel";
import type { InstanceState } from "#link";
import type { EventLog } from "#log";
import type { Members } from "#members";
import type { Secrets } from "#secrets";
import type { Store } from "#store";
import type { Authority } from "./authority.ts";
import type { Caller } from "./caller.ts";

/** What the API is made of. */
export interface ApiOptions {
  readonly store: Store;
  readonly log: EventLog;
  readonly identity: Pick<Identity, "invite" | "setDisabled" | "endSession" | "setupLink">;
  readonly activation: Activation;
  /** Who belongs to the instance. */
  readonly members: Pick<Members, "createToken" | "withdrawToken" | "revoke" | "list" | "nodes" | "tokens">;
  /** Vouches for the parts of the instance to one another. */
  readonly certificates: Pick<CertificateAuthority, "trustDomain" | "pin" | "rotation" | "rotate">;
  readonly secrets: Secrets;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly schedule: Schedule;
  readonly notify: Notify;
  /** Who records the events of this room. */
  readonly origin: EventOrigin;
  readonly version: string;
  readonly instance: InstanceState;
}

/** What routes are given. */
export interface Parts extends ApiOptions {
  readonly authority: Authority;
}

/** The context of a request once its door has let it in. */
export interface Env {
  Bindings: HttpBindings;
  Variables: { caller: Caller };
}
export type Api = OpenAPIHono<Env>;
