import type { Clock } from "#kernel";

/** Heartbeats whose head has not been reached yet; beyond so many the oldest are let go. */
const MOST_AHEAD = 64;

/**
 * How old the view's knowledge is. Fresh means: has applied the head that a heartbeat named, which control read
 * from the database before it sent it. The age counts from the receipt of such a heartbeat, on the monotonic clock.
 */
export class Freshness {
  readonly #clock: Clock;
  #freshAt: number | undefined;
  #skewMs = 0;
  #ahead: { readonly head: number; readonly at: number }[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A heartbeat came in while the view was at `number`. */
  heard(heartbeat: { readonly head: number; readonly now: number }, number: number): void {
    this.#skewMs = this.#clock.now() - heartbeat.now;
    this.#ahead.push({ head: heartbeat.head, at: this.#clock.monotonic() });
    if (this.#ahead.length > MOST_AHEAD) this.#ahead.shift();
    this.reached(number);
  }

  /** The view is at `number` now, and everything up to it is in force. */
  reached(number: number): void {
    while (this.#ahead[0] !== undefined && this.#ahead[0].head <= number) {
      this.#freshAt = this.#ahead[0].at;
      this.#ahead.shift();
    }
  }

  /** Forgets heartbeats whose heads count no more: those of an epoch that has ended. */
  forget(): void {
    this.#ahead = [];
  }

  /** What is known is worth nothing any more. */
  end(): void {
    this.#ahead = [];
    this.#freshAt = undefined;
  }

  /** Infinity before the first. */
  ageSeconds(): number {
    return this.#freshAt === undefined
      ? Number.POSITIVE_INFINITY
      : (this.#clock.monotonic() - this.#freshAt) / 1000;
  }

  /** Until the age is over the bound, if nothing more is heard; 0 when it is. */
  msUntilStale(boundSeconds: number): number {
    return Math.max(0, (boundSeconds - this.ageSeconds()) * 1000);
  }

  /** By how much this machine's wall clock is ahead of control's, as the last heartbeat showed. */
  skewSeconds(): number {
    return this.#skewMs / 1000;
  }
}
