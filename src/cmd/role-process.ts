import type { Notice, Notify } from "#kernel";
import type { RunningRole } from "./roles/role.ts";
import { EXIT, type ExitCode, exitCodeOf } from "./terminal/exit-codes.ts";
import { describeFailure, failureJson } from "./terminal/failure.ts";
import type { World } from "./world.ts";

/** Starts a role: resolves when it is ready. */
export type StartRole = (notify: Notify) => Promise<RunningRole>;

/** A role that has not stopped by itself in this time is ended; its supervisor allows a little more. */
const STOP_MS = 4_500;

/**
 * The child's side of supervision. Notices go to the supervisor over the channel that it opened. SIGTERM asks
 * the role to stop, and so does the end of that channel, which is how a child learns that its supervisor was killed.
 * Ctrl-C and a closing terminal reach children too, but stopping is the supervisor's to order.
 */
export async function runRole(
  start: StartRole,
  world: World,
  tell: Notify = (notice) => world.stderr.write(`${JSON.stringify(notice)}\n`),
): Promise<ExitCode> {
  const supervised = process.send !== undefined;
  const asked = new Promise<"stop">((resolve) => {
    process.on("SIGTERM", () => resolve("stop"));
    process.on("disconnect", () => resolve("stop"));
    for (const signal of ["SIGINT", "SIGHUP"] as const) {
      process.on(signal, () => {
        if (!supervised) resolve("stop");
      });
    }
  });
  const notify: Notify = supervised ? tellSupervisor : tell;

  try {
    const starting = start(notify);
    const first = await Promise.race([starting, asked]);
    if (first === "stop") return leave(EXIT.done); // nothing is promised to anybody yet
    await asked;
    const late = setTimeout(() => leave(EXIT.failed), STOP_MS);
    await first.stop();
    clearTimeout(late);
    return leave(EXIT.done);
  } catch (error) {
    const { error: fields } = failureJson(error);
    if (supervised) await told({ event: "failed", ...fields });
    // of a fault of ours, a supervisor's one line does not say enough
    if (!supervised || fields["code"] === "internal") world.stderr.write(describeFailure(error));
    return leave(exitCodeOf(error));
  }
}

function tellSupervisor(notice: Notice): void {
  void told(notice);
}

/** Resolves once the supervisor's channel took the notice, or is found closed. */
async function told(notice: Notice): Promise<void> {
  await new Promise<void>((resolve) => {
    if (process.connected !== true || process.send === undefined) resolve();
    else process.send(notice, undefined, {}, () => resolve());
  });
}

/** Ends the process whatever is still open in it: a role that has stopped owes nobody anything. */
function leave(code: ExitCode): never {
  process.exit(code);
}
