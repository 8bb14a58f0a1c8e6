/** One case of a suite; it passed when nothing was found wrong. */
export interface Case {
  readonly name: string;
  readonly findings: readonly string[];
  /** What the case is about, in a suite that counts by it. */
  readonly category?: string;
}

/** Runs the cases that stand in a folder. */
export type Suite = (folder: string) => readonly Case[];
