import assert from "node:assert/strict";
import type { Store } from "#store";
import { joinAs, MINUTE, OWNER, report, testOnBoth, until } from "./members-rig.test.ts";

async function controls(store: Store): Promise<readonly (readonly [string, unknown])[]> {
  const rows = await store.db
    .selectFrom("entity")
    .select(["key", "value"])
    .where("kind", "=", "control")
    .orderBy("key")
    .execute();
  return rows.map(({ key, value }) => [key, JSON.parse(value)] as const);
}

testOnBoth(
  "control nodes that others can reach are told to everybody, and taken back when they stop or are gone",
  async (instance) => {
    const { store } = instance;
    const a = await instance.node("control-a", { url: "https://a.test:7443" });
    const b = await instance.node("control-b", { url: "https://b.test:7443" });
    await instance.node("control-c");
    assert.deepEqual(await controls(store), [
      ["control-a", { url: "https://a.test:7443" }],
      ["control-b", { url: "https://b.test:7443" }],
    ]);
    const number = (await store.head()).number;
    await instance.pass(MINUTE);
    assert.equal((await store.head()).number, number, "that they are there is no change");
    const nodes = await a.nodes();
    assert.deepEqual(
      nodes.map(({ name, url, live, self }) => [name, url, live, self]),
      [
        ["control-a", "https://a.test:7443", true, true],
        ["control-b", "https://b.test:7443", true, false],
        ["control-c", undefined, true, false],
      ],
    );
    assert.ok(nodes.every((node) => node.lastSeenAt >= instance.clock.now() - 6_000));
    // a clean stop
    await b.close();
    assert.deepEqual(await controls(store), [["control-a", { url: "https://a.test:7443" }]]);
    // one that was killed
    await store.write(async (tx) => {
      await tx.db
        .insertInto("control_node")
        .values({
          name: "control-k",
          url: "https://k.test:7443",
          version: "0.0.1",
          boot: "boot_k",
          started_at: 1,
          last_seen_at: instance.clock.now(),
          number: 0,
          trusts: "[]",
          presents: "",
        })
        .execute();
      tx.record({ kind: "control", key: "control-k", value: { url: "https://k.test:7443" } });
      const row = {
        role: "gateway",
        name: "edge-1",
        boot: "b",
        version: "v",
        last_seen_at: 1,
        node: "control-k",
      };
      await tx.db
        .insertInto("component")
        .values({ ...row, connected_since: 1 })
        .execute();
    });
    await instance.pass(50_000);
    assert.equal((await controls(store)).length, 2);
    await until(instance, async () => assert.equal((await controls(store)).length, 1));
    assert.equal((await a.list())[0]?.connectedSince, undefined);
    assert.equal((await a.nodes()).find(({ name }) => name === "control-k")?.live, false);
  },
);

testOnBoth(
  "a node that moves, or is told for the first time of a name that another has, says so",
  async (instance) => {
    await instance.node("control-a", { url: "https://old.test:7443" });
    await instance.pass(1_000);
    await instance.node("control-a", { url: "https://new.test:7443", boot: "boot_2" });
    assert.deepEqual(await controls(instance.store), [["control-a", { url: "https://new.test:7443" }]]);
    await until(instance, () =>
      assert.match(instance.notices.join(), /another control node has started under the name control-a/),
    );
  },
);

