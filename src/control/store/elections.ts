import type { Clock, Notify, Schedule } from "#kernel";
import type { TaskLocks } from "./database.ts";
import { confirmTerm } from "./terms.ts";
import type { WriteTransaction } from "./write.ts";

/** How often a node that does not lead tries to, and one that leads looks whether it still does. */
const LOOK_EVERY_MS = 1_000;

/** The right to do what only one node may do. */
export interface Leadership {
  /** Grows with every change of leader. */
  readonly term: number;
  /**
   * Makes sure, inside a write, that no later term has begun; the write holds it off until it ends.
   * @throws PosternError `conflict` when another node leads by now
   */
  readonly confirm: (tx: WriteTransaction) => Promise<void>;
}

/** Begins to lead; returns what ends that. */
export type Lead = (leadership: Leadership) => () => void;

export interface Elections {
  elect(task: string, lead: Lead): () => Promise<void>;
  close(): Promise<void>;
}

export interface ElectionParts {
  readonly locks: TaskLocks;
  readonly schedule: Schedule;
  readonly clock: Clock;
  readonly notify: Notify;
}

interface Candidate {
  readonly task: string;
  readonly lead: Lead;
  stopped: boolean;
  /** Ends what it does as the leader; absent while it does not lead. */
  end?: () => void;
  /** Whether it was said that it cannot even stand. */
  failing: boolean;
}

/**
 * One leader a task: who holds the database's lock of that name. A lock can be lost without its holder knowing yet, so each
 * term has a number in a row that the leader's writes read and lock: a fencing token.
 */
export function makeElections({ locks, schedule, clock, notify }: ElectionParts): Elections {
  const candidates = new Set<Candidate>();
  let looking: Promise<void> | undefined;
  let again = false;
  let stopLooking: (() => void) | undefined;

  locks.onLost(() => {
    for (const candidate of candidates) endLead(candidate);
  });

  async function stand(candidate: Candidate): Promise<void> {
    const { task } = candidate;
    try {
      const term = await locks.win(task, clock.now());
      candidate.failing = false;
      if (term === undefined) return;
      if (candidate.stopped) {
        await locks.release(task);
        return;
      }
      try {
        candidate.end = candidate.lead({
          term,
          confirm: async (tx) => await confirmTerm(tx.db, task, term),
        });
      } catch (error) {
        await locks.release(task);
        throw error;
      }
    } catch (error) {
      if (!candidate.failing) {
        const why = error instanceof Error ? error.message : String(error);
        notify({ event: "warning", message: `this node cannot be elected for ${task}: ${why}` });
      }
      candidate.failing = true;
    }
  }

  async function lookAtAll(): Promise<void> {
    do {
      again = false;
      const leads = [...candidates].some(({ end }) => end !== undefined);
      // what it says is that the locks are lost, and `onLost` says that too
      if (leads) await locks.check().catch(() => undefined);
      for (const candidate of candidates)
        if (!candidate.stopped && candidate.end === undefined) await stand(candidate);
    } while (again);
  }

  function look(): void {
    again = true;
    looking ??= lookAtAll().finally(() => {
      looking = undefined;
    });
  }

  async function withdraw(candidate: Candidate): Promise<void> {
    if (candidate.stopped) return;
    candidate.stopped = true;
    await looking;
    candidates.delete(candidate);
    if (candidate.end === undefined) return;
    endLead(candidate);
    // a lock that cannot be given back ends with its connection
    await locks.release(candidate.task).catch(() => undefined);
  }

  return {
    elect(task, lead) {
      const candidate: Candidate = { task, lead, stopped: false, failing: false };
      candidates.add(candidate);
      stopLooking ??= schedule.every(LOOK_EVERY_MS, look);
      look();
      return async () => await withdraw(candidate);
    },
    async close() {
      stopLooking?.();
      await Promise.all([...candidates].map(withdraw));
    },
  };
}

function endLead(candidate: Candidate): void {
  const { end } = candidate;
  delete candidate.end;
  end?.();
}
