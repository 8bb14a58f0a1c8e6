import type { Clock, Schedule } from "#kernel";
import type { EntityChange } from "#link";
import type { View } from "#view";
import type { Asked } from "./input.ts";
import { type JudgeParts, judge } from "./judge.ts";
import { RECHECK, RECHECK_SPREAD, RECHECK_TICK } from "./limits.ts";
import type { Records } from "./records.ts";
import { AMBIGUOUS, findResource, type Resource } from "./resources.ts";
import { type Who, whoEntered } from "./who.ts";

/** A connection that was let through and is still open. */
export interface Connection {
  readonly asked: Asked;
  readonly who: Who;
  readonly resource: Resource;
  /** Ends it at once, and why. */
  readonly end: (why: string) => void;
}

/**
 * All open connections, each decided again from fresh facts whenever something changes that touches it, and every half
 * minute, since time alone ends rights too. What is no longer allowed is ended.
 */
export interface LiveConnections {
  /** Puts one on the list; returns what takes it off. */
  open(connection: Connection): () => void;
  readonly size: number;
  /** Ends all of them, or those that would never end by themselves. */
  endAll(why: string, which?: "tunnels"): void;
  stop(): void;
}

export interface LiveOptions extends JudgeParts {
  readonly view: View;
  readonly clock: Clock;
  readonly schedule: Schedule;
  readonly records: Records;
}

interface Held extends Connection {
  /** On the monotonic clock. */
  due: number;
}

export function makeLive(options: LiveOptions): LiveConnections {
  const { view, clock, schedule, records } = options;
  const all = new Set<Held>();
  const bySession = new Index();
  const byUser = new Index();
  const byEntry = new Index();
  let turn = 0;

  function recheck(held: Held): void {
    held.due = nextDue();
    const why = reasonToEnd(held);
    if (why !== undefined) held.end(why);
  }

  function reasonToEnd({ asked, who, resource }: Held): string | undefined {
    const now = whoEntered(view, clock, asked.site, who.entry);
    // a session that goes on as another person's is not the one that was let through
    if (now === undefined || now.session.id !== who.session.id || now.user.id !== who.user.id)
      return "session-ended";
    const found = findResource(view, asked.site, asked.canonical, asked.upgrade);
    if (found === undefined || found === AMBIGUOUS) return "policy-changed";
    if (found.audience !== resource.audience || found.upstream !== resource.upstream) return "policy-changed";
    const judgement = judge(options, asked, now, found);
    if (judgement === undefined) return "view-stale";
    if (judgement.decision.effect === "allow") return undefined;
    // the connection ends whether or not its record can be written
    void records.decision(asked, judgement);
    return judgement.refusal === "view-stale" ? "view-stale" : "policy-changed";
  }

  function nextDue(): number {
    turn = (turn + 1) % 10;
    return clock.monotonic() + RECHECK - (turn * RECHECK_SPREAD) / 10;
  }

  function touchedBy(changed: readonly EntityChange[]): Iterable<Held> {
    const touched = new Set<Held>();
    for (const { kind, key } of changed) {
      if (kind === "policy" || kind === "instance" || kind === "port") return [...all];
      const index = { user: byUser, session: bySession, entry: byEntry }[kind];
      for (const held of index.of(key)) touched.add(held);
    }
    return touched;
  }

  const stopListening = view.onChange((changed) => {
    for (const held of touchedBy(changed)) recheck(held);
  });
  const stopTicking = schedule.every(RECHECK_TICK, () => {
    const now = clock.monotonic();
    for (const held of [...all]) if (held.due <= now) recheck(held);
  });

  return {
    open(connection) {
      const held: Held = { ...connection, due: nextDue() };
      const { who } = connection;
      all.add(held);
      bySession.add(who.session.id, held);
      byUser.add(who.user.id, held);
      byEntry.add(who.entry, held);
      return () => {
        all.delete(held);
        bySession.delete(who.session.id, held);
        byUser.delete(who.user.id, held);
        byEntry.delete(who.entry, held);
      };
    },
    get size() {
      return all.size;
    },
    endAll(why, which) {
      for (const held of [...all]) if (which === undefined || held.asked.upgrade) held.end(why);
    },
    stop() {
      stopListening();
      stopTicking();
    },
  };
}

class Index {
  readonly #sets = new Map<string, Set<Held>>();
  add(key: string, held: Held): void {
    const set = this.#sets.get(key);
    if (set === undefined) this.#sets.set(key, new Set([held]));
    else set.add(held);
  }
  delete(key: string, held: Held): void {
    const set = this.#sets.get(key);
    set?.delete(held);
    if (set?.size === 0) this.#sets.delete(key);
  }
  of(key: string): Iterable<Held> {
    return this.#sets.get(key) ?? [];
  }
}
