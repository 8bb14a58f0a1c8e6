import assert from "node:assert/strict";
import type { LinkPeer } from "#link";
import { admitted, HOUR, joinAs, OWNER, renew, testOnBoth, until } from "./members-rig.test.ts";

testOnBoth(
  "a revocation is in force on the node that made it at once, and on every other within a second",
  async (instance) => {
    const first = await instance.node("control-a");
    const second = await instance.node("control-b");
    const peer = await joinAs(first, "gateway", "edge-1", "boot_1");
    await until(instance, () => assert.equal(admitted(second, peer, "boot_1"), "in"));
    let told = 0;
    second.onRevoked(() => {
      told += 1;
    });
    await first.revoke("gateway", "edge-1", OWNER);
    assert.equal(admitted(first, peer, "boot_1"), "member.revoked");
    const asked = instance.clock.monotonic();
    while (admitted(second, peer, "boot_1") === "in") {
      await instance.pass(100);
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.ok(instance.clock.monotonic() - asked <= 1_000);
    assert.equal(told, 1);
    await assert.rejects(renew(second, peer, "boot_1"), { code: "member.revoked" });
    // streams too
    assert.equal(admitted(second, peer, "boot_1", "stream.held"), "member.revoked");
  },
);

testOnBoth(
  "what is revoked loses its keys and its tokens with it, and comes back with a new token alone",
  async (instance) => {
    const members = await instance.node("control-a");
    const peer = await joinAs(members, "gateway", "edge-1", "boot_1");
    await instance.store.write(async ({ db }) => {
      for (const gateway of ["edge-1", "edge-2"])
        await db
          .insertInto("gateway_key")
          .values({ kid: gateway, gateway, jwk: "{}", announced_at: 1 })
          .execute();
    });
    const { token } = await members.createToken({ role: "gateway", name: "edge-1" }, OWNER);
    await members.revoke("gateway", "edge-1", OWNER);
    const keys = await instance.store.db.selectFrom("gateway_key").select("kid").execute();
    assert.deepEqual(
      keys.map(({ kid }) => kid),
      ["edge-2"],
    );
    await assert.rejects(members.join({ token, csr: "x", boot: "b", version: "v" }, "192.0.2.1"), {
      code: "token.unknown",
    });
    assert.deepEqual(await instance.said("revoked"), ["gateway edge-1 is revoked"]);
    const [item] = await members.list();
    assert.deepEqual([item?.state, item?.certificate], ["revoked", undefined]);
    // twice is no harm
    await members.revoke("gateway", "edge-1", OWNER);
    instance.clock.advance(10);
    const again = await joinAs(members, "gateway", "edge-1", "boot_2");
    assert.deepEqual(
      [peer, again].map((each) => admitted(members, each, "boot_2")),
      ["member.revoked", "in"],
    );
  },
);

testOnBoth(
  "who never joined is unknown, also to revoke; who runs beside control cannot be revoked",
  async (instance) => {
    const members = await instance.node("control-a");
    const notAfter = instance.clock.now() + HOUR;
    const stranger: LinkPeer = { role: "agent", name: "laptop", serial: "0a", notAfter };
    assert.equal(admitted(members, stranger, "boot_1"), "member.unknown");
    await assert.rejects(members.revoke("agent", "laptop", OWNER), { code: "not_found" });
    const local: LinkPeer = { role: "gateway", name: "local" };
    assert.equal(admitted(members, local, "boot_1"), "in");
    members.connected(local, { role: "gateway", name: "local", boot: "boot_1", version: "0.0.1" });
    await until(instance, async () => assert.equal((await members.list()).length, 1));
    await assert.rejects(members.revoke("gateway", "local", OWNER), { code: "conflict" });
    // the role is part of the name; of what was signed this moment another node may know more
    const gateway = await joinAs(members, "gateway", "edge-1", "boot_1");
    const other: LinkPeer = { ...gateway, role: "agent" };
    assert.equal(admitted(members, other, "boot_1"), "state.busy");
    assert.equal(
      admitted(members, { ...other, notAfter: (other.notAfter ?? 0) - 6_000 }, "boot_1"),
      "member.unknown",
    );
  },
);

testOnBoth(
  "a node that cannot read the database goes by what it knew for 30 seconds, then refuses, and recovers by itself",
  async (instance) => {
    const members = await instance.node("control-a");
    const peer = await joinAs(members, "gateway", "edge-1", "boot_1");
    assert.equal(admitted(members, peer, "boot_1"), "in");
    await until(instance, async () => {
      const row = await instance.store.db
        .selectFrom("member_certificate")
        .select("used_at")
        .executeTakeFirst();
      assert.notEqual(row?.used_at ?? null, null);
    });
    instance.faults.unreachable = true;
    await instance.pass(29_000);
    assert.equal(admitted(members, peer, "boot_1"), "in");
    await instance.pass(2_000);
    assert.equal(admitted(members, peer, "boot_1"), "state.unreachable");
    assert.equal(admitted(members, peer, "boot_1", "stream.held"), "state.unreachable");
    // it says so once
    assert.equal(
      instance.notices.filter((each) => each.includes("who is a member cannot be read")).length,
      1,
    );
    instance.faults.unreachable = false;
    await until(instance, () => assert.equal(admitted(members, peer, "boot_1"), "in"));
  },
);

testOnBoth(
  "a certificate signed after the backup that a database was restored from counts, unless its name joined again",
  async (instance) => {
    const members = await instance.node("control-a");
    const first = await joinAs(members, "gateway", "edge-1", "boot_1");
    await instance.pass(2_000);
    const renewed = await renew(members, first, "boot_1");
    await instance.store.write(async ({ db }) => {
      await db.deleteFrom("member_certificate").where("serial", "=", serialOf(renewed)).execute();
    });
    await instance.pass(1_000);
    assert.equal(admitted(members, renewed, "boot_1"), "in");
    // it is known from then on, and a rotation waits for it
    await until(instance, async () => {
      const row = await instance.store.db
        .selectFrom("member_certificate")
        .select(["used_at", "authority"])
        .where("serial", "=", serialOf(renewed))
        .executeTakeFirst();
      assert.match(row?.authority ?? "", /^[0-9a-f]{64}$/);
    });
    await instance.store.write(async ({ db }) => {
      await db.deleteFrom("member_certificate").where("serial", "=", serialOf(first)).execute();
    });
    await instance.pass(2_000);
    await joinAs(members, "gateway", "edge-1", "boot_2");
    assert.deepEqual(
      [first, renewed].map((peer) => admitted(members, peer, "boot_2")),
      ["member.revoked", "member.revoked"],
    );
  },
);

testOnBoth("an ended certificate is not let in, on whatever connection it comes", async (instance) => {
  const members = await instance.node("control-a");
  const peer = await joinAs(members, "gateway", "edge-1", "boot_1");
  await instance.pass(1_000);
  instance.clock.advance(24 * HOUR);
  await until(instance, () =>
    assert.equal(admitted(members, peer, "boot_1", "stream.held"), "unauthenticated"),
  );
  const { notAfter: _, ...endless } = peer;
  assert.equal(admitted(members, endless, "boot_1"), "unauthenticated");
});

function serialOf({ serial = "" }: LinkPeer): string {
  return serial.toLowerCase().replace(/^0+/, "");
}
