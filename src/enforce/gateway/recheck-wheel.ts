import type { Clock, Schedule } from "#kernel";
import { RECHECK, RECHECK_TICK } from "./limits.ts";

/** Short of the promise by a tick, since a tick may come late by one. */
const SLOTS: number = Math.floor(RECHECK / RECHECK_TICK) - 2;

export interface RecheckWheelOptions<T> {
  readonly clock: Clock;
  readonly schedule: Schedule;
  readonly onDue: (items: Iterable<T>) => void;
}

/**
 * Brings each of many things to mind once in every half minute: a wheel whose slots come up in turn. A thing's slot is the
 * hash of its id, so that those that came together are not due together.
 */
export class RecheckWheel<T> {
  readonly #slots: readonly Set<T>[] = Array.from({ length: SLOTS }, () => new Set<T>());
  readonly #stop: () => void;
  #tick: number;

  constructor({ clock, schedule, onDue }: RecheckWheelOptions<T>) {
    const now = (): number => Math.floor(clock.monotonic() / RECHECK_TICK);
    this.#tick = now();
    this.#stop = schedule.every(RECHECK_TICK, () => {
      const until = now();
      // after a pause of the whole process every slot is due once
      for (let tick = Math.max(this.#tick, until - SLOTS) + 1; tick <= until; tick++) {
        const slot = this.#slots[tick % SLOTS];
        if (slot !== undefined && slot.size > 0) onDue(slot);
      }
      this.#tick = until;
    });
  }

  /** Returns what takes it off. */
  add(id: string, item: T): () => void {
    const slot = this.#slots[hash(id) % SLOTS];
    slot?.add(item);
    return () => slot?.delete(item);
  }

  stop(): void {
    this.#stop();
  }
}

/** FNV-1a over 32 bits: spreads, and guards nothing. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return value >>> 0;
}
