import assert from "node:assert/strict";
import type { LinkPeer } from "#link";
import type { Members } from "./index.ts";
import { admitted, type Instance, joinAs, OWNER, renew, testOnBoth, until } from "./members-rig.test.ts";

/** Comes with each start in turn, every five seconds, as reports do. */
async function come(
  instance: Instance,
  turns: readonly (readonly [Members, LinkPeer, string])[],
  times: number,
): Promise<void> {
  for (let i = 0; i < times; i++) {
    for (const [members, peer, boot] of turns) assert.equal(admitted(members, peer, boot), "in");
    await instance.pass(5_000);
    await settled(instance);
  }
}

/** What was set going has been written. */
async function settled(instance: Instance): Promise<void> {
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setTimeout(resolve, 1));
  await instance.pass(500);
}

testOnBoth("a process that starts again, on any node, is no clone", async (instance) => {
  const a = await instance.node("control-a");
  const b = await instance.node("control-b");
  const peer = await joinAs(a, "gateway", "edge-1", "boot_1");
  await instance.pass(1_000);
  await come(instance, [[a, peer, "boot_1"]], 4);
  await come(instance, [[b, peer, "boot_2"]], 1);
  // the last of the first one is heard late, and its stream is still held by a node that has not noticed
  assert.equal(admitted(a, peer, "boot_1"), "in");
  await come(instance, [[b, peer, "boot_2"]], 4);
  for (let i = 0; i < 5; i++) {
    assert.equal(admitted(a, peer, "boot_1", "stream.held"), "in");
    await instance.pass(2_000);
  }
  await come(instance, [[a, peer, "boot_3"]], 4);
  assert.deepEqual(await instance.said("cloned"), []);
  assert.equal((await a.list())[0]?.clone, undefined);
});

testOnBoth(
  "a certificate in use by two processes is reported once, with where they are, until the name joins anew",
  async (instance) => {
    const a = await instance.node("control-a");
    const b = await instance.node("control-b");
    const peer = await joinAs(a, "gateway", "edge-1", "boot_1");
    await instance.pass(1_000);
    const elsewhere = { ...peer, address: "203.0.113.9" };
    await come(instance, [[a, peer, "boot_1"]], 2);
    await come(
      instance,
      [
        [a, peer, "boot_1"],
        [b, elsewhere, "boot_2"],
      ],
      8,
    );
    const said = await instance.said("cloned");
    assert.equal(said.length, 1, said.join("\n"));
    assert.match(
      said[0] ?? "",
      /gateway edge-1 is in use by two processes at once \(192\.0\.2\.1, 203\.0\.113\.9\)/,
    );
    const [item] = await b.list();
    assert.deepEqual(item?.clone?.addresses, ["192.0.2.1", "203.0.113.9"]);
    assert.ok((item?.clone?.since ?? 0) > 0);
    // it is reported, not shut out: which one is the clone is for people to say
    assert.equal(admitted(a, peer, "boot_1"), "in");
    await b.revoke("gateway", "edge-1", OWNER);
    instance.clock.advance(10);
    await joinAs(b, "gateway", "edge-1", "boot_9");
    assert.equal((await b.list())[0]?.clone, undefined);
  },
);

testOnBoth(
  "a certificate that two processes renew is reported; one that a process asks for again is not",
  async (instance) => {
    const members = await instance.node("control-a");
    const peer = await joinAs(members, "agent", "laptop", "boot_1");
    await instance.pass(1_000);
    await renew(members, peer, "boot_1");
    // the answer was lost
    const renewed = await renew(members, peer, "boot_1");
    assert.deepEqual(await instance.said("cloned"), []);
    // started again from what it has
    await renew(members, renewed, "boot_2");
    assert.deepEqual(await instance.said("cloned"), []);
    await renew(members, { ...peer, address: "203.0.113.9" }, "boot_3");
    const said = await instance.said("cloned");
    assert.equal(said.length, 1);
    assert.match(said[0] ?? "", /agent laptop was renewed by two processes \(.*203\.0\.113\.9/);
    await until(instance, async () => assert.notEqual((await members.list())[0]?.clone, undefined));
  },
);
