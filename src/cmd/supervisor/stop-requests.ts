/** npm passes a terminal's Ctrl-C on although the terminal sent it to us too: what comes this soon is the same one, in milliseconds. */
const SAME_PRESS_MS = 750;
/** How often the life of the process that started us is looked at, in milliseconds. */
const PARENT_MS = 1_000;

export type StopReason = NodeJS.Signals | "parent-gone";

/** Who wants this process to stop: the terminal, the system, or nobody any more, when what started us was killed. */
export interface StopRequests {
  readonly first: Promise<StopReason>;
  /** Asked again while stopping: at once, then. */
  readonly second: Promise<StopReason>;
  close(): void;
}

/**
 * Listens for SIGINT, SIGTERM and SIGHUP. When npm or the launcher in `bin` started us, their end counts as well,
 * since they die without a word when killed with -9.
 */
export function stopRequests(environment: { readonly [name: string]: string | undefined }): StopRequests {
  const first = Promise.withResolvers<StopReason>();
  const second = Promise.withResolvers<StopReason>();
  let askedAt: number | undefined;

  function ask(reason: StopReason): void {
    const now = performance.now();
    if (askedAt === undefined) {
      askedAt = now;
      first.resolve(reason);
    } else if (now - askedAt > SAME_PRESS_MS) second.resolve(reason);
  }

  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) process.on(signal, ask);

  const parent = process.ppid;
  const watched =
    environment["npm_lifecycle_event"] !== undefined || environment["POSTERN_LAUNCHER"] === String(parent);
  // it also keeps this process alive in the moments when no child runs
  const watch = setInterval(() => {
    if (watched && process.ppid !== parent && askedAt === undefined) ask("parent-gone");
  }, PARENT_MS);

  return {
    first: first.promise,
    second: second.promise,
    close() {
      clearInterval(watch);
      for (const signal of signals) process.off(signal, ask);
    },
  };
}
