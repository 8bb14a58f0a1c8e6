import type { ChildProcess } from "node:child_process";
import {
  type Clock,
  type ErrorCode,
  growingPause,
  type Notice,
  type Notify,
  PosternError,
  type Schedule,
} from "#kernel";

/** The parts of time that supervision works with, in milliseconds. */
export interface Pauses {
  readonly first: number;
  readonly most: number;
  /** After running this long a child counts as well again, and its next pause is the first. */
  readonly wellAfter: number;
  /** How long a child may take to stop before it is killed. */
  readonly grace: number;
}
export const PAUSES: Pauses = { first: 250, most: 30_000, wellAfter: 60_000, grace: 5_000 };

export interface ChildOptions {
  readonly role: string;
  /** Starts the process, with an IPC channel. */
  readonly launch: () => ChildProcess;
  readonly notify: Notify;
  /** Each notice that the child sends, `ready` included. */
  readonly onNotice: (notice: Notice) => void;
  readonly clock: Clock;
  readonly schedule: Schedule;
  readonly pauses: Pauses;
}

/** A child process that is started again whenever it ends, until it is stopped. */
export interface Child {
  readonly role: string;
  /** Resolves with the child's first `ready` notice; rejects when it ends before it was ever ready. */
  readonly firstReady: Promise<Notice>;
  /** From now on it is not started again when it ends: a signal to the whole group reaches it too. */
  expectEnd(): void;
  /** SIGTERM, then SIGKILL after the grace period; resolves when the process is gone. */
  stop(): Promise<void>;
  /** SIGKILL at once. */
  kill(): void;
}

export function startChild(options: ChildOptions): Child {
  const { role, launch, notify, onNotice, clock, schedule, pauses } = options;
  const first = Promise.withResolvers<Notice>();
  // whoever awaits it learns of it; a stop during the start may come before anybody does
  first.promise.catch(() => undefined);
  let current: ChildProcess | undefined;
  let cancelRestart: (() => void) | undefined;
  let everReady = false;
  let stopping = false;
  let failures = 0;

  function start(): void {
    cancelRestart = undefined;
    const child = launch();
    const startedAt = clock.monotonic();
    let failure: PosternError | undefined;
    let ended = false;
    current = child;
    if (child.pid !== undefined) notify({ event: "child-started", role, pid: child.pid });

    child.on("message", (message) => {
      if (!isNotice(message)) return;
      if (message.event === "failed") failure = failureOf(message);
      if (message.event === "ready") {
        everReady = true;
        notify({ event: "child-ready", role, pid: child.pid });
        first.resolve(message);
      }
      onNotice(message);
    });
    child.on("error", (error) => {
      failure ??= new PosternError("internal", `the ${role} cannot be started: ${error.message}`, {
        cause: error,
      });
      if (child.pid === undefined) gone(null, null);
    });
    child.on("exit", gone);

    function gone(code: number | null, signal: NodeJS.Signals | null): void {
      if (ended) return;
      ended = true;
      current = undefined;
      if (stopping) return;
      const how = signal ?? `exit code ${code}`;
      if (!everReady) {
        stopping = true;
        first.reject(
          failure ?? new PosternError("internal", `the ${role} ended before it was ready (${how})`),
        );
        return;
      }
      if (clock.monotonic() - startedAt >= pauses.wellAfter) failures = 0;
      const pause = growingPause(failures, pauses.first, pauses.most);
      failures++;
      const why = failure === undefined ? "" : `: ${failure.message}`;
      notify({
        event: "child-exited",
        role,
        pid: child.pid,
        code,
        signal,
        message: `the ${role} ended (${how})${why}`,
      });
      notify({
        event: "child-restarting",
        role,
        pauseMs: pause,
        attempt: failures,
        message: `starting the ${role} again in ${pause < 1_000 ? `${pause} ms` : `${Math.round(pause / 1_000)} s`}`,
      });
      cancelRestart = schedule.after(pause, start);
    }
  }

  function expectEnd(): void {
    stopping = true;
    cancelRestart?.();
  }

  async function stop(): Promise<void> {
    expectEnd();
    const child = current;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise<void>((resolve) => {
      child.once("exit", () => resolve());
    });
    child.kill("SIGTERM");
    const late = schedule.after(pauses.grace, () => {
      notify({ event: "warning", role, message: `the ${role} did not stop in time and is killed` });
      child.kill("SIGKILL");
    });
    await gone;
    late();
  }

  start();
  return {
    role,
    firstReady: first.promise,
    expectEnd,
    stop,
    kill() {
      expectEnd();
      current?.kill("SIGKILL");
    },
  };
}

function isNotice(message: unknown): message is Notice {
  return (
    typeof message === "object" && message !== null && "event" in message && typeof message.event === "string"
  );
}

/** The error that a child ended with, as its `failed` notice says it. */
function failureOf(notice: Notice): PosternError {
  const { code, message, where, remedy } = notice;
  return new PosternError(
    // parent and child are one program
    typeof code === "string" ? (code as ErrorCode) : "internal",
    typeof message === "string" ? message : "it failed",
    { ...(typeof where === "string" ? { where } : {}), ...(typeof remedy === "string" ? { remedy } : {}) },
  );
}
