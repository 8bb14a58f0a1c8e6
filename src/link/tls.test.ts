import assert from "node:assert/strict";
import { once } from "node:events";
import { type IncomingMessage, type RequestOptions, request } from "node:http";
import { createServer, type Server, type Socket } from "node:net";
import { describe, test } from "node:test";
import { connect, type TLSSocket } from "node:tls";
import { PosternError, systemClock } from "#kernel";
import {
  type ControlDialer,
  dialInto,
  dialingAgent,
  LINK_PATHS,
  type LinkPeer,
  type Membership,
  type SpoolRecord,
} from "./index.ts";
import { beats, closing, put, read, until } from "./rig.test.ts";
import {
  dialerOf,
  type Leaf,
  type TlsControl,
  TRUST_DOMAIN,
  testAuthority,
  tlsClient,
  tlsControl,
} from "./tls-rig.test.ts";

const HOUR = 3_600_000;
const CONTROL: Leaf = { role: "control", name: "a" };
const authority = await testAuthority();
const control = await authority.issue(CONTROL);
const berlin = await authority.issue({});
const laptop = await authority.issue({ role: "agent", name: "laptop" });

async function refused(work: Promise<unknown>): Promise<PosternError> {
  const error = await work.then(
    () => assert.fail("it was not refused"),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof PosternError, String(error));
  return error;
}

interface Answer {
  readonly status: number | undefined;
  readonly text: string;
}

