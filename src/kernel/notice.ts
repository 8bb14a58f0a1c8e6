/**
 * What a process says about its own running, for whoever started it: progress, warnings, readiness.
 * These are operations, not audit: what was decided or changed goes to the event log.
 */
export interface Notice {
  /** A stable name such as `ready`, `starting`, `child-restarting`. */
  readonly event: string;
  /** One line for people. */
  readonly message?: string;
  readonly [field: string]: unknown;
}

/** Takes a notice; never throws and never blocks. */
export type Notify = (notice: Notice) => void;
