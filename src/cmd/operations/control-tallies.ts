import type { MemberRole } from "#link";

/** What control counts as it goes, for its metrics. */
export interface ControlTallies {
  /** Records of enforcement points were taken into the log. */
  ingested(records: number): void;
  /** A stream of state was opened; returns what notes its end. */
  stream(role: MemberRole): () => void;
  /** This node leads a task of which only one node may be at work; returns what notes its end. */
  leads(task: string): () => void;
  readonly ingestedRecords: number;
  readonly streams: ReadonlyMap<MemberRole, number>;
  readonly tasks: ReadonlyMap<string, boolean>;
}

export function controlTallies(): ControlTallies {
  let ingestedRecords = 0;
  const streams = new Map<MemberRole, number>([
    ["gateway", 0],
    ["agent", 0],
  ]);
  const tasks = new Map<string, boolean>();
  return {
    ingested(records) {
      ingestedRecords += records;
    },
    stream(role) {
      let open = true;
      streams.set(role, (streams.get(role) ?? 0) + 1);
      return () => {
        if (open) streams.set(role, (streams.get(role) ?? 1) - 1);
        open = false;
      };
    },
    leads(task) {
      tasks.set(task, true);
      return () => void tasks.set(task, false);
    },
    get ingestedRecords() {
      return ingestedRecords;
    },
    streams,
    tasks,
  };
}
