import type { ChildProcess } from "node:child_process";
import { type Clock, type Notice, type Notify, PosternError, type Schedule } from "#kernel";
import { type Child, PAUSES, type Pauses, startChild } from "./child.ts";

/** A start that takes longer than this has failed. */
const START_MS = 60_000;

export interface SupervisorOptions {
  /** Roles in the order of their start: each group begins when the one before is ready. They stop in the opposite order. */
  readonly groups: readonly (readonly string[])[];
  readonly launch: (role: string) => ChildProcess;
  readonly notify: Notify;
  /** Each notice of a child, with its role. */
  readonly onNotice: (role: string, notice: Notice) => void;
  readonly clock: Clock;
  readonly schedule: Schedule;
  readonly pauses?: Pauses;
}

export interface Supervisor {
  /** The first `ready` notice of each role. Rejects with the error of a child that could not start. */
  readonly ready: Promise<ReadonlyMap<string, Notice>>;
  /** Stops what runs, in good order. */
  stop(): Promise<void>;
  /** Ends what runs, at once. */
  kill(): void;
}

/** Starts the children and keeps them running. */
export function supervise(options: SupervisorOptions): Supervisor {
  const { groups, launch, notify, onNotice, clock, schedule, pauses = PAUSES } = options;
  const running: Child[][] = [];
  let stopped = false;

  async function start(): Promise<ReadonlyMap<string, Notice>> {
    const ready = new Map<string, Notice>();
    for (const roles of groups) {
      if (stopped) break;
      const group = roles.map((role) =>
        startChild({
          role,
          launch: () => launch(role),
          notify,
          onNotice: (notice) => onNotice(role, notice),
          clock,
          schedule,
          pauses,
        }),
      );
      running.push(group);
      await Promise.all(group.map(async (child) => ready.set(child.role, await inTime(child))));
    }
    return ready;
  }

  async function inTime(child: Child): Promise<Notice> {
    const late = Promise.withResolvers<never>();
    const cancel = schedule.after(START_MS, () => {
      late.reject(
        new PosternError("internal", `the ${child.role} was not ready within ${START_MS / 1_000} s`),
      );
    });
    try {
      return await Promise.race([child.firstReady, late.promise]);
    } finally {
      cancel();
    }
  }

  return {
    ready: start(),
    async stop() {
      stopped = true;
      for (const child of running.flat()) child.expectEnd();
      for (const group of [...running].reverse())
        await Promise.all(group.map(async (child) => await child.stop()));
    },
    kill() {
      stopped = true;
      for (const child of running.flat()) child.kill();
    },
  };
}
