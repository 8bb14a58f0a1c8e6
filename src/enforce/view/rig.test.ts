import { afterEach } from "node:test";
import { type ManualClock, manualClock, type Notice, type Schedule } from "#kernel";
import type {
  EntityChange,
  InstanceState,
  LinkClient,
  PolicyState,
  SessionState,
  StateMessage,
  StreamRequest,
} from "#link";
import { compileSet } from "#policy";
import { openView, type View } from "./index.ts";

export const MANIFEST = (name: string, more = ""): string =>
  `apiVersion: postern.dev/v1\nkind: Application\nmetadata:\n  name: ${name}\nspec:\n  upstream: http://127.0.0.1:1\n  classification: internal\n${more}`;

export function policyState(activation: number, files: { path: string; text: string }[]): PolicyState {
  return { version: compileSet(files).version, activation, activatedAt: 0, files };
}

export const FIRST: PolicyState = policyState(1, [
  { path: "a.yaml", text: MANIFEST("wiki") },
  { path: "b.yaml", text: MANIFEST("docs", "  host: wiki\n  pathPrefix: /docs\n") },
]);

export const INSTANCE: InstanceState = {
  id: "ins",
  domain: "postern.localhost",
  hostStyle: "subdomain",
  origins: { login: "http://login.postern.localhost:7400", console: "http://console.postern.localhost:7400" },
  scheme: "http",
  port: 7400,
};

export const SESSION: SessionState = {
  id: "ses_1",
  user: "usr_1",
  createdAt: 0,
  authenticatedAt: 0,
  amr: ["hwk"],
  idleExpiresAt: 1e15,
  absoluteExpiresAt: 1e15,
};

export const SNAPSHOT: readonly EntityChange[] = [
  { kind: "instance", key: "instance", value: INSTANCE },
  { kind: "policy", key: "active", value: FIRST },
  { kind: "session", key: "ses_1", value: SESSION },
  { kind: "entry", key: "hash1", value: { session: "ses_1", host: "wiki.postern.localhost" } },
  { kind: "entry", key: "hash2", value: { session: "ses_1", host: "docs.postern.localhost" } },
];

/** Control at the other end of a link, which says what a test tells it to. */
export class Control implements LinkClient {
  readonly wanted: StreamRequest[] = [];
  #handlers: Parameters<LinkClient["openState"]>[1] | undefined;
  /** What was sent up. */
  readonly sent: unknown[] = [];
  /** How it is answered. */
  answer: () => Promise<unknown> = async () => await Promise.resolve({});
  get connected(): boolean {
    return this.#handlers !== undefined;
  }
  openState(wanted: StreamRequest, handlers: Parameters<LinkClient["openState"]>[1]): () => void {
    this.wanted.push(wanted);
    this.#handlers = handlers;
    return () => this.cut();
  }
  say(message: StateMessage): void {
    try {
      this.#handlers?.onMessage(message);
    } catch (error) {
      this.cut(error instanceof Error ? error : undefined);
    }
  }
  cut(error?: Error): void {
    const handlers = this.#handlers;
    this.#handlers = undefined;
    handlers?.onEnd(error);
  }
  async send(_path: string, message: unknown): Promise<unknown> {
    this.sent.push(message);
    return await this.answer();
  }
  close(): void {
    this.cut();
  }
}

/** A schedule that runs its tasks when the clock is moved by it. */
export class Timers implements Schedule {
  readonly clock: ManualClock = manualClock(1_000_000);
  readonly #tasks = new Set<{ at: number; every?: number; task: () => void }>();
  after(ms: number, task: () => void): () => void {
    const entry = { at: this.clock.monotonic() + ms, task };
    this.#tasks.add(entry);
    return () => this.#tasks.delete(entry);
  }
  every(ms: number, task: () => void): () => void {
    const entry = { at: this.clock.monotonic() + ms, every: ms, task };
    this.#tasks.add(entry);
    return () => this.#tasks.delete(entry);
  }
  pass(ms: number): void {
    for (let left = ms; left > 0; left -= 50) {
      this.clock.advance(Math.min(50, left));
      for (const entry of [...this.#tasks]) {
        if (entry.at > this.clock.monotonic()) continue;
        if (entry.every === undefined) this.#tasks.delete(entry);
        else entry.at += entry.every;
        entry.task();
      }
    }
  }
}

export interface Rig {
  readonly control: Control;
  readonly timers: Timers;
  readonly view: View;
  readonly notices: Notice[];
}
let open: View | undefined;
afterEach(() => {
  open?.close();
  open = undefined;
});

export function rig(role: StreamRequest["role"] = "gateway"): Rig {
  const control = new Control();
  const timers = new Timers();
  const notices: Notice[] = [];
  const view = openView({
    link: control,
    role,
    name: "local",
    boot: "boot",
    version: "0",
    clock: timers.clock,
    schedule: timers,
    notify: (notice) => notices.push(notice),
  });
  open = view;
  return { control, timers, view, notices };
}

export function begun(): Rig {
  const made = rig();
  made.control.say({ type: "snapshot", epoch: "e1", number: 5, entities: SNAPSHOT });
  return made;
}

export const change = (
  number: number,
  entities: readonly EntityChange[] = [],
  epoch = "e1",
): StateMessage => ({
  type: "change",
  epoch,
  number,
  entities,
});
export const beat = ({ timers }: Rig, head: number, epoch = "e1"): StateMessage => ({
  type: "heartbeat",
  epoch,
  head,
  now: timers.clock.now(),
});
