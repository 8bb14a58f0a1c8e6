import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { PosternError } from "#kernel";
import type { JoinRequest } from "#link";
import {
  admitted,
  HOUR,
  joinAs,
  MINUTE,
  newCsr,
  OWNER,
  peerOf,
  renew,
  testOnBoth,
  until,
} from "./members-rig.test.ts";

async function request(token: string): Promise<JoinRequest> {
  return { token, csr: await newCsr(), boot: "boot_1", version: "0.0.1" };
}

testOnBoth("a token lets one gateway in, under the name and role that it was made for", async (instance) => {
  const members = await instance.node("control-a", { url: "https://a.test:7443" });
  const made = await members.createToken({ role: "gateway", name: "edge-1" }, OWNER);
  assert.match(made.token, /^pjt_[A-Za-z0-9_-]{43}$/);
  assert.match(made.pin, /^sha256:[0-9a-f]{64}$/);
  assert.deepEqual([made.expiresAt, made.replaces], [instance.clock.now() + HOUR, false]);
  const joined = await members.join(await request(made.token), "192.0.2.1");
  assert.deepEqual(
    [joined.role, joined.name, joined.trustDomain, joined.controls, joined.authorities.length],
    ["gateway", "edge-1", "postern.test", ["https://a.test:7443"], 1],
  );
  const leaf = new X509Certificate(joined.certificate);
  assert.equal(leaf.subjectAltName, "URI:spiffe://postern.test/postern/gateway/edge-1");
  // at once, on the node that let it join
  assert.equal(admitted(members, peerOf(joined, "192.0.2.1"), "boot_1"), "in");
  assert.deepEqual(await instance.said("joined"), ["gateway edge-1 joined from 192.0.2.1"]);
  const [item] = await members.list();
  assert.deepEqual([item?.role, item?.name, item?.state], ["gateway", "edge-1", "joined"]);
});

testOnBoth(
  "a token that is used, ended, replaced, revoked or none is refused, each with what to do",
  async (instance) => {
    const members = await instance.node("control-a");
    const refuse = async (token: string, code: string, remedy: RegExp): Promise<void> => {
      await assert.rejects(members.join(await request(token), "192.0.2.1"), (error) => {
        assert.ok(error instanceof PosternError);
        assert.equal(error.code, code);
        assert.match(error.details.remedy ?? "", remedy);
        assert.doesNotMatch(error.message, /pjt_/);
        return true;
      });
    };
    const used = await members.createToken({ role: "agent", name: "laptop" }, OWNER);
    await members.join(await request(used.token), "192.0.2.1");
    await refuse(used.token, "token.used", /postern agent token laptop/);
    const first = await members.createToken({ role: "gateway", name: "edge-1" }, OWNER);
    const second = await members.createToken({ role: "gateway", name: "edge-1" }, OWNER);
    await refuse(first.token, "token.unknown", /replaced by a newer one/);
    instance.clock.advance(HOUR);
    await refuse(second.token, "token.expired", /postern gateway token edge-1/);
    await refuse("pjt_nothing", "token.unknown", /copy it whole/);
    await refuse("", "token.unknown", /copy it whole/);
    await refuse("x".repeat(257), "input.invalid", /^$/);
  },
);

testOnBoth("two that join with one token at once: exactly one is in", async (instance) => {
  const nodes = [await instance.node("control-a"), await instance.node("control-b")] as const;
  const { token } = await nodes[0].createToken({ role: "gateway", name: "edge-1" }, OWNER);
  const requests = await Promise.all([1, 2, 3, 4].map(async () => await request(token)));
  const tries = await Promise.allSettled(
    requests.map(async (each, at) => await nodes[at % 2 === 0 ? 0 : 1].join(each, `192.0.2.${at + 1}`)),
  );
  const won = tries.filter((each) => each.status === "fulfilled");
  const lost = tries.filter((each) => each.status === "rejected").map((each) => each.reason as PosternError);
  assert.equal(won.length, 1);
  assert.deepEqual(
    lost.map(({ code }) => code),
    ["token.used", "token.used", "token.used"],
  );
  assert.equal((await instance.said("joined")).length, 1);
  const rows = await instance.store.db.selectFrom("member_certificate").select("serial").execute();
  assert.equal(rows.length, 1);
});

testOnBoth("a request that is refused does not use its token up", async (instance) => {
  const members = await instance.node("control-a");
  const { token } = await members.createToken({ role: "gateway", name: "edge-1" }, OWNER);
  await assert.rejects(members.join({ ...(await request(token)), csr: "none" }, "192.0.2.1"), {
    code: "input.invalid",
  });
  for (const odd of [
    { boot: "" },
    { boot: "a b" },
    { version: "\u001b[2J" },
    { boot: undefined },
    { csr: 1 },
    { token: null },
  ])
    await assert.rejects(members.join({ ...(await request(token)), ...(odd as object) }, "192.0.2.1"), {
      code: "input.invalid",
    });
  assert.equal((await instance.store.db.selectFrom("member").selectAll().execute()).length, 0);
  await members.join(await request(token), "192.0.2.1");
});

