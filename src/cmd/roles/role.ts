/** A role that runs in this process until it is stopped. */
export interface RunningRole {
  /** Ends what is under way in good order; resolves when nothing is left to do. */
  stop(): Promise<void>;
}
