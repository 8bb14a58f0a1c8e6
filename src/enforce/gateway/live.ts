import type { Clock, Notify, Schedule } from "#kernel";
import type { EntityChange } from "#link";
import type { Classification, PolicySet } from "#policy";
import type { View } from "#view";
import { ConnectionIndex } from "./connection-index.ts";
import type { Asked } from "./input.ts";
import { type JudgeParts, judge, refusesAll } from "./judge.ts";
import { RECHECK_TICK } from "./limits.ts";
import { policyDifference } from "./policy-difference.ts";
import { RecheckQueue } from "./recheck-queue.ts";
import { RecheckWheel } from "./recheck-wheel.ts";
import type { Records } from "./records.ts";
import { AMBIGUOUS, findResource, type Resource } from "./resources.ts";
import { StaleCuts } from "./stale-cuts.ts";
import type { Tallies } from "./tallies.ts";
import { type Who, whoEntered } from "./who.ts";

/** Why a connection that was let through was ended. */
export type EndReason =
  | "session-ended"
  | "policy-changed"
  | "view-stale"
  | "membership-ended"
  | "gateway-stopped";

/** A connection that was let through and is still open. */
export interface Connection {
  /** The id of the decision that let it through. */
  readonly id: string;
  readonly asked: Asked;
  readonly who: Who;
  readonly resource: Resource;
  /** Ends it at once, and why. */
  readonly end: (why: EndReason) => void;
}

/**
 * All open connections, each decided again from fresh facts whenever something changes that touches it, and every half
 * minute, since time alone ends rights too. What is no longer allowed is ended; what the view has grown too old for is
 * ended at that moment.
 */
export interface LiveConnections {
  /** Puts one on the list; returns what takes it off. */
  open(connection: Connection): () => void;
  readonly size: number;
  /** Ends all of them, or those that would never end by themselves. */
  endAll(why: EndReason, which?: "tunnels"): void;
  stop(): void;
}

export interface LiveOptions extends JudgeParts {
  readonly view: View;
  readonly clock: Clock;
  readonly schedule: Schedule;
  readonly notify: Notify;
  readonly records: Records;
  readonly tallies: Tallies;
}

/** A connection on the list. */
interface Held extends Connection {
  /** As it was decided last. */
  classification: Classification;
  /** Takes it off the timer of its classification. */
  leaveStale: () => void;
}

export function makeLive(options: LiveOptions): LiveConnections {
  const { view, clock, schedule, notify, records, tallies } = options;
  const all = new Set<Held>();
  const index = new ConnectionIndex<Held>();
  const queue = new RecheckQueue<Held>({
    clock,
    soon: (task) => void setImmediate(task),
    recheck,
    onRound: (ms) => tallies.recheck(ms / 1_000),
  });
  const wheel = new RecheckWheel<Held>({ clock, schedule, onDue: (due) => queue.add(due) });
  const stale = new StaleCuts<Held>({ view, schedule, onStale: (cut) => queue.addUrgent(cut) });
  let set: PolicySet | undefined = view.policy()?.set;
  let refusing = refusesAll(view);

  function recheck(held: Held): void {
    let why: EndReason | undefined;
    try {
      why = reasonToEnd(held);
    } catch (error) {
      notify({ event: "warning", message: `an open connection cannot be decided again: ${String(error)}` });
      why = "policy-changed";
    }
    if (why !== undefined) held.end(why);
  }

  function reasonToEnd(held: Held): EndReason | undefined {
    const { asked, who, resource } = held;
    const now = whoEntered(view, clock, asked.site, who.entry);
    // a session that goes on as another person's is not the one that was let through
    if (now === undefined || now.session.id !== who.session.id || now.user.id !== who.user.id)
      return "session-ended";
    const found = findResource(view, asked.site, asked.canonical, asked.upgrade);
    if (found === undefined || found === AMBIGUOUS) return "policy-changed";
    if (found.audience !== resource.audience || found.upstream !== resource.upstream) return "policy-changed";
    classify(held, found.facts.classification);
    const judgement = judge(options, asked, now, found);
    if (judgement === undefined) return "view-stale";
    if (judgement.decision.effect === "allow") return undefined;
    tallies.decision(judgement, found);
    // the connection ends whether or not its record can be written
    void records.decision(asked, judgement);
    const { refusal } = judgement;
    return refusal === "view-stale" || refusal === "membership-ended" ? refusal : "policy-changed";
  }

  /** Its bound of freshness is that of the classification that holds now. */
  function classify(held: Held, classification: Classification): void {
    if (held.classification === classification) return;
    held.leaveStale();
    held.classification = classification;
    held.leaveStale = stale.add(classification, held);
  }

  function onChange(changed: readonly EntityChange[], owners: ReadonlySet<string>): void {
    for (const { kind, key } of changed) {
      switch (kind) {
        case "session":
        case "user":
        case "entry":
          queue.addUrgent(index.of(kind, key));
          break;
        case "policy":
          onPolicy();
          break;
        case "instance":
        case "port":
          queue.add(all);
          break;
        // concern their owners
        case "device":
        case "grant":
          break;
        // concern the link alone
        case "authority":
        case "control":
          break;
        default:
          kind satisfies never;
          queue.add(all);
      }
    }
    for (const user of owners) queue.addUrgent(index.of("user", user));
  }

  function onPolicy(): void {
    const now = view.policy()?.set;
    if (now === undefined || now === set) return;
    const difference = policyDifference(set, now);
    set = now;
    if (difference.everything) {
      queue.add(all);
      return;
    }
    const domain = view.instance()?.domain;
    for (const { name, host } of difference.applications) {
      queue.addUrgent(index.of("application", name));
      // another application may have answered for its paths, or may do so from now on
      queue.addUrgent(index.of("host", `${host}.${domain}`));
    }
  }

  /** What refuses everything ends everything. */
  function look(): void {
    const before = refusing;
    refusing = refusesAll(view);
    if (refusing !== undefined && refusing !== before) queue.addUrgent(all);
  }

  const stopListening = view.onChange(onChange);
  const stopFollowing = view.onStanding(look);
  // clocks drift apart without a word from anybody
  const stopWatching = schedule.every(RECHECK_TICK, look);

  return {
    open(connection) {
      const { id, who, asked, resource } = connection;
      const { name: application, classification } = resource.facts;
      const held: Held = { ...connection, classification, leaveStale: () => undefined };
      held.leaveStale = stale.add(classification, held);
      all.add(held);
      const keys = {
        session: who.session.id,
        user: who.user.id,
        entry: who.entry,
        application,
        host: asked.site.entryHost,
      };
      const leaveIndex = index.add(keys, held);
      const leaveWheel = wheel.add(id, held);
      return () => {
        all.delete(held);
        queue.delete(held);
        leaveIndex();
        leaveWheel();
        held.leaveStale();
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
      stopFollowing();
      stopWatching();
      wheel.stop();
      stale.stop();
      queue.stop();
    },
  };
}