testOnBoth(
  "reports come in the list with how far behind they are, and are written without a change",
  async (instance) => {
    const { store } = instance;
    const a = await instance.node("control-a");
    const b = await instance.node("control-b");
    const peer = await joinAs(a, "gateway", "edge-1", "boot_1");
    const who = { role: "gateway", name: "edge-1", boot: "boot_1", version: "0.0.1", hostname: "h" } as const;
    a.connected(peer, who);
    const head = await store.head();
    await a.report(
      peer,
      report("boot_1", {
        position: { ...head, number: head.number - 1 },
        viewAgeSeconds: 0.25,
        skewSeconds: -1.5,
        liveConnections: 12,
        unshippedRecords: 3,
      }),
    );
    await until(instance, async () => {
      const [item] = await b.list();
      assert.ok(item?.connectedSince !== undefined && item.reportedAt !== undefined);
      assert.deepEqual(
        [item.lag, item.viewAgeSeconds, item.skewSeconds, item.liveConnections, item.unshippedRecords],
        [1, 0.25, -1.5, 12, 3],
      );
      assert.deepEqual(
        [item.node, item.address, item.hostname, item.blocked],
        ["control-a", "192.0.2.1", "h", undefined],
      );
      assert.ok((item.certificate?.notAfter ?? 0) > instance.clock.now());
    });
    assert.equal((await store.head()).number, head.number);
    // of another epoch nothing can be said
    await a.report(
      peer,
      report("boot_1", { position: { epoch: "another", number: 5 }, blocked: "no space" }),
    );
    // that it is blocked is written at once
    const [item] = await b.list();
    assert.deepEqual([item?.lag, item?.blocked], [undefined, "no space"]);
    for (const odd of [{ boot: "" }, { skewSeconds: Number.NaN }, { liveConnections: -1 }, { blocked: 7 }])
      await assert.rejects(a.report(peer, { ...report("boot_1"), ...(odd as object) }), {
        code: "input.invalid",
      });
  },
);

testOnBoth(
  "a process is connected while any of its streams is, and a node that starts forgets only what it held",
  async (instance) => {
    const a = await instance.node("control-a");
    const b = await instance.node("control-b");
    const peer = await joinAs(a, "gateway", "edge-1", "boot_1");
    const other = await joinAs(a, "gateway", "edge-2", "boot_2");
    const who = { role: "gateway", name: "edge-1", boot: "boot_1", version: "0.0.1" } as const;
    const since = async (name: string): Promise<number | undefined> =>
      (await b.list()).find((item) => item.name === name)?.connectedSince;
    const reaches = async (name: string, connected: boolean): Promise<void> =>
      await until(instance, async () => assert.equal((await since(name)) !== undefined, connected));
    a.connected(peer, who);
    a.connected(peer, who);
    a.disconnected(peer, who);
    b.connected(other, { ...who, name: "edge-2", boot: "boot_2" });
    await reaches("edge-1", true);
    await reaches("edge-2", true);
    // it moved to the other node before its old stream was found dead
    b.connected(peer, who);
    await until(instance, async () => assert.equal((await b.list())[0]?.node, "control-b"));
    a.disconnected(peer, who);
    await until(instance, async () => assert.equal((await instance.said("disconnected")).length, 2));
    assert.notEqual(await since("edge-1"), undefined);
    b.disconnected(peer, who);
    await reaches("edge-1", false);
    a.connected(peer, who);
    await reaches("edge-1", true);
    // killed, and started again
    await instance.node("control-a", { boot: "boot_later" });
    assert.equal(await since("edge-1"), undefined);
    assert.notEqual(await since("edge-2"), undefined);
  },
);

testOnBoth("what has ended is cleared away by the leader", async (instance) => {
  const { store } = instance;
  const members = await instance.node("control-a");
  await joinAs(members, "gateway", "edge-1", "boot_1");
  await members.createToken({ role: "agent", name: "laptop" }, OWNER);
  await joinAs(members, "gateway", "edge-2", "boot_2");
  await members.revoke("gateway", "edge-2", OWNER);
  await store.write(async ({ db }) => {
    for (const gateway of ["edge-1", "edge-2"]) {
      const row = { kid: gateway, gateway, jwk: "{}", announced_at: 1 };
      await db.insertInto("gateway_key").values(row).execute();
    }
  });
  instance.clock.advance(8 * 24 * 60 * MINUTE);
  await until(instance, async () => {
    assert.deepEqual(await members.tokens(), []);
    assert.deepEqual(await store.db.selectFrom("member_certificate").selectAll().execute(), []);
    // a key that was announced while the revocation was on its way
    const keys = await store.db.selectFrom("gateway_key").select("kid").execute();
    assert.deepEqual(
      keys.map(({ kid }) => kid),
      ["edge-1"],
    );
  });
  const [item] = await members.list();
  assert.deepEqual([item?.state, item?.certificate], ["joined", undefined]);
});
