/**
 * Time as the rest of the house sees it. A room is given a `Clock`; only `systemClock` reads the machine's.
 * Wall time may jump (NTP, an operator); ages that guard access are measured on the monotonic clock.
 */
export interface Clock {
  /** Wall time, milliseconds since the Unix epoch. */
  now(): number;
  /** Milliseconds since some fixed moment of this process; never goes back. */
  monotonic(): number;
}

/** The machine's clocks. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
};

/** A clock that moves only when told to, for tests. */
export interface ManualClock extends Clock {
  /** Moves both wall and monotonic time forward by `ms`. */
  advance(ms: number): void;
  /** Sets wall time alone, as a stepped clock does. */
  step(ms: number): void;
}

/** Makes a clock that starts at `start` (milliseconds since the Unix epoch). */
export function manualClock(start: number): ManualClock {
  let wall = start;
  let steady = 0;
  return {
    now: () => wall,
    monotonic: () => steady,
    advance(ms) {
      wall += ms;
      steady += ms;
    },
    step(ms) {
      wall += ms;
    },
  };
}
