import assert from "node:assert/strict";
import { connect } from "node:net";
import { describe, test } from "node:test";
import { PosternError } from "#kernel";
import { type EntityChange, LINK_PATHS, type StateSource } from "./index.ts";
import {
  beats,
  clientOf,
  closing,
  control,
  held,
  type MemorySource,
  memorySource,
  parts,
  put,
  read,
  serve,
  snapshots,
  until,
} from "./rig.test.ts";

async function whole(source: MemorySource): Promise<ReadonlyMap<string, EntityChange>> {
  const { epoch, number, entities } = await source.page({ limit: 1_000_000 });
  return held([{ type: "snapshot", epoch, number, entities }]);
}

function codeOf(error: Error | undefined): string {
  assert.ok(error instanceof PosternError, String(error));
  return error.code;
}

/** What a socket sends that asks for the stream with these headers alone. */
function rawStream(
  socket: string,
  minor: string | undefined,
): { readonly text: () => string; readonly pause: () => void } {
  let text = "";
  const raw = connect(socket);
  closing.push(() => raw.destroy());
  raw.setEncoding("utf8");
  raw.on("data", (chunk: string) => {
    text += chunk;
  });
  raw.on("error", () => undefined);
  const query = "role=gateway&name=local&boot=b&version=v";
  const said = minor === undefined ? "" : `Postern-Link-Minor: ${minor}\r\n`;
  raw.write(
    `GET ${LINK_PATHS.state}?${query} HTTP/1.1\r\nHost: control\r\nPostern-Boot: b\r\nPostern-Role: gateway\r\nPostern-Name: local\r\n${said}\r\n`,
  );
  return { text: () => text, pause: () => void raw.pause() };
}

describe("a large snapshot", () => {
  const filler = "x".repeat(900);
  function large(entities: number): MemorySource {
    const source = memorySource("epoch_1");
    source.commit(...Array.from({ length: entities }, (_, i) => put(`${i} ${filler}`, i)));
    return source;
  }

  test("comes in parts, none of which is long, and holds with the last", async () => {
    const source = large(3_000);
    const { client } = await control({}, source);
    const { messages } = read(client);
    await until(() => beats(messages) === 1);
    const lines = snapshots(messages);
    assert.ok(lines.length > 10);
    assert.ok(lines.every((line) => JSON.stringify(line).length < 270_000 && line.entities.length <= 1_000));
    assert.deepEqual(
      lines.map(({ more }) => more === true),
      lines.map((_, index) => index < lines.length - 1),
    );
    assert.deepEqual(held(messages), await whole(source));
  });

  test("comes in one line for a reader from before there were parts", async () => {
    const { socket } = await control({}, large(1_500));
    for (const minor of [undefined, "0"]) {
      const raw = rawStream(socket, minor);
      await until(() => raw.text().includes('"type":"heartbeat"'));
      assert.equal(raw.text().split('"type":"snapshot"').length, 2);
      assert.doesNotMatch(raw.text(), /"more"/);
    }
  });

  test("is the state of its number, whatever is written while it is read", async () => {
    for (const gap of [1, 2, 3]) {
      const source = large(2_000);
      let pages = 0;
      let writes = 0;
      const states = new Map<number, ReadonlyMap<string, EntityChange>>();
      const busy: StateSource = {
        ...source,
        async page(wanted) {
          const page = await source.page(wanted);
          if (wanted.limit < 1_000 && ++pages % gap === 0) {
            for (let i = 0; i < 5; i++) {
              writes += 1;
              const key = `${(writes * 137) % 2_100} ${filler}`;
              source.commit(
                writes % 3 === 0 ? { kind: "control", key, value: null } : put(key, -writes),
                put("late", writes),
              );
              states.set((await source.head()).number, await whole(source));
            }
          }
          return page;
        },
      };
      const { client } = await serve(parts(busy).listener).then(({ socket }) => ({
        client: clientOf(socket),
      }));
      const { messages } = read(client);
      await until(() => beats(messages) === 1);
      assert.ok(writes > 0);
      const upTo = messages.findIndex((message) => message.type === "snapshot" && message.more !== true) + 1;
      const last = snapshots(messages).at(-1);
      assert.deepEqual(held(messages.slice(0, upTo)), states.get(last?.number ?? 0));
      assert.deepEqual(held(messages), await whole(source));
    }
  });

  test("is read no further than it is taken, and who takes nothing for 30 s is dropped", async () => {
    const source = large(50_000);
    let pages = 0;
    const gone: string[] = [];
    const counted: StateSource = {
      ...source,
      async page(wanted) {
        pages += 1;
        return await source.page(wanted);
      },
    };
    const made = parts(counted, { disconnected: (who) => void gone.push(who.name) });
    const { socket, server } = await serve(made.listener);
    const buffered: number[] = [];
    server.on("request", (_request, response) => {
      const write = response.write.bind(response) as (...args: readonly unknown[]) => boolean;
      response.write = (...args: readonly unknown[]) => {
        const taken = write(...args);
        buffered.push(response.writableLength);
        return taken;
      };
    });
    const raw = rawStream(socket, "1");
    raw.pause();
    await until(() => pages > 1);
    let before = -1;
    await until(() => {
      const still = pages === before;
      before = pages;
      return still && pages > 1;
    });
    assert.ok(pages < 20, `${pages} of 100 pages were read for a reader that takes none`);
    assert.ok(Math.max(...buffered) < 600_000, `${Math.max(...buffered)} characters wait`);
    assert.deepEqual(gone, []);
    made.schedule.pass(30_000);
    await until(() => gone.length === 1);
    assert.equal(source.reads.listeners, 0);
  });
});

