import { type Notify, PosternError, type Schedule } from "#kernel";
import type { View } from "#view";
import type { Listener } from "./listener.ts";

/** A port that could not be opened is tried again after this time. */
const RETRY_MS = 5_000;

export interface PortsOptions {
  readonly view: View;
  readonly schedule: Schedule;
  readonly notify: Notify;
  readonly open: (port: number) => Promise<Listener>;
}

/** With `hostStyle: "port"`, the listeners beside the first: the console's, and one for each application, as the view has them. */
export interface Ports {
  listeners(): Iterable<Listener>;
  stop(): Promise<void>;
}

/** Opens what is open from the start, and follows the view from then on. */
export async function followPorts({ view, schedule, notify, open }: PortsOptions): Promise<Ports> {
  const opened = new Map<number, Listener>();
  let stopped = false;
  let following = Promise.resolve();

  function wanted(): Set<number> {
    const instance = view.instance();
    if (stopped || instance?.hostStyle !== "port") return new Set();
    const console = Number(new URL(instance.origins.console).port);
    return new Set([console, ...[...view.ports().values()].map(({ port }) => port)]);
  }

  async function settle(): Promise<void> {
    for (const [port, listener] of opened) {
      if (wanted().has(port)) continue;
      opened.delete(port);
      const closed = listener.close();
      listener.destroy();
      await closed;
    }
    for (const port of wanted()) {
      if (opened.has(port)) continue;
      try {
        opened.set(port, await open(port));
      } catch (error) {
        if (!(error instanceof PosternError)) throw error;
        notify({ event: "port-unavailable", message: `${error.message}; trying again`, port });
      }
    }
  }

  /** One change of ports at a time. */
  function follow(): Promise<void> {
    following = following.then(settle).catch((error: unknown) =>
      notify({
        event: "warning",
        message: `ports were not changed: ${error instanceof Error ? error.message : "unknown error"}`,
      }),
    );
    return following;
  }

  const stopListening = view.onChange((changed) => {
    if (changed.some(({ kind }) => kind === "port" || kind === "instance")) void follow();
  });
  const stopRetrying = schedule.every(RETRY_MS, () => {
    if ([...wanted()].some((port) => !opened.has(port))) void follow();
  });
  await follow();
  return {
    listeners: () => opened.values(),
    async stop() {
      stopListening();
      stopRetrying();
      stopped = true;
      await following;
    },
  };
}
