import type { EventKind, OcsfEvent } from "#events";
import type { Decision, Input } from "#policy";

/** A page of a list, newest first; `next` is the cursor of the following one. */
export interface LogPage<T> {
  readonly items: readonly T[];
  readonly next?: string;
}

/** Which decisions to list. Each may be absent. */
export interface DecisionQuery {
  readonly effect?: Decision["effect"];
  readonly subject?: string;
  readonly resource?: string;
  /** Free text over subject, resource, path and decision id. */
  readonly search?: string;
  /** Milliseconds since the Unix epoch. */
  readonly since?: number;
  /** The cursor of a page: what is older than it. */
  readonly before?: string;
  /** 1 to 200; 50 unless given. */
  readonly limit?: number;
}

/** A decision as a list shows it, with how its request ended where that is known. */
export interface LoggedDecisionItem {
  readonly id: string;
  readonly time: number;
  readonly effect: Decision["effect"];
  readonly subject?: string;
  readonly resource: string;
  readonly action: string;
  readonly method?: string;
  readonly path?: string;
  readonly sourceIp?: string;
  readonly reason: string;
  readonly status?: number;
  readonly durationMs?: number;
}

/** A decision with everything it was made from. */
export interface LoggedDecision {
  readonly item: LoggedDecisionItem;
  readonly decision: Decision;
  readonly input: Input;
  readonly event: OcsfEvent;
  readonly completion?: OcsfEvent;
}

export interface LoggedEvent {
  /** Its place in the log. */
  readonly id: number;
  readonly time: number;
  readonly kind: EventKind;
  readonly source: string;
  readonly event: OcsfEvent;
}

export interface EventQuery {
  readonly kind?: EventKind;
  /** Places above this, oldest first. */
  readonly after?: number;
  /** Places below this, newest first; the newest of all when neither is given. */
  readonly before?: number;
  readonly limit: number;
}

/** Decisions of one hour. */
export interface HourlyCount {
  /** The hour's start, milliseconds since the Unix epoch. */
  readonly from: number;
  readonly allowed: number;
  readonly denied: number;
}
