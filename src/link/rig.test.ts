import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach } from "node:test";
import { manualClock, PosternError, type Schedule } from "#kernel";
import {
  type EntityChange,
  type LinkClient,
  type LinkHandlers,
  type LinkServerOptions,
  linkClient,
  linkServer,
  localLink,
  type StateMessage,
  type StateSource,
  type StreamRequest,
  unixDialer,
} from "./index.ts";

export const folder = mkdtempSync(join(tmpdir(), "postern-link-"));
after(() => rmSync(folder, { recursive: true, force: true }));

export const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

export const WHO: StreamRequest = { role: "gateway", name: "local", boot: "boot_1", version: "0.1.0" };

export async function until(holds: () => boolean): Promise<void> {
  const last = performance.now() + 5_000;
  while (!holds()) {
    if (performance.now() > last) assert.fail(`not in time: ${holds.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

export interface MemorySource extends StateSource {
  commit(...entities: EntityChange[]): void;
  forget(upTo: number): void;
  /** Goes back to an earlier number, as a database that was restored below. */
  goBack(to: number): void;
  /** Whether it can be read. */
  down: boolean;
  readonly epochs: string[];
  readonly reads: { pages: number; listeners: number };
}

/** A change log in memory that behaves as the store's does. */
export function memorySource(first: string): MemorySource {
  const log: { number: number; entities: EntityChange[] }[] = [];
  const listeners = new Set<() => void>();
  const reads = { pages: 0, listeners: 0 };
  let head = 0;
  let epoch = first;
  let held = new Map<string, EntityChange>();
  const tell = (): void => {
    for (const listener of listeners) listener();
  };
  const put = (change: EntityChange): void => {
    const key = `${change.kind} ${change.key}`;
    if (change.value === null) held.delete(key);
    else held.set(key, change);
  };
  async function read<T>(work: () => T): Promise<T> {
    await Promise.resolve();
    if (source.down) throw new PosternError("state.unreachable", "the database does not answer");
    return work();
  }
  const source: MemorySource = {
    reads,
    down: false,
    epochs: [],
    head: async () => await read(() => ({ epoch, number: head })),
    page: async ({ kinds, after, limit }) =>
      await read(() => {
        reads.pages++;
        const entities = [...held.values()]
          .filter(({ kind }) => kinds?.includes(kind) ?? true)
          .sort(byKey)
          .filter((entity) => after === undefined || byKey(entity, after) > 0)
          .slice(0, limit);
        return { epoch, number: head, entities };
      }),
    changesAfter: async (from, limit) =>
      await read(() => {
        const rows = log.filter(({ number }) => number > from.number).slice(0, limit);
        const reaches = rows[0] === undefined ? head === from.number : rows[0].number === from.number + 1;
        if (!reaches || from.epoch !== epoch) return undefined;
        return rows.map((row) => ({ type: "change" as const, epoch, ...row }));
      }),
    async startEpoch(reason) {
      await Promise.resolve();
      source.epochs.push(reason);
      epoch = `${first}.${source.epochs.length}`;
      tell();
    },
    onCommit(listener) {
      listeners.add(listener);
      reads.listeners = listeners.size;
      return () => {
        listeners.delete(listener);
        reads.listeners = listeners.size;
      };
    },
    commit(...entities) {
      log.push({ number: ++head, entities });
      for (const change of entities) put(change);
      tell();
    },
    forget(upTo) {
      log.splice(
        0,
        log.findIndex(({ number }) => number > upTo),
      );
    },
    goBack(to) {
      log.length = log.findIndex(({ number }) => number > to);
      head = to;
      held = new Map();
      for (const { entities } of log) for (const change of entities) put(change);
    },
  };
  return source;
}

function byKey(a: { kind: string; key: string }, b: { kind: string; key: string }): number {
  const [left, right] = a.kind === b.kind ? [a.key, b.key] : [a.kind, b.kind];
  return left < right ? -1 : left > right ? 1 : 0;
}

export interface HandSchedule extends Schedule {
  /** Runs what is to run again and again. */
  tick(): void;
  /** Runs what is waiting for a pause of this length. */
  pass(ms: number): void;
  readonly every_: number[];
}

/** Timers that go off when told to. */
export function manualSchedule(): HandSchedule {
  const tasks = new Set<() => void>();
  const waiting = new Set<{ readonly ms: number; readonly task: () => void }>();
  const every_: number[] = [];
  return {
    every_,
    after(ms, task) {
      const entry = { ms, task };
      waiting.add(entry);
      return () => waiting.delete(entry);
    },
    every(ms, task) {
      every_.push(ms);
      tasks.add(task);
      return () => tasks.delete(task);
    },
    tick() {
      for (const task of tasks) task();
    },
    pass(ms) {
      for (const entry of [...waiting]) {
        if (entry.ms !== ms) continue;
        waiting.delete(entry);
        entry.task();
      }
    },
  };
}

export const REFUSE = async (): Promise<never> => await Promise.reject(new Error("not in this test"));
export const HANDLERS: LinkHandlers = {
  admit: () => undefined,
  onRevoked: () => () => undefined,
  join: REFUSE,
  renew: REFUSE,
  report: REFUSE,
  records: REFUSE,
  entry: REFUSE,
  activity: REFUSE,
  key: REFUSE,
  connected: () => undefined,
  disconnected: () => undefined,
};

let made = 0;
export async function serve(
  listener: RequestListener,
): Promise<{ socket: string; server: Server; client: LinkClient }> {
  const socket = join(folder, `${++made}.sock`);
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  const client = clientOf(socket);
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { socket, server, client };
}

/** A client of whoever serves a socket. */
export function clientOf(
  socket: string,
  as: Pick<StreamRequest, "role" | "name" | "boot"> = WHO,
): LinkClient {
  const { role, name, boot } = as;
  const client = linkClient({ dialer: unixDialer(socket), boot, role, name });
  closing.push(() => client.close());
  return client;
}

/** What a server of the link is made of in tests. */
export function parts(source: StateSource, handlers: Partial<LinkHandlers> = {}) {
  const schedule = manualSchedule();
  const clock = manualClock(1_000_000);
  const notices: string[] = [];
  const options: LinkServerOptions = {
    source,
    handlers: { ...HANDLERS, ...handlers },
    clock,
    schedule,
    notify: ({ message }) => void notices.push(message ?? ""),
  };
  return { schedule, clock, notices, listener: localLink(linkServer(options)) };
}

export async function control(handlers: Partial<LinkHandlers> = {}, source = memorySource("epoch_1")) {
  const made = parts(source, handlers);
  return { source, ...made, ...(await serve(made.listener)) };
}

export interface Reader {
  readonly messages: StateMessage[];
  readonly ends: (Error | undefined)[];
  close(): void;
}
export function read(client: LinkClient, wanted: Partial<StreamRequest> = {}): Reader {
  const messages: StateMessage[] = [];
  const ends: (Error | undefined)[] = [];
  const close = client.openState(
    { ...WHO, ...wanted },
    { onMessage: (message) => messages.push(message), onEnd: (error) => ends.push(error) },
  );
  closing.push(close);
  return { messages, ends, close };
}

export function put(key: string, port: number): EntityChange {
  return { kind: "control", key, value: { url: `https://control.example:${port}` } };
}

export function beats(messages: readonly StateMessage[]): number {
  return messages.filter(({ type }) => type === "heartbeat").length;
}

/** What a reader holds after messages, by kind and key. */
export function held(messages: readonly StateMessage[]): ReadonlyMap<string, EntityChange> {
  let state = new Map<string, EntityChange>();
  let open = false;
  for (const message of messages) {
    if (message.type === "heartbeat") continue;
    if (message.type === "snapshot" && !open) state = new Map();
    open = message.type === "snapshot" && message.more === true;
    for (const change of message.entities) {
      const key = `${change.kind} ${change.key}`;
      if (change.value === null) state.delete(key);
      else state.set(key, change);
    }
  }
  return new Map([...state].sort(([a], [b]) => (a < b ? -1 : 1)));
}

export function snapshots(messages: readonly StateMessage[]): (StateMessage & { type: "snapshot" })[] {
  return messages.flatMap((message) => (message.type === "snapshot" ? [message] : []));
}
