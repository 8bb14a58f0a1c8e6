/**
 * Load while things break: requests through gateways that an application notes, and writes to control. Afterwards both
 * are held against what the log and the database say.
 */
import { ask } from "./http.ts";

/** Where a request goes: the URL, and the address of the gateway that it is sent to. */
export interface Target {
  readonly url: string;
  readonly address: string;
  readonly cookie: string;
}

export interface Load {
  /** How requests were answered, by status; 0 when the connection broke. */
  readonly answers: ReadonlyMap<number, number>;
  /** What control acknowledged. */
  readonly acknowledged: readonly string[];
  stop(): Promise<void>;
}

export interface LoadOptions {
  /** How many requests are under way at a time. */
  readonly requests: number;
  /** The next request; `id` is unique and belongs into the path. */
  target(id: string): Target;
  /** Writes something that `id` names; resolves to whether control acknowledged it. */
  write?(id: string): Promise<boolean>;
}

const PAUSE_MS = 5;

/** Begins the load; it goes on until it is stopped. */
export function startLoad(options: LoadOptions): Load {
  const answers = new Map<number, number>();
  const acknowledged: string[] = [];
  let stopped = false;
  let made = 0;

  async function readers(): Promise<void> {
    while (!stopped) {
      const { url, address, cookie } = options.target(`r${++made}`);
      const status = await ask(url, { headers: { cookie, accept: "application/json" }, address }).then(
        (answer) => answer.status,
        () => 0,
      );
      answers.set(status, (answers.get(status) ?? 0) + 1);
      await pause(status === 200 ? PAUSE_MS : 10 * PAUSE_MS);
    }
  }

  async function writer(): Promise<void> {
    while (!stopped && options.write !== undefined) {
      const id = `w${++made}`;
      if (await options.write(id).catch(() => false)) acknowledged.push(id);
      await pause(PAUSE_MS);
    }
  }

  const running = [...Array.from({ length: options.requests }, async () => await readers()), writer()];
  return {
    answers,
    acknowledged,
    async stop() {
      stopped = true;
      await Promise.all(running);
    },
  };
}

async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}