testOnBoth("guesses are limited by where they come from, and joining is not", async (instance) => {
  const members = await instance.node("control-a");
  const guess = async (from: string): Promise<string | undefined> =>
    await members.join(await request("pjt_guess"), from).then(
      () => undefined,
      (error: PosternError) => error.code,
    );
  for (let i = 0; i < 20; i++) assert.equal(await guess("192.0.2.66"), "token.unknown");
  assert.equal(await guess("192.0.2.66"), "rate_limited");
  assert.equal(await guess("192.0.2.1"), "token.unknown");
  // also with a good token, or it would tell
  const { token } = await members.createToken({ role: "gateway", name: "edge-1" }, OWNER);
  await assert.rejects(members.join(await request(token), "192.0.2.66"), { code: "rate_limited" });
  await members.join(await request(token), "192.0.2.1");
  await instance.pass(MINUTE);
  assert.equal(await guess("192.0.2.66"), "token.unknown");
  for (let i = 0; i < 25; i++) await joinAs(members, "agent", `a${i}`, "boot_1");
});

testOnBoth("names are DNS labels", async (instance) => {
  const members = await instance.node("control-a");
  for (const name of ["", "-a", "a-", "A", "a.b", "a/b", "a_b", "a".repeat(64), "..", "é", "a b"])
    await assert.rejects(members.createToken({ role: "gateway", name }, OWNER), { code: "input.invalid" });
  for (const name of ["a", "7", "a-b", "a".repeat(63)])
    await members.createToken({ role: "gateway", name }, OWNER);
});

testOnBoth(
  "whoever joins anew takes the place of the earlier one, whose certificate ends",
  async (instance) => {
    const members = await instance.node("control-a");
    const before = await joinAs(members, "gateway", "edge-1", "boot_1");
    const renewed = await renew(members, before, "boot_1");
    const other = await joinAs(members, "agent", "edge-1", "boot_2");
    instance.clock.advance(10);
    const again = await members.createToken({ role: "gateway", name: "edge-1" }, OWNER);
    assert.equal(again.replaces, true);
    // until it is used, nothing has changed
    assert.equal(admitted(members, renewed, "boot_1"), "in");
    const after = peerOf(await members.join(await request(again.token), "192.0.2.9"), "192.0.2.9");
    assert.deepEqual(
      [before, renewed, after, other].map((peer) => admitted(members, peer, "boot_9")),
      ["member.revoked", "member.revoked", "in", "in"],
    );
    assert.match((await instance.said("joined")).at(-1) ?? "", /in the place of an earlier one/);
  },
);

testOnBoth("a certificate is renewed, and the old one serves until it ends", async (instance) => {
  const members = await instance.node("control-a");
  const first = await joinAs(members, "gateway", "edge-1", "boot_1");
  instance.clock.advance(12 * HOUR);
  await until(instance, () => assert.equal(admitted(members, first, "boot_1"), "in"));
  const second = await renew(members, first, "boot_1");
  assert.deepEqual(
    [first, second].map((peer) => admitted(members, peer, "boot_1")),
    ["in", "in"],
  );
  assert.equal((await instance.said("renewed")).length, 1);
  instance.clock.advance(12 * HOUR);
  await until(instance, () =>
    assert.deepEqual(
      [first, second].map((peer) => admitted(members, peer, "boot_1")),
      ["unauthenticated", "in"],
    ),
  );
  await assert.rejects(renew(members, first, "boot_1"), { code: "unauthenticated" });
  await assert.rejects(members.renew(second, { csr: "none", boot: "boot_1" }), { code: "input.invalid" });
  // over the Unix socket there is nothing to renew
  await assert.rejects(renew(members, { role: "gateway", name: "local" }, "boot_1"), {
    code: "input.invalid",
  });
});

testOnBoth("certificates are not asked for without measure", async (instance) => {
  const members = await instance.node("control-a");
  const peer = await joinAs(members, "gateway", "edge-1", "boot_1");
  for (let i = 0; i < 6; i++) await renew(members, peer, "boot_1");
  await assert.rejects(renew(members, peer, "boot_1"), { code: "rate_limited" });
  await instance.pass(MINUTE);
  await renew(members, peer, "boot_1");
});

testOnBoth(
  "a token for a name that runs beside control is refused while that is connected",
  async (instance) => {
    const members = await instance.node("control-a");
    const local = { role: "gateway", name: "local" } as const;
    const who = { ...local, boot: "boot_1", version: "0.0.1" };
    members.connected(local, who);
    await instance.pass(1_000);
    await members.list();
    await assert.rejects(
      async () => {
        for (;;) {
          await members.createToken(local, OWNER);
          await instance.pass(500);
        }
      },
      { code: "conflict" },
    );
    members.disconnected(local, who);
    for (;;) {
      const [item] = await members.list();
      if (item?.connectedSince === undefined) break;
      await instance.pass(500);
    }
    await joinAs(members, "gateway", "local", "boot_2");
    const [item] = await members.list();
    assert.equal(item?.state, "joined");
  },
);

testOnBoth("a dump of the database holds no token and no private key", async (instance) => {
  const members = await instance.node("control-a");
  const { token } = await members.createToken({ role: "gateway", name: "edge-1" }, OWNER);
  await joinAs(members, "gateway", "edge-2", "boot_1");
  const tables = [
    "join_token",
    "member",
    "member_certificate",
    "authority",
    "event",
    "entity",
    "change",
    "secret",
  ] as const;
  const dump: string[] = [];
  for (const table of tables)
    dump.push(JSON.stringify(await instance.store.db.selectFrom(table).selectAll().execute()));
  const text = dump.join("\n");
  assert.ok(text.includes("edge-1"));
  assert.equal(text.includes(token.slice(4, 24)), false);
  assert.equal(text.includes("PRIVATE KEY"), false);
  const [item] = await members.tokens();
  assert.equal(JSON.stringify(await members.tokens()).includes(token.slice(4, 24)), false);
  assert.equal(item?.createdBy, "owner");
});
