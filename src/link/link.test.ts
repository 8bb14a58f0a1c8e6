import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type RequestListener, request, type Server } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, describe, test } from "node:test";
import { manualClock, PosternError, type Schedule } from "#kernel";
import {
  type EntityChange,
  HEARTBEAT_MS,
  LINK_PATHS,
  type LinkClient,
  type LinkHandlers,
  linkClient,
  linkServer,
  type StateMessage,
  type StateSource,
  type StreamRequest,
} from "./index.ts";

const folder = mkdtempSync(join(tmpdir(), "postern-link-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

const WHO: StreamRequest = { role: "gateway", name: "local", boot: "boot_1", version: "0.1.0" };

async function until(holds: () => boolean): Promise<void> {
  const last = performance.now() + 5_000;
  while (!holds()) {
    if (performance.now() > last) assert.fail(`not in time: ${holds.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** A change log in memory that behaves as the store's does. */
function memorySource(epoch: string): StateSource & {
  commit(...entities: EntityChange[]): void;
  forget(upTo: number): void;
  readonly reads: { snapshots: number; listeners: number };
} {
  const log: { number: number; entities: EntityChange[] }[] = [];
  const listeners = new Set<() => void>();
  const reads = { snapshots: 0, listeners: 0 };
  let head = 0;
  return {
    epoch,
    reads,
    head: async () => await Promise.resolve(head),
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
      const rows = log.filter(({ number }) => number > from).slice(0, limit);
      const reaches = rows[0] === undefined ? head === from : rows[0].number === from + 1;
      if (!reaches) return await Promise.resolve(undefined);
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
function manualSchedule(): Schedule & { tick(): void; readonly every_: number[] } {
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

const REFUSE = async (): Promise<never> => await Promise.reject(new Error("not in this test"));
const HANDLERS: LinkHandlers = {
  records: REFUSE,
  entry: REFUSE,
  activity: REFUSE,
  key: REFUSE,
  connected: () => undefined,
  disconnected: () => undefined,
};

let made = 0;
async function serve(
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

async function control(handlers: Partial<LinkHandlers> = {}, source = memorySource("epoch_1")) {
  const schedule = manualSchedule();
  const clock = manualClock(1_000_000);
  const listener = linkServer({ source, handlers: { ...HANDLERS, ...handlers }, clock, schedule });
  return { source, schedule, clock, ...(await serve(listener)) };
}

interface Reader {
  readonly messages: StateMessage[];
  readonly ends: (Error | undefined)[];
  close(): void;
}
function read(client: LinkClient, wanted: Partial<StreamRequest> = {}): Reader {
  const messages: StateMessage[] = [];
  const ends: (Error | undefined)[] = [];
  const close = client.openState(
    { ...WHO, ...wanted },
    { onMessage: (message) => messages.push(message), onEnd: (error) => ends.push(error) },
  );
  closing.push(close);
  return { messages, ends, close };
}

function put(key: string, port: number): EntityChange {
  return { kind: "port", key, value: { port } };
}

function beats(messages: readonly StateMessage[]): number {
  return messages.filter(({ type }) => type === "heartbeat").length;
}

describe("state down", () => {
  test("a snapshot, a heartbeat that names its head, and then each change in order", async () => {
    const { source, client } = await control();
    source.commit(put("wiki", 1));
    const { messages } = read(client);
    await until(() => beats(messages) === 1);
    for (let i = 0; i < 20; i++) source.commit(put(`app-${i}`, i), put("wiki", i));
    await until(() => messages.length === 22);
    assert.deepEqual(messages[0], {
      type: "snapshot",
      epoch: "epoch_1",
      number: 1,
      entities: [put("wiki", 1)],
    });
    assert.deepEqual(messages[1], { type: "heartbeat", epoch: "epoch_1", head: 1, now: 1_000_000 });
    assert.deepEqual(
      messages.slice(2).map((message) => message.type === "change" && message.number),
      Array.from({ length: 20 }, (_, i) => i + 2),
    );
    assert.deepEqual(messages[2], {
      type: "change",
      epoch: "epoch_1",
      number: 2,
      entities: [put("app-0", 0), put("wiki", 0)],
    });
  });

  test("goes on from where the reader was, without a snapshot", async () => {
    const { source, client } = await control();
    for (let i = 0; i < 1_200; i++) source.commit(put("p", i));
    const { messages } = read(client, { epoch: "epoch_1", after: 50 });
    await until(() => beats(messages) === 1);
    const numbers = messages.flatMap((message) => (message.type === "change" ? [message.number] : []));
    assert.deepEqual(
      numbers,
      Array.from({ length: 1_150 }, (_, i) => i + 51),
    );
    assert.equal(source.reads.snapshots, 0);
    assert.equal(messages.at(-1)?.type, "heartbeat", "and says that it is fresh only after all of them");
  });

  for (const [why, wanted] of [
    ["another epoch", { epoch: "epoch_0", after: 3 }],
    ["no epoch", { after: 3 }],
    ["a number that the log no longer reaches", { epoch: "epoch_1", after: 1 }],
    ["a number that is not there yet", { epoch: "epoch_1", after: 99 }],
  ] as const) {
    test(`a reader with ${why} gets a snapshot`, async () => {
      const { source, client } = await control();
      for (let i = 0; i < 5; i++) source.commit(put(`p${i}`, i));
      source.forget(3);
      const { messages } = read(client, wanted);
      await until(() => beats(messages) === 1);
      assert.equal(messages[0]?.type, "snapshot");
      assert.equal(messages.length, 2);
    });
  }

  test("a heartbeat every two seconds, with the head and the time of then", async () => {
    const { source, schedule, clock, client } = await control();
    const { messages } = read(client);
    await until(() => beats(messages) === 1);
    assert.deepEqual(schedule.every_, [HEARTBEAT_MS]);
    clock.advance(2_000);
    source.commit(put("p", 1));
    await until(() => messages.length === 3);
    assert.equal(beats(messages), 1, "a change alone brings none");
    schedule.tick();
    await until(() => beats(messages) === 2);
    assert.deepEqual(messages.at(-1), { type: "heartbeat", epoch: "epoch_1", head: 1, now: 1_002_000 });
  });

  test("says who is connected, and since when no longer, and then stops listening", async () => {
    const seen: string[] = [];
    const { source, client } = await control({
      connected: (who) => seen.push(`+${who.role} ${who.name} ${who.hostname}`),
      disconnected: (who) => seen.push(`-${who.role} ${who.name} ${who.boot}`),
    });
    const reader = read(client, { role: "agent", hostname: "laptop" });
    await until(() => beats(reader.messages) === 1);
    assert.equal(source.reads.listeners, 1);
    reader.close();
    await until(() => seen.length === 2);
    assert.deepEqual(seen, ["+agent local laptop", "-agent local boot_1"]);
    assert.equal(source.reads.listeners, 0);
    assert.deepEqual(reader.ends, [undefined]);
  });

  test("a reader that does not say who it is gets nothing", async () => {
    const { client } = await control();
    for (const wanted of [{ name: "" }, { boot: "" }, { version: "" }]) {
      const { messages, ends } = read(client, wanted);
      await until(() => ends.length === 1);
      assert.match(String(ends[0]), /400/);
      assert.deepEqual(messages, []);
    }
  });

  test("a source that fails ends the stream, so that the reader starts again", async () => {
    const source = memorySource("epoch_1");
    const failing: StateSource = { ...source, snapshot: async () => await Promise.reject(new Error("disk")) };
    const { client } = await serve(
      linkServer({ source: failing, handlers: HANDLERS, clock: manualClock(0), schedule: manualSchedule() }),
    );
    const { messages, ends } = read(client);
    await until(() => ends.length === 1);
    assert.deepEqual(messages, []);
  });

  test("waits for a reader that does not read, and goes on in order when it does", async () => {
    let taken = 0;
    const source = memorySource("epoch_1");
    const counting: StateSource = {
      ...source,
      async changesAfter(from, limit) {
        const changes = await source.changesAfter(from, limit);
        taken = Math.max(taken, changes?.at(-1)?.number ?? 0);
        return changes;
      },
    };
    const { socket } = await serve(
      linkServer({ source: counting, handlers: HANDLERS, clock: manualClock(0), schedule: manualSchedule() }),
    );
    const changes = 3_000;
    const filler = "x".repeat(4_096);
    const slow = connect(socket);
    closing.push(() => slow.destroy());
    let text = "";
    slow.pause();
    slow.write(
      `GET ${LINK_PATHS.state}?role=gateway&name=n&boot=b&version=v HTTP/1.1\r\nHost: control\r\n\r\n`,
    );
    await until(() => source.reads.snapshots === 1);
    for (let i = 1; i <= changes; i++) source.commit(put(filler + i, i));
    await until(() => taken > 0);
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.ok(
      taken < changes / 2,
      `control has read ${taken} of ${changes} changes for a reader that takes none`,
    );
    slow.on("data", (chunk) => {
      text += chunk.toString("latin1");
    });
    slow.resume();
    await until(() => text.includes(`"number":${changes},`));
    const numbers = [...text.matchAll(/"type":"change","epoch":"epoch_1","number":(\d+)/g)].map(([, n]) =>
      Number(n),
    );
    assert.deepEqual(
      numbers,
      Array.from({ length: changes }, (_, i) => i + 1),
    );
  });
});

describe("what the reader is told that is no message", () => {
  for (const [what, line] of [
    ["no JSON", "not json"],
    ["JSON of no kind", '{"type":"surprise","epoch":"e"}'],
    ["a change without a number", '{"type":"change","epoch":"e","entities":[]}'],
    ["entities that are none", '{"type":"change","epoch":"e","number":1,"entities":[{"kind":"user"}]}'],
    ["a list", "[]"],
  ] as const) {
    test(`${what} ends the stream with an error`, async () => {
      const { client } = await serve((_, response) => response.end(`${line}\n`));
      const { messages, ends } = read(client);
      await until(() => ends.length === 1);
      assert.ok(ends[0] instanceof PosternError);
      assert.deepEqual(messages, []);
    });
  }

  test("lines cut anywhere are put together, and what follows a close is not handed over", async () => {
    const beat = (head: number): string =>
      `${JSON.stringify({ type: "heartbeat", epoch: "é", head, now: 1 })}\n`;
    const bytes = Buffer.from(beat(1) + beat(2) + beat(3));
    const { client } = await serve((_, response) => {
      for (const byte of bytes) response.write(Buffer.from([byte]));
      response.end();
    });
    const { messages, ends } = read(client);
    await until(() => ends.length === 1);
    assert.deepEqual(
      messages.map((message) => message.type === "heartbeat" && `${message.epoch}${message.head}`),
      ["é1", "é2", "é3"],
    );

    const { client: second } = await serve((_, response) => response.end(bytes));
    const seen: StateMessage[] = [];
    const close = second.openState(WHO, {
      onMessage(message) {
        seen.push(message);
        close();
      },
      onEnd: () => undefined,
    });
    await until(() => seen.length > 0);
    assert.equal(seen.length, 1);
  });
});

describe("messages up", () => {
  async function refusal(sending: Promise<unknown>): Promise<PosternError> {
    const error = await sending.then(
      () => assert.fail("it was not refused"),
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof PosternError, String(error));
    return error;
  }

  test("reach their handler, and its answer comes back", async () => {
    const seen: unknown[] = [];
    const { client } = await control({
      records: async (records) => {
        seen.push(records);
        return await Promise.resolve({ accepted: { boot_1: 2 } });
      },
      activity: async (report) => {
        await Promise.resolve(seen.push(report));
      },
      key: async (announcement) => {
        await Promise.resolve(seen.push(announcement));
      },
    });
    assert.deepEqual(await client.send(LINK_PATHS.records, ["r"]), { accepted: { boot_1: 2 } });
    assert.deepEqual(await client.send(LINK_PATHS.activity, { sessions: { s: 1 } }), {});
    assert.deepEqual(await client.send(LINK_PATHS.keys, { gateway: "g", jwk: {} }), {});
    assert.deepEqual(seen, [["r"], { sessions: { s: 1 } }, { gateway: "g", jwk: {} }]);
  });

  test("an error with a code arrives with its code", async () => {
    const { client } = await control({
      entry: async () => await Promise.reject(new PosternError("unauthenticated", "the session has ended")),
    });
    const error = await refusal(client.send(LINK_PATHS.entries, {}));
    assert.equal(error.code, "unauthenticated");
    assert.equal(error.message, "the session has ended");
  });

  test("any other error is internal", async () => {
    const { client } = await control({ entry: async () => await Promise.reject(new TypeError("a bug")) });
    assert.equal((await refusal(client.send(LINK_PATHS.entries, {}))).code, "internal");
  });

  test("a message over 16 MiB is refused with its code, and the link still works", async () => {
    const { client } = await control({ activity: async () => await Promise.resolve() });
    const error = await refusal(client.send(LINK_PATHS.activity, "x".repeat(17 * 1024 * 1024)));
    assert.equal(error.code, "input.too_large");
    assert.deepEqual(await client.send(LINK_PATHS.activity, {}), {});
  });

  async function raw(socket: string, method: string, path: string, body = ""): Promise<[number, unknown]> {
    return await new Promise((resolve, reject) => {
      const sent = request({ socketPath: socket, method, path }, (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (chunk: string) => {
          text += chunk;
        });
        response.on("end", () => resolve([response.statusCode ?? 0, JSON.parse(text)]));
      });
      sent.on("error", reject);
      sent.end(body);
    });
  }

  test("what is no JSON is refused", async () => {
    const { socket } = await control();
    const [status, body] = await raw(socket, "POST", LINK_PATHS.records, "{");
    assert.equal(status, 400);
    assert.deepEqual(body, { code: "input.malformed", message: "the message is not valid JSON" });
  });

  for (const [method, path] of [
    ["GET", "/"],
    ["GET", "//"],
    ["POST", "/link/v2/records"],
    ["GET", LINK_PATHS.records],
    ["POST", LINK_PATHS.state],
    ["GET", "/link/v1/state/../../etc"],
  ] as const) {
    test(`${method} ${path} is not found`, async () => {
      const { socket } = await control();
      const [status] = await raw(socket, method, path);
      assert.equal(status, 404);
    });
  }

  test("a control that is not there, is silent, or breaks off is not_running", async () => {
    const nobody = linkClient({ socket: join(folder, "nobody.sock") });
    assert.equal((await refusal(nobody.send(LINK_PATHS.keys, {}))).code, "not_running");
    const { client: silent } = await serve(() => undefined);
    assert.equal((await refusal(silent.send(LINK_PATHS.keys, {}, 30))).code, "not_running");
    const { client: broken } = await serve((_, response) => {
      response.writeHead(200, { "content-length": 100 });
      response.write("{", () => response.destroy());
    });
    assert.equal((await refusal(broken.send(LINK_PATHS.keys, {}))).code, "not_running");
  });

  test("an answer that is no JSON, or an error of no form, is said to be so", async () => {
    const { client: prose } = await serve((_, response) => response.end("hello"));
    assert.equal((await refusal(prose.send(LINK_PATHS.keys, {}))).code, "input.malformed");
    const { client: odd } = await serve((_, response) => response.writeHead(500).end("[]"));
    assert.equal((await refusal(odd.send(LINK_PATHS.keys, {}))).code, "internal");
  });
});
