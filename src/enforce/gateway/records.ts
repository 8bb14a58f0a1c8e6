import {
  type CompletionRecord,
  completionEvent,
  decisionEvent,
  type EventOrigin,
  loginEvent,
  type OcsfEvent,
  type RequestSource,
} from "#events";
import type { Clock, Notify } from "#kernel";
import type { EntryState, UserState } from "#link";
import type { Spool } from "#spool";
import type { Asked } from "./input.ts";
import type { Judgement } from "./judge.ts";

/** Writes what happened into the spool. */
export interface Records {
  /** Resolves once the decision rests in the spool; false when it does not, so that nothing may follow from it. */
  decision(asked: Asked, judgement: Judgement, status?: number): Promise<boolean>;
  completion(record: Omit<CompletionRecord, "time">): void;
  /** A cookie that is good for one host was sent to another. */
  strangeCookie(
    stranger: { readonly entry: EntryState; readonly user?: UserState },
    source: RequestSource,
  ): void;
}

export interface RecordsOptions {
  readonly spool: Spool;
  readonly origin: EventOrigin;
  readonly clock: Clock;
  readonly notify: Notify;
}

export function makeRecords({ spool, origin, clock, notify }: RecordsOptions): Records {
  function append(event: OcsfEvent): Promise<boolean> {
    return new Promise((resolve) => spool.append(event, (error) => resolve(error === undefined)));
  }

  /** For records that nothing waits for: that they are missing shows in the next decision, which is then refused. */
  function appendAfterwards(event: OcsfEvent): void {
    spool.append(event, (error) => {
      if (error !== undefined)
        notify({ event: "log-unwritable", message: `a record was not written: ${error.message}` });
    });
  }

  return {
    async decision(asked, { decision, input }, status) {
      return await append(
        decisionEvent(origin, {
          time: clock.now(),
          decision,
          input,
          source: asked.source,
          http: {
            method: asked.canonical.method,
            url: asked.site.origin + asked.canonical.target,
            ...(status === undefined ? {} : { status }),
          },
        }),
      );
    },
    completion(record) {
      appendAfterwards(completionEvent(origin, { ...record, time: clock.now() }));
    },
    strangeCookie({ entry, user }, source) {
      appendAfterwards(
        loginEvent(origin, {
          time: clock.now(),
          act: "sign-in",
          outcome: "failure",
          reason: "cookie.other_host",
          ...(user === undefined ? {} : { user: { id: user.id, name: user.name } }),
          session: entry.session,
          source,
        }),
      );
    },
  };
}
