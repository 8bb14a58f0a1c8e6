/** An axis of counts from zero: its top, and where its lines are. */
export interface Scale {
  readonly top: number;
  readonly ticks: readonly number[];
}

/** The smallest axis of round whole steps (1, 2 or 5 times a power of ten, at most four of them) that holds `most`. */
export function countScale(most: number): Scale {
  for (let power = 1; ; power *= 10) {
    for (const step of [power, 2 * power, 5 * power]) {
      const steps = Math.max(1, Math.ceil(most / step));
      if (steps <= 4)
        return { top: steps * step, ticks: Array.from({ length: steps + 1 }, (_, i) => i * step) };
    }
  }
}
