/** Timers as a room sees them: it is given a `Schedule`, so that tests decide when time passes. */
export interface Schedule {
  /** Runs `task` once after `ms`; returns what cancels it. Does not keep the process alive. */
  after(ms: number, task: () => void): () => void;
  /** Runs `task` every `ms`; returns what stops it. Does not keep the process alive. */
  every(ms: number, task: () => void): () => void;
}

/** The event loop's timers. */
export const systemSchedule: Schedule = {
  after(ms, task) {
    const timer = setTimeout(task, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
  every(ms, task) {
    const timer = setInterval(task, ms);
    timer.unref();
    return () => clearInterval(timer);
  },
};

/** The pause before try number `attempt` (from 0): doubles from `first` to at most `most`, in milliseconds. */
export function growingPause(attempt: number, first: number, most: number): number {
  return Math.min(most, first * 2 ** Math.min(attempt, 30));
}