describe("epochs", () => {
  test("a reader that has seen more than the database holds makes a new one begin, once a minute", async () => {
    const { source, clock, client } = await control();
    for (let i = 0; i < 5; i++) source.commit(put("p", i));
    const one = read(client, { epoch: "epoch_1", after: 9 });
    await until(() => beats(one.messages) === 1);
    assert.deepEqual(source.epochs, ["gateway local has seen changes that the database does not hold"]);
    assert.deepEqual(
      snapshots(one.messages).map(({ epoch }) => epoch),
      ["epoch_1.1"],
    );
    const two = read(client, { epoch: "epoch_1.1", after: 9 });
    await until(() => beats(two.messages) === 1);
    assert.equal(source.epochs.length, 1);
    clock.advance(60_000);
    const three = read(client, { epoch: "epoch_1.1", after: 9 });
    await until(() => beats(three.messages) === 1);
    assert.equal(source.epochs.length, 2);
    await until(() => snapshots(one.messages).length === 2);
    assert.equal(snapshots(one.messages)[1]?.epoch, "epoch_1.2", "and whoever is connected gets its state");
    assert.deepEqual(one.ends, []);
  });

  test("a database that goes back below a stream does so too", async () => {
    const { source, schedule, client } = await control();
    for (let i = 0; i < 5; i++) source.commit(put(`p${i}`, i));
    const { messages, ends } = read(client);
    await until(() => beats(messages) === 1);
    source.goBack(3);
    schedule.tick();
    await until(() => beats(messages) === 2);
    assert.equal(source.epochs.length, 1);
    assert.equal(snapshots(messages).at(-1)?.epoch, "epoch_1.1");
    assert.deepEqual(held(messages), await whole(source));
    assert.deepEqual(ends, []);
  });

  test("nobody of another epoch, or of none, makes one begin", async () => {
    const { source, client } = await control();
    source.commit(put("p", 1));
    for (const wanted of [{ epoch: "epoch_0", after: 99 }, { after: 99 }, { epoch: "epoch_1", after: 1 }]) {
      const { messages } = read(client, wanted);
      await until(() => beats(messages) === 1);
    }
    assert.deepEqual(source.epochs, []);
  });
});

describe("a peer that is shut out", () => {
  async function shutOut(
    tell: (made: { readonly [what in "revoke" | "commit" | "tick"]: () => void }) => void,
  ) {
    let revoked = false;
    const listeners = new Set<() => void>();
    const asked: string[] = [];
    const made = await control({
      admit(peer, boot, what) {
        asked.push(`${peer.role} ${peer.name} ${boot} ${what}`);
        if (revoked)
          throw new PosternError("member.revoked", "gateway local is revoked", { remedy: "join again" });
      },
      onRevoked(listener) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    });
    const reader = read(made.client);
    await until(() => beats(reader.messages) === 1);
    assert.equal(asked[0], "gateway local boot_1 stream");
    assert.ok(asked.slice(1).every((one) => one === "gateway local boot_1 stream.held"));
    revoked = true;
    tell({
      revoke: () => {
        for (const listener of listeners) listener();
      },
      commit: () => made.source.commit(put("secret", 1)),
      tick: () => made.schedule.tick(),
    });
    await until(() => reader.ends.length === 1);
    const [error] = reader.ends;
    assert.ok(error instanceof PosternError);
    assert.deepEqual(
      [error.code, error.message, error.details.remedy],
      ["member.revoked", "gateway local is revoked", "join again"],
    );
    assert.equal(reader.messages.length, 2, "nothing more is sent");
    await until(() => made.source.reads.listeners === 0);
    assert.equal(listeners.size, 0);
    const next = read(made.client);
    await until(() => next.ends.length === 1);
    assert.equal(codeOf(next.ends[0]), "member.revoked");
    await assert.rejects(made.client.send(LINK_PATHS.activity, {}), { code: "member.revoked" });
  }

  test("loses its stream when that becomes known", async () => await shutOut(({ revoke }) => revoke()));
  test("loses it before the next change", async () => await shutOut(({ commit }) => commit()));
  test("loses it at the next heartbeat", async () => await shutOut(({ tick }) => tick()));

  test("is cut off even when it does not read why", async () => {
    let revoked = false;
    const gone: string[] = [];
    const source = memorySource("epoch_1");
    source.commit(...Array.from({ length: 4_000 }, (_, i) => put(`${i} ${"x".repeat(900)}`, i)));
    const made = parts(source, {
      admit() {
        if (revoked) throw new PosternError("member.revoked", "gateway local is revoked");
      },
      disconnected: (who) => void gone.push(who.name),
    });
    const { socket } = await serve(made.listener);
    const raw = rawStream(socket, "1");
    raw.pause();
    await until(() => source.reads.pages > 1);
    revoked = true;
    made.schedule.tick();
    made.schedule.pass(1_000);
    await until(() => gone.length === 1);
  });
});