async function ask(dialer: ControlDialer, options: RequestOptions, body = ""): Promise<Answer> {
  return await new Promise((resolve, reject) => {
    const sent = request({ createConnection: dialInto(dialer), ...options }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        text += chunk;
      });
      response.on("end", () => resolve({ status: response.statusCode, text }));
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

/** Connects as whoever these options make it. */
async function bare(at: TlsControl, options: object): Promise<TLSSocket> {
  const socket = connect({ host: "127.0.0.1", port: at.listener.port, ca: authority.pem, ...options });
  closing.push(() => socket.destroy());
  await once(socket, "secureConnect");
  return socket;
}

const ANY_NAME = { checkServerIdentity: () => undefined };

/** A dialer for a test that speaks for itself. */
function dialerFor(at: TlsControl, options: object): ControlDialer {
  return { dial: async () => await bare(at, { ...ANY_NAME, ...options }), close: () => undefined };
}

describe("the link over mutual TLS", () => {
  test("carries state down and messages up, with who the peer is from its certificate", async () => {
    const peers: LinkPeer[] = [];
    const at = await tlsControl(control, {
      report: async (_report, peer) => await Promise.resolve(void peers.push(peer)),
      connected: (_who, peer) => void peers.push(peer),
    });
    at.source.commit(put("a", 1));
    const client = tlsClient(berlin, at.url);
    const { messages } = read(client, { name: "berlin" });
    await until(() => beats(messages) === 1);
    at.source.commit(put("b", 2));
    await until(() => messages.at(-1)?.type === "change");
    assert.deepEqual(await client.send(LINK_PATHS.report, { boot: "boot_1" }), {});
    assert.equal(peers.length, 2);
    for (const peer of peers) {
      assert.equal(peer.role, "gateway");
      assert.equal(peer.name, "berlin");
      assert.match(peer.serial ?? "", /^[0-9A-F]+$/);
      assert.ok(Math.abs((peer.notAfter ?? 0) - systemClock.now() - 12 * HOUR) < 60_000);
      assert.match(peer.address ?? "", /127\.0\.0\.1$/);
    }
  });

  test("headers that name somebody else count for nothing", async () => {
    const peers: LinkPeer[] = [];
    const at = await tlsControl(control, {
      report: async (_report, peer) => await Promise.resolve(void peers.push(peer)),
      activity: async () => await Promise.resolve(),
    });
    const headers = {
      host: "control",
      "postern-boot": "b",
      "postern-role": "gateway",
      "postern-name": "berlin",
    };
    const asAgent = dialerOf(laptop, at.url);
    const told = await ask(asAgent, { method: "POST", path: LINK_PATHS.report, headers }, "{}");
    assert.equal(told.status, 200);
    assert.deepEqual([peers[0]?.role, peers[0]?.name], ["agent", "laptop"]);
    const activity = await ask(asAgent, { method: "POST", path: LINK_PATHS.activity, headers }, "{}");
    assert.equal(activity.status, 403);
  });

  test("serves people through gateways, and through nobody else", async () => {
    const at = await tlsControl(control);
    const headers = { host: "login.apps.example.com" };
    const through = await ask(dialerOf(berlin, at.url), { path: "/", headers });
    assert.deepEqual(through, { status: 200, text: "people of berlin" });
    const agent = await ask(dialerOf(laptop, at.url), { path: "/", headers });
    assert.equal(agent.status, 403);
    assert.match(agent.text, /"code":"denied"/);
    const stranger = await ask(dialerFor(at, {}), { path: "/", headers });
    assert.equal(stranger.status, 403);
  });

  test("people of a gateway that is revoked get nothing", async () => {
    const at = await tlsControl(control, {
      admit() {
        throw new PosternError("member.revoked", "gateway berlin is revoked");
      },
    });
    const answer = await ask(dialerOf(berlin, at.url), { path: "/", headers: { host: "login.example" } });
    assert.equal(answer.status, 403);
    assert.match(answer.text, /member\.revoked/);
  });

  test("speaks TLS 1.3 and nothing older", async () => {
    const at = await tlsControl(control);
    const old = connect({
      host: "127.0.0.1",
      port: at.listener.port,
      ca: authority.pem,
      maxVersion: "TLSv1.2",
      ...ANY_NAME,
    });
    closing.push(() => old.destroy());
    const [error] = (await once(old, "error")) as [Error & { code?: string }];
    assert.match(String(error.code), /VERSION|ALERT/);
  });

  test("takes no session up again: a certificate counts for one connection", async () => {
    const at = await tlsControl(control);
    const { certificate: cert, key } = berlin;
    const first = await bare(at, { ...ANY_NAME, cert, key });
    let session: Uint8Array | undefined;
    first.on("session", (got: Uint8Array) => {
      session = got;
    });
    first.write("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    first.resume();
    await once(first, "close");
    const second = await bare(at, {
      ...ANY_NAME,
      cert,
      key,
      ...(session === undefined ? {} : { session: Buffer.from(session) }),
    });
    assert.equal(second.isSessionReused(), false);
  });
});

describe("joining", () => {
  const membership: Membership = {
    role: "gateway",
    name: "berlin",
    trustDomain: TRUST_DOMAIN,
    certificate: "C",
    authorities: ["A"],
    controls: ["https://a:1"],
  };
  const headers = { host: "control" };

  test("needs no certificate, and is the only thing that needs none", async () => {
    const seen: unknown[] = [];
    const at = await tlsControl(control, {
      join: async (asked, from) => {
        seen.push(asked, from);
        return await Promise.resolve(membership);
      },
    });
    const stranger = dialerFor(at, {});
    const joined = await ask(stranger, { method: "POST", path: LINK_PATHS.join, headers }, '{"token":"t"}');
    assert.equal(joined.status, 200);
    assert.deepEqual(JSON.parse(joined.text), membership);
    assert.deepEqual(seen, [{ token: "t" }, "127.0.0.1"]);
    for (const path of Object.values(LINK_PATHS)) {
      if (path === LINK_PATHS.join) continue;
      const method = path === LINK_PATHS.state ? "GET" : "POST";
      const answer = await ask(
        stranger,
        { method, path, headers: { ...headers, "postern-boot": "b" } },
        "{}",
      );
      assert.equal(answer.status, 401, path);
      assert.match(answer.text, /"code":"unauthenticated"/);
    }
  });

  test("takes no more than 64 KiB, and from few at a time", async () => {
    let waiting = 0;
    let go: () => void = () => undefined;
    const free = new Promise<void>((resolve) => {
      go = resolve;
    });
    const at = await tlsControl(control, {
      join: async () => {
        waiting += 1;
        await free;
        return membership;
      },
    });
    const stranger = dialerFor(at, {});
    const join = async (body: string): Promise<Answer> =>
      await ask(stranger, { method: "POST", path: LINK_PATHS.join, headers }, body);
    assert.equal((await join(`"${"x".repeat(70_000)}"`)).status, 413);
    const eight = Array.from({ length: 8 }, async () => await join("{}"));
    await until(() => waiting === 8);
    const ninth = await join("{}");
    assert.equal(ninth.status, 429);
    assert.match(ninth.text, /rate_limited/);
    go();
    for (const { status } of await Promise.all(eight)) assert.equal(status, 200);
    assert.equal((await join("{}")).status, 200);
  });
});

describe("who is refused", () => {
  for (const [what, leaf] of [
    ["of another trust domain", { trustDomain: "other.example.com" }],
    ["that has ended", { notBefore: systemClock.now() - 3 * HOUR, notAfter: systemClock.now() - HOUR }],
    ["that does not count yet", { notBefore: systemClock.now() + HOUR }],
    ["of control", CONTROL],
    ["of another role", { role: "administrator" }],
    ["whose name holds more than a label", { name: "a.b" }],
    [
      "with two SPIFFE IDs",
      {
        names: [
          { type: "url", value: `spiffe://${TRUST_DOMAIN}/postern/gateway/berlin` },
          { type: "url", value: `spiffe://${TRUST_DOMAIN}/postern/gateway/paris` },
        ],
      },
    ],
    ["with a name that only looks like one", { names: [{ type: "dns", value: "berlin" }] }],
    [
      "with a name that holds another name's text",
      { names: [{ type: "dns", value: `x, URI:spiffe://${TRUST_DOMAIN}/postern/gateway/berlin` }] },
    ],
    [
      "with more behind the name",
      { names: [{ type: "url", value: `spiffe://${TRUST_DOMAIN}/postern/gateway/berlin/x` }] },
    ],
    [
      "with a query",
      { names: [{ type: "url", value: `spiffe://${TRUST_DOMAIN}/postern/gateway/berlin?a` }] },
    ],
    [
      "with another scheme",
      { names: [{ type: "url", value: `https://${TRUST_DOMAIN}/postern/gateway/berlin` }] },
    ],
  ] as const satisfies readonly (readonly [string, Leaf])[]) {
    test(`a certificate ${what} is none`, async () => {
      const at = await tlsControl(control);
      const error = await refused(tlsClient(await authority.issue(leaf), at.url).send(LINK_PATHS.report, {}));
      assert.equal(error.code, "unauthenticated");
    });
  }

  test("a certificate of another authority is none, whatever it says", async () => {
    const other = await testAuthority();
    const at = await tlsControl(control);
    const credentials = await other.issue({}, [authority]);
    assert.equal(
      (await refused(tlsClient(credentials, at.url).send(LINK_PATHS.report, {}))).code,
      "unauthenticated",
    );
  });

  test("an agent gets nothing that is for gateways", async () => {
    const at = await tlsControl(control, { certificate: () => ({ certificate: "", key: "" }) });
    const client = tlsClient(laptop, at.url);
    for (const path of [LINK_PATHS.entries, LINK_PATHS.activity, LINK_PATHS.keys, LINK_PATHS.certificate])
      assert.equal((await refused(client.send(path, {}))).code, "denied", path);
  });

  test("nobody sends records or keys of somebody else, or reads another's state", async () => {
    const at = await tlsControl(control);
    const client = tlsClient(berlin, at.url);
    const record = (source: string): SpoolRecord => ({
      source,
      boot: "b",
      sequence: 1,
      previous: "",
      event: "{}",
    });
    for (const records of [
      [record("gateway:paris")],
      [record("gateway:berlin"), record("agent:berlin")],
      [null],
      {},
    ])
      assert.equal((await refused(client.send(LINK_PATHS.records, records))).code, "denied");
    assert.equal((await refused(client.send(LINK_PATHS.keys, { gateway: "paris", jwk: {} }))).code, "denied");
    for (const wanted of [{ name: "paris" }, { role: "agent", name: "berlin" }] as const) {
      const { messages, ends } = read(client, wanted);
      await until(() => ends.length === 1);
      assert.equal(ends[0] instanceof PosternError && ends[0].code, "denied");
      assert.deepEqual(messages, []);
    }
  });
});

describe("whom an enforcement point takes for control", () => {
  for (const [what, leaf] of [
    ["a gateway", {}],
    ["a control of another trust domain", { ...CONTROL, trustDomain: "other.example.com" }],
    ["a certificate for the host alone", { names: [{ type: "ip", value: "127.0.0.1" }] }],
    [
      "a control whose certificate has ended",
      { ...CONTROL, notBefore: 0, notAfter: systemClock.now() - HOUR },
    ],
  ] as const satisfies readonly (readonly [string, Leaf])[]) {
    test(`${what} is not it`, async () => {
      const at = await tlsControl(await authority.issue(leaf));
      const error = await refused(tlsClient(berlin, at.url).send(LINK_PATHS.report, {}));
      assert.equal(error.code, "not_running");
      assert.match(error.details.where ?? "", new RegExp(`${at.url}: .*(certificate|expired)`));
    });
  }

  test("one that another authority vouches for is not it, and nobody is without an authority", async () => {
    const other = await testAuthority();
    const at = await tlsControl(await other.issue(CONTROL, [authority]));
    assert.equal((await refused(tlsClient(berlin, at.url).send(LINK_PATHS.report, {}))).code, "not_running");
    const good = await tlsControl(control);
    const trustless = { ...berlin, authorities: [] };
    assert.equal(
      (await refused(tlsClient(trustless, good.url).send(LINK_PATHS.report, {}))).code,
      "not_running",
    );
  });

  test("an address that is none, and none at all, are said", async () => {
    const none = await refused(tlsClient(berlin).send(LINK_PATHS.report, {}));
    assert.equal(none.details.where, "none is known");
    const plain = await refused(tlsClient(berlin, "http://127.0.0.1:1").send(LINK_PATHS.report, {}));
    assert.match(plain.details.where ?? "", /no https address/);
  });
});

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
