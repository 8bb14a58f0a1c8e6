import assert from "node:assert/strict";
import { connect } from "node:net";
import { describe, test } from "node:test";
import { PosternError } from "#kernel";
import { HEARTBEAT_MS, LINK_PATHS, type StateSource } from "./index.ts";
import { beats, closing, control, memorySource, parts, put, read, serve, until } from "./rig.test.ts";

const HEAD =
  "Host: control\r\nPostern-Boot: b\r\nPostern-Role: gateway\r\nPostern-Name: n\r\nPostern-Link-Minor: 1\r\n";

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
    assert.ok(messages.every(({ type }) => type !== "snapshot"));
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
    const reader = read(client, { hostname: "laptop" });
    await until(() => beats(reader.messages) === 1);
    assert.equal(source.reads.listeners, 1);
    reader.close();
    await until(() => seen.length === 2);
    assert.deepEqual(seen, ["+gateway local laptop", "-gateway local boot_1"]);
    assert.equal(source.reads.listeners, 0);
    assert.deepEqual(reader.ends, [undefined]);
  });

  test("a reader that does not say who it is gets nothing", async () => {
    const { client } = await control();
    for (const wanted of [{ name: "" }, { boot: "" }, { version: "" }]) {
      const { messages, ends } = read(client, wanted);
      await until(() => ends.length === 1);
      assert.equal(codeOf(ends[0]), "input.invalid");
      assert.deepEqual(messages, []);
    }
  });

  test("while the database cannot be read there is no heartbeat, and the stream goes on when it can", async () => {
    const { source, schedule, notices, client } = await control();
    const { messages, ends } = read(client);
    await until(() => beats(messages) === 1);
    source.down = true;
    source.commit(put("p", 1));
    for (let i = 0; i < 3; i++) {
      schedule.tick();
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.equal(messages.length, 2);
    assert.equal(notices.length, 1, "and it is said once");
    source.down = false;
    schedule.tick();
    await until(() => beats(messages) === 2);
    assert.deepEqual(
      messages.slice(2).map(({ type }) => type),
      ["change", "heartbeat"],
    );
    assert.deepEqual(ends, []);
  });

  test("a snapshot that cannot be read at first is sent once it can", async () => {
    const { source, schedule, client } = await control();
    source.commit(put("p", 1));
    source.down = true;
    const { messages, ends } = read(client);
    await until(() => source.reads.listeners === 1);
    source.down = false;
    schedule.tick();
    await until(() => beats(messages) === 1);
    assert.deepEqual(ends, []);
    assert.equal(messages[0]?.type, "snapshot");
  });

  test("one that breaks off in the middle ends the stream, so that the reader starts again", async () => {
    const source = memorySource("epoch_1");
    for (let i = 0; i < 2_000; i++) source.commit(put(`p${i}`, i));
    let pages = 0;
    const failing: StateSource = {
      ...source,
      page: async (wanted) =>
        ++pages > 4 ? await Promise.reject(new Error("disk")) : await source.page(wanted),
    };
    const { client } = await serve(parts(failing).listener);
    const { messages, ends } = read(client);
    await until(() => ends.length === 1);
    assert.ok(messages.every((message) => message.type === "snapshot" && message.more === true));
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
    const { socket } = await serve(parts(counting).listener);
    const changes = 3_000;
    const filler = "x".repeat(4_096);
    const slow = connect(socket);
    closing.push(() => slow.destroy());
    let text = "";
    slow.pause();
    slow.write(`GET ${LINK_PATHS.state}?role=gateway&name=n&boot=b&version=v HTTP/1.1\r\n${HEAD}\r\n`);
    await until(() => source.reads.listeners === 1);
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

function codeOf(error: Error | undefined): string {
  assert.ok(error instanceof PosternError, String(error));
  return error.code;
}
