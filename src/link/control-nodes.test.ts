import assert from "node:assert/strict";
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { createServer, type Server, type Socket } from "node:net";
import { describe, test } from "node:test";
import { PosternError, systemClock } from "#kernel";
import { dialingAgent, LINK_PATHS } from "./index.ts";
import { beats, closing, put, read, until } from "./rig.test.ts";
import {
  ask,
  dialerOf,
  type Leaf,
  refused,
  type TlsControl,
  testAuthority,
  tlsClient,
  tlsControl,
} from "./tls-rig.test.ts";

const HOUR = 3_600_000;
const CONTROL: Leaf = { role: "control", name: "a" };
const authority = await testAuthority();
const control = await authority.issue(CONTROL);
const berlin = await authority.issue({});

/** Takes connections and says nothing, as a stopped process does. */
async function silent(): Promise<{ url: string; server: Server; taken(): number }> {
  const sockets = new Set<Socket>();
  let taken = 0;
  const server = createServer((socket) => {
    taken += 1;
    sockets.add(socket);
    socket.on("error", () => undefined);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  closing.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  assert.ok(typeof address === "object" && address !== null);
  return { url: `https://127.0.0.1:${address.port}`, server, taken: () => taken };
}

describe("several control nodes", () => {
  const report = async (): Promise<void> => await Promise.resolve();

  test("when one goes away, what was kept open to it makes nothing fail", async () => {
    const served: string[] = [];
    const node = async (name: string): Promise<TlsControl> =>
      await tlsControl(await authority.issue({ role: "control", name }), {
        report: async () => await Promise.resolve(void served.push(name)),
      });
    const first = await node("a");
    const second = await node("b");
    const client = tlsClient(berlin, first.url, second.url);
    await Promise.all([client.send(LINK_PATHS.report, {}), client.send(LINK_PATHS.report, {})]);
    assert.deepEqual(served, ["a", "a"]);
    await first.listener.close(0);
    for (let i = 0; i < 4; i++) await client.send(LINK_PATHS.report, {});
    assert.deepEqual(served.slice(2), ["b", "b", "b", "b"]);
  });

  test("one that stops ends its streams at once, and answers what was asked before", async () => {
    let answer: () => void = () => undefined;
    const asked = new Promise<void>((resolve) => {
      answer = resolve;
    });
    let begun = false;
    const at = await tlsControl(control, {
      async report() {
        begun = true;
        await asked;
      },
    });
    const client = tlsClient(berlin, at.url);
    const { messages, ends } = read(client, { name: "berlin" });
    await until(() => beats(messages) === 1);
    const sent = client.send(LINK_PATHS.report, {});
    await until(() => begun);
    const closed = at.listener.close(60_000);
    at.source.commit(put("p", 1));
    await until(() => ends.length === 1);
    assert.deepEqual(ends, [undefined]);
    answer();
    assert.deepEqual(await sent, {});
    client.close();
    await closed;
  });

  test("a stream goes on at the other one", async () => {
    const first = await tlsControl(control);
    const second = await tlsControl(control, {}, first.source);
    const client = tlsClient(berlin, first.url, second.url);
    const one = read(client, { name: "berlin" });
    await until(() => beats(one.messages) === 1);
    await first.listener.close(0);
    await until(() => one.ends.length === 1);
    const other = read(client, { name: "berlin", epoch: "epoch_1", after: 0 });
    await until(() => beats(other.messages) === 1);
    assert.deepEqual(other.ends, []);
  });

  test("one that takes connections and answers nothing is left after three seconds, and then avoided", async () => {
    const dead = await silent();
    const alive = await tlsControl(control, { report });
    const client = tlsClient(berlin, dead.url, alive.url);
    const began = performance.now();
    assert.deepEqual(await client.send(LINK_PATHS.report, {}), {});
    const took = performance.now() - began;
    assert.ok(took > 2_500 && took < 6_000, `${took} ms`);
    const fast = performance.now();
    await Promise.all(Array.from({ length: 8 }, async () => await client.send(LINK_PATHS.report, {})));
    assert.ok(performance.now() - fast < 1_000);
    assert.equal(dead.taken(), 1);
  });

  test("one whose database is away is avoided by the next stream", async () => {
    const first = await tlsControl(control);
    let shut = false;
    const other = await tlsControl(control, {
      admit() {
        if (shut) throw new PosternError("state.unreachable", "the database has not answered for 30 s");
      },
    });
    const client = tlsClient(berlin, other.url, first.url);
    const one = read(client, { name: "berlin" });
    await until(() => beats(one.messages) === 1);
    shut = true;
    other.source.commit(put("p", 1));
    await until(() => one.ends.length === 1);
    assert.equal(one.ends[0] instanceof PosternError && one.ends[0].code, "state.unreachable");
    const next = read(client, { name: "berlin" });
    await until(() => beats(next.messages) === 1);
    assert.equal(first.source.reads.listeners, 1);
  });
});

describe("credentials that change", () => {
  test("a renewed certificate is used by the next connection, without a restart", async () => {
    const serials = new Set<string>();
    const at = await tlsControl(control, {
      report: async (_report, peer) => await Promise.resolve(void serials.add(peer.serial ?? "")),
    });
    let own = berlin;
    const dialer = dialerOf(() => own, at.url);
    const headers = { host: "control", "postern-boot": "b" };
    const report = { method: "POST", path: LINK_PATHS.report, headers };
    await ask(dialer, report, "{}");
    own = await authority.issue({});
    await ask(dialer, report, "{}");
    assert.equal(serials.size, 2);
  });

  test("a connection is not kept into the last hour of its certificate", async () => {
    const at = await tlsControl(control, { report: async () => await Promise.resolve() });
    const ending = await authority.issue({ notAfter: systemClock.now() + HOUR / 2 });
    const agent = dialingAgent(dialerOf(ending, at.url));
    closing.push(() => agent.destroy());
    const options = { agent, headers: { host: "control", "postern-boot": "b" } };
    const sent = request({ ...options, method: "POST", path: LINK_PATHS.report });
    sent.end("{}");
    const [response] = (await once(sent, "response")) as [IncomingMessage];
    assert.equal(response.headers.connection, "close");
    response.resume();
    await once(response, "end");
  });

  test("the authority is changed under load without a failed handshake or a broken stream", async () => {
    const old = authority;
    const next = await testAuthority();
    const both = [old, next];
    const at = await tlsControl(await old.issue(CONTROL, both), {
      report: async () => await Promise.resolve(),
    });
    let own = await old.issue({}, both);
    const stream = read(
      tlsClient(() => own, at.url),
      { name: "berlin" },
    );
    await until(() => beats(stream.messages) === 1);
    const dialer = dialerOf(() => own, at.url);
    let running = true;
    let answered = 0;
    const load = Array.from({ length: 4 }, async () => {
      const headers = { host: "control", "postern-boot": "b" };
      while (running) {
        const { status } = await ask(dialer, { method: "POST", path: LINK_PATHS.report, headers }, "{}");
        assert.equal(status, 200);
        answered += 1;
      }
    });
    const some = async (): Promise<void> => {
      const before = answered;
      await until(() => answered > before + 8);
    };
    await some();
    own = await next.issue({}, both);
    await some();
    at.listener.replace(await next.issue(CONTROL, both));
    await some();
    assert.deepEqual(stream.ends, [], "what was signed by the old one counts on");
    at.listener.replace(await next.issue(CONTROL, [next]));
    own = { ...own, authorities: [next.pem] };
    await until(() => stream.ends.length === 1);
    await some();
    running = false;
    await Promise.all(load);
    const gone = await refused(tlsClient(await old.issue({}, [next]), at.url).send(LINK_PATHS.report, {}));
    assert.equal(gone.code, "unauthenticated");
  });
});
