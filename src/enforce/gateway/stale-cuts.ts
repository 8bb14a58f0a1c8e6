import type { Schedule } from "#kernel";
import type { Classification } from "#policy";
import type { View } from "#view";
import { FRESHNESS } from "./freshness-bounds.ts";

/** Between two tries to end what should have ended, in milliseconds. */
const AGAIN = 1_000;

export interface StaleCutsOptions<T> {
  readonly view: View;
  readonly schedule: Schedule;
  readonly onStale: (items: Iterable<T>) => void;
}

/**
 * Speaks up at the very moment when the view grows too old for a classification of which something is open: one timer a
 * classification, set to when the bound would pass if nothing more came from control.
 */
export class StaleCuts<T> {
  readonly #options: StaleCutsOptions<T>;
  readonly #open = new Map<Classification, Set<T>>();
  readonly #timers = new Map<Classification, () => void>();

  constructor(options: StaleCutsOptions<T>) {
    this.#options = options;
  }

  /** Returns what takes it off. */
  add(classification: Classification, item: T): () => void {
    let open = this.#open.get(classification);
    if (open === undefined) {
      open = new Set();
      this.#open.set(classification, open);
    }
    open.add(item);
    if (!this.#timers.has(classification)) this.#set(classification, 0);
    const mine = open;
    return () => mine.delete(item);
  }

  stop(): void {
    for (const cancel of this.#timers.values()) cancel();
    this.#timers.clear();
  }

  /** Sets the timer to the moment when the bound passes, but not before `least`. */
  #set(classification: Classification, least: number): void {
    const { view, schedule } = this.#options;
    // a whole millisecond later: at the bound itself the view is still good
    const ms = Math.max(least, Math.floor(view.msUntilStale(FRESHNESS[classification])) + 1);
    this.#timers.set(
      classification,
      schedule.after(ms, () => this.#look(classification)),
    );
  }

  #look(classification: Classification): void {
    this.#timers.delete(classification);
    const open = this.#open.get(classification);
    if (open === undefined || open.size === 0) return;
    const stale = !(this.#options.view.ageSeconds() <= FRESHNESS[classification]);
    if (stale) this.#options.onStale(open);
    this.#set(classification, stale ? AGAIN : 0);
  }
}
