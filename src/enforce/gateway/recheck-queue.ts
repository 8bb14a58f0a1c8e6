import type { Clock } from "#kernel";
import { RECHECK_TURN } from "./limits.ts";

export interface RecheckQueueOptions<T> {
  readonly clock: Clock;
  /** Runs a task at a later turn of the event loop. */
  readonly soon: (task: () => void) => void;
  readonly recheck: (item: T) => void;
  /** All that waited has been rechecked, so many milliseconds after the first of it came. */
  readonly onRound: (tookMs: number) => void;
}

/**
 * Rechecks many things without holding up the event loop: a few milliseconds a turn, what is urgent first. Each waits at
 * most once, whatever asks for it how often.
 */
export class RecheckQueue<T> {
  readonly #options: RecheckQueueOptions<T>;
  readonly #urgent = new Set<T>();
  readonly #rest = new Set<T>();
  #startedAt = 0;
  #running = false;
  #stopped = false;

  constructor(options: RecheckQueueOptions<T>) {
    this.#options = options;
  }

  /** Before everything that is not urgent. */
  addUrgent(items: Iterable<T>): void {
    for (const item of items) {
      this.#rest.delete(item);
      this.#urgent.add(item);
    }
    this.#start();
  }

  add(items: Iterable<T>): void {
    for (const item of items) if (!this.#urgent.has(item)) this.#rest.add(item);
    this.#start();
  }

  delete(item: T): void {
    this.#urgent.delete(item);
    this.#rest.delete(item);
  }

  stop(): void {
    this.#stopped = true;
    this.#urgent.clear();
    this.#rest.clear();
  }

  get #isEmpty(): boolean {
    return this.#urgent.size === 0 && this.#rest.size === 0;
  }

  #start(): void {
    if (this.#running || this.#stopped || this.#isEmpty) return;
    this.#running = true;
    this.#startedAt = this.#options.clock.monotonic();
    this.#options.soon(() => this.#turn());
  }

  #turn(): void {
    const { clock, soon, recheck, onRound } = this.#options;
    const until = clock.monotonic() + RECHECK_TURN;
    try {
      for (const waiting of [this.#urgent, this.#rest]) {
        for (const item of waiting) {
          waiting.delete(item);
          recheck(item);
          if (clock.monotonic() >= until) return;
        }
      }
    } finally {
      if (this.#isEmpty) {
        this.#running = false;
        if (!this.#stopped) onRound(clock.monotonic() - this.#startedAt);
      } else soon(() => this.#turn());
    }
  }
}
