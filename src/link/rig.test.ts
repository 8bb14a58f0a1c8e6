import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach } from "node:test";
import { manualClock, type Schedule } from "#kernel";
import {
  type EntityChange,
  type LinkClient,
  type LinkHandlers,
  linkClient,
  linkServer,
  type StateMessage,
  type StateSource,
  type StreamRequest,
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

/** A change log in memory that behaves as the store's does. */
export function memorySource(epoch: string): StateSource & {
  commit(...entities: EntityChange[]): void;
  forget(upTo: number): void;
  readonly reads: { snapshots: number; listeners: number };
} {
  const log: { number: number; entities: EntityChange[] }[] = [];
  const listeners = new Set<() => void>();
  const reads = { snapshots: 0, listeners: 0 };
  let head = 0;
  return {
    reads,
    head: async () => await Promise.resolve({ epoch, number: head }),
    async snapshot() {
      reads.snapshots++;
      const held = new Map<string, EntityChange>();
      for (const { entities } of log)
        for (const change of entities) {
          if (change.value === null) held.delete(change.key);
          else held.set(change.key, change);
        }
      return await Promise.resolve({ type: "snapshot", epoch, number: head, entities: [...held.values()] });
    },
    async changesAfter(from, limit) {
      const rows = log.filter(({ number }) => number > from.number).slice(0, limit);
      const reaches = rows[0] === undefined ? head === from.number : rows[0].number === from.number + 1;
      if (!reaches || from.epoch !== epoch) return await Promise.resolve(undefined);
      return rows.map((row) => ({ type: "change", epoch, ...row }));
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
      for (const listener of listeners) listener();
    },
    forget(upTo) {
      log.splice(
        0,
        log.findIndex(({ number }) => number > upTo),
      );
    },
  };
}

/** Timers that go off when told to. */
export function manualSchedule(): Schedule & { tick(): void; readonly every_: number[] } {
  const tasks = new Set<() => void>();
  const every_: number[] = [];
  return {
    every_,
    after: () => () => undefined,
    every(ms, task) {
      every_.push(ms);
      tasks.add(task);
      return () => tasks.delete(task);
    },
    tick() {
      for (const task of tasks) task();
    },
  };
}

export const REFUSE = async (): Promise<never> => await Promise.reject(new Error("not in this test"));
export const HANDLERS: LinkHandlers = {
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
  const client = linkClient({ socket });
  closing.push(() => {
    client.close();
    server.closeAllConnections();
    server.close();
  });
  return { socket, server, client };
}

export async function control(handlers: Partial<LinkHandlers> = {}, source = memorySource("epoch_1")) {
  const schedule = manualSchedule();
  const clock = manualClock(1_000_000);
  const listener = linkServer({ source, handlers: { ...HANDLERS, ...handlers }, clock, schedule });
  return { source, schedule, clock, ...(await serve(listener)) };
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
  return { kind: "port", key, value: { port } };
}

export function beats(messages: readonly StateMessage[]): number {
  return messages.filter(({ type }) => type === "heartbeat").length;
}
