import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, test } from "node:test";
import { connect, type TLSSocket } from "node:tls";
import { PosternError, systemClock } from "#kernel";
import { type ControlDialer, LINK_PATHS, type LinkPeer, type Membership, type SpoolRecord } from "./index.ts";
import { beats, closing, put, read, until } from "./rig.test.ts";
import {
  type Answer,
  ask,
  dialerOf,
  type Leaf,
  refused,
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

  test("goes by a renewed certificate at the next request but one, though the connection would be kept", async () => {
    const serials: (string | undefined)[] = [];
    const at = await tlsControl(control, {
      report: async (_report, peer) => await Promise.resolve(void serials.push(peer.serial)),
    });
    let credentials = await authority.issue({});
    const client = tlsClient(() => credentials, at.url);
    const report = async (): Promise<unknown> => await client.send(LINK_PATHS.report, { boot: "boot_1" });
    await report();
    await report();
    credentials = await authority.issue({});
    await report();
    await report();
    const [before, , , after] = serials;
    assert.deepEqual(serials, [before, before, before, after]);
    assert.notEqual(before, after);
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
