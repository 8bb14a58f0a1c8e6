import { type ErrorCode, PosternError } from "#kernel";

/** How a command ends; scripts may rely on it. */
export const EXIT: {
  readonly done: 0;
  readonly failed: 1;
  readonly usage: 2;
  readonly notRunning: 3;
  readonly denied: 4;
} = { done: 0, failed: 1, usage: 2, notRunning: 3, denied: 4 };

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** The table that every help text shows. */
export const EXIT_CODES: readonly { readonly code: ExitCode; readonly meaning: string }[] = [
  { code: EXIT.done, meaning: "done" },
  { code: EXIT.failed, meaning: "failed, or refused as it was asked; nothing was changed" },
  { code: EXIT.usage, meaning: "the command line was not understood" },
  { code: EXIT.notRunning, meaning: "Postern is not running, or did not answer" },
  { code: EXIT.denied, meaning: "denied by policy" },
];

const BY_ERROR: ReadonlyMap<ErrorCode, ExitCode> = new Map<ErrorCode, ExitCode>([
  ["usage.invalid", EXIT.usage],
  ["not_running", EXIT.notRunning],
  ["denied", EXIT.denied],
  ["unauthenticated", EXIT.denied],
]);

/** The exit code that an error ends a command with. */
export function exitCodeOf(error: unknown): ExitCode {
  return error instanceof PosternError ? (BY_ERROR.get(error.code) ?? EXIT.failed) : EXIT.failed;
}
