import assert from "node:assert/strict";
import { test } from "node:test";
import type { Server } from "node:tls";
import { type Clock, type PosternError, systemClock } from "#kernel";
import type { LinkPeer } from "#link";
import { type Members, openMembers } from "#members";
import {
  closeLater,
  contextOf,
  controlListener,
  handshake,
  type Instance,
  leafOf,
  newRequest,
  OWNER,
  openInstance,
  until,
} from "./authority-rig.test.ts";
import type { Authority } from "./index.ts";

const DAY = 86_400_000;

/** A control node with a listener that follows its certificate. */
interface Node {
  readonly name: string;
  readonly authority: Authority;
  readonly members: Members;
  readonly port: number;
}

/** A clock that is ahead of the machine's by what it was told. */
function shiftedClock(): Clock & { ahead: number } {
  return {
    ahead: 0,
    now() {
      return systemClock.now() + this.ahead;
    },
    monotonic() {
      return systemClock.monotonic() + this.ahead;
    },
  };
}

async function startNode(instance: Instance, name: string, clock: Clock = systemClock): Promise<Node> {
  const authority = await instance.node(name, clock);
  const members = await openMembers({
    ...(await instance.rooms(name)),
    authority,
    clock,
    node: { name, boot: `boot_${name}`, version: "0.0.1", url: `https://${name}.test:7443` },
  });
  closeLater(async () => await members.close());
  const { server, port } = await controlListener(authority.controlCredentials());
  follow(server, authority);
  return { name, authority, members, port };
}

function follow(server: Server, authority: Authority): void {
  authority.onChange(() => server.setSecureContext(contextOf(authority.controlCredentials())));
}

/** A gateway as far as its membership goes. */
interface Gateway {
  readonly name: string;
  readonly boot: string;
  credentials: { cert: string; key: string; ca: string[] };
}

async function joinGateway({ members }: Node, name: string): Promise<Gateway> {
  const { token } = await members.createToken({ role: "gateway", name }, OWNER);
  const { csr, key } = await newRequest();
  const boot = `boot_${name}`;
  const joined = await members.join({ token, csr, boot, version: "0.0.1" }, "192.0.2.1");
  return { name, boot, credentials: { cert: joined.certificate, key, ca: [...joined.authorities] } };
}

async function renew({ members }: Node, gateway: Gateway): Promise<void> {
  const { csr, key } = await newRequest();
  const renewed = await members.renew(peerOf(gateway), { csr, boot: gateway.boot });
  gateway.credentials = { cert: renewed.certificate, key, ca: [...renewed.authorities] };
}

function peerOf({ name, credentials }: Gateway): LinkPeer {
  const leaf = leafOf(credentials.cert);
  return {
    role: "gateway",
    name,
    serial: leaf.serialNumber,
    notAfter: Date.parse(leaf.validTo),
    address: "192.0.2.1",
  };
}

for (const kind of ["sqlite", "postgres"] as const)
  test(`${kind}: a rotation goes through its phases while everybody shakes hands all the time, and no handshake fails`, async () => {
    await rotateUnderHandshakes(await openInstance(kind));
  });

async function rotateUnderHandshakes(instance: Instance): Promise<void> {
  const nodes = [await startNode(instance, "control-a"), await startNode(instance, "control-b")] as const;
  const [first, second] = nodes;
  const gateways = [await joinGateway(first, "edge-1"), await joinGateway(second, "edge-2")] as const;
  const early = await first.authority.pin();
  const [old = ""] = await first.authority.bundle();

  let over = false;
  const failures: unknown[] = [];
  let count = 0;
  const pairs = gateways.flatMap((gateway) => nodes.map((node) => ({ gateway, node })));
  const shaking = pairs.map(async ({ gateway, node }) => {
    while (!over) {
      try {
        const credentials = gateway.credentials;
        const { server, client } = await handshake(node.port, credentials);
        assert.equal(server, `URI:spiffe://postern.test/postern/control/${node.name}`);
        assert.equal(client, `URI:spiffe://postern.test/postern/gateway/${gateway.name}`);
        node.members.admit(peerOf(gateway), gateway.boot, "report");
        count += 1;
      } catch (error) {
        failures.push(error);
      }
    }
  });
  const phases: string[] = [];
  const reaches = async (phase: string): Promise<void> =>
    await until(instance.schedule, async () => {
      const now = await second.authority.rotation();
      if (phases.at(-1) !== now.phase) phases.push(now.phase);
      assert.equal(now.phase, phase, now.waitingFor.join());
    });
  const some = async (more: number): Promise<void> => {
    const enough = count + more;
    await until(instance.schedule, () => assert.ok(count >= enough || failures.length > 0));
  };

  await some(20);
  const begun = await first.authority.rotate(OWNER);
  phases.push(begun.phase);
  assert.equal(begun.phase, "published");
  assert.equal(begun.authorities.length, 2);
  await reaches("members");
  await some(20);
  // somebody who joins in the middle trusts both, and is trusted
  const late = await joinGateway(second, "edge-3");
  for (const node of nodes) await handshake(node.port, late.credentials);
  await until(instance.schedule, () => second.members.admit(peerOf(late), late.boot, "report"));
  const { waitingFor } = await first.authority.rotation();
  assert.deepEqual(
    waitingFor.map((clause) => clause.split(" ").slice(0, 2).join(" ")),
    ["gateway edge-1", "gateway edge-2"],
  );
  await renew(first, gateways[0]);
  await some(10);
  assert.equal((await first.authority.rotation()).phase, "members");
  await renew(second, gateways[1]);
  await reaches("steady");
  await some(20);
  over = true;
  await Promise.all(shaking);

  assert.deepEqual(failures, []);
  // each step is seen, unless two of them fall between two looks
  assert.deepEqual(
    phases.filter((phase) => phase !== "control"),
    ["published", "members", "steady"],
  );
  const bundle = await second.authority.bundle();
  assert.equal(bundle.length, 1);
  assert.notEqual(bundle[0], old);
  assert.notEqual(await first.authority.pin(), early);
  const kept = await instance.store.db.selectFrom("authority").select("id").execute();
  assert.equal(kept.length, 1, "the old key is gone from the database");
  const published = await instance.store.db
    .selectFrom("entity")
    .select("key")
    .where("kind", "=", "authority")
    .execute();
  assert.deepEqual(
    published.map(({ key }) => key),
    [kept[0]?.id],
  );
  const said = await instance.store.db
    .selectFrom("event")
    .select("body")
    .where("body", "like", "%authority-rotated%")
    .execute();
  // the first one, and four steps
  assert.equal(said.length, 5);
}

test("a member that sleeps through a rotation is waited for, until its certificate has ended", async () => {
  const instance = await openInstance();
  const clock = shiftedClock();
  const node = await startNode(instance, "control-a", clock);
  const sleeper = await joinGateway(node, "edge-1");
  await node.authority.rotate(OWNER);
  await until(instance.schedule, async () =>
    assert.equal((await node.authority.rotation()).phase, "members"),
  );
  clock.ahead = DAY - 60_000;
  await until(instance.schedule, async () => {
    const { waitingFor } = await node.authority.rotation();
    assert.match(
      waitingFor.join(),
      /^gateway edge-1 to come with a certificate of it, or its old one to end/,
    );
  });
  // awake in the last minute, with what it had: it still knows control, and control knows it
  await handshake(node.port, sleeper.credentials);
  clock.ahead = DAY + 60_000;
  await until(instance.schedule, async () => assert.equal((await node.authority.rotation()).phase, "steady"));
  await assert.rejects(handshake(node.port, sleeper.credentials));
});

test("members that are connected and behind hold the next authority back, for an hour at most", async () => {
  const instance = await openInstance();
  const clock = shiftedClock();
  const node = await startNode(instance, "control-a", clock);
  const gateway = await joinGateway(node, "edge-1");
  const peer = peerOf(gateway);
  node.members.connected(peer, {
    role: "gateway",
    name: "edge-1",
    boot: gateway.boot,
    version: "0.0.1",
  });
  const report = { boot: gateway.boot, version: "0.0.1", skewSeconds: 0 };
  const behind = await instance.store.head();
  await node.members.report(peer, { ...report, position: behind });
  await node.authority.rotate(OWNER);
  await until(instance.schedule, async () => {
    await node.members.list();
    assert.deepEqual((await node.authority.rotation()).waitingFor, ["gateway edge-1 to see it"]);
  });
  await node.members.report(peer, {
    ...report,
    position: { ...(await instance.store.head()), epoch: "another" },
  });
  await node.members.list();
  assert.deepEqual((await node.authority.rotation()).waitingFor, ["gateway edge-1 to see it"]);
  clock.ahead = 61 * 60_000;
  await until(instance.schedule, async () =>
    assert.equal((await node.authority.rotation()).phase, "members"),
  );
});

test("a token that names the old authority is good until it ends", async () => {
  const instance = await openInstance();
  const clock = shiftedClock();
  const node = await startNode(instance, "control-a", clock);
  const { pin } = await node.members.createToken({ role: "agent", name: "laptop" }, OWNER);
  await node.authority.rotate(OWNER);
  await until(instance.schedule, async () => {
    const { phase, waitingFor } = await node.authority.rotation();
    assert.equal(phase, "members");
    assert.match(waitingFor.join(), /^the token of agent laptop to be used, or to end at/);
  });
  assert.equal(await node.authority.pin(), pin);
  clock.ahead = 61 * 60_000;
  await until(instance.schedule, async () => assert.notEqual(await node.authority.pin(), pin));
});

test("two rotations do not run at once, whoever begins them", async () => {
  const instance = await openInstance();
  const a = await instance.node("control-a");
  const b = await instance.node("control-b");
  const begun = await Promise.allSettled([a.rotate(OWNER), b.rotate(OWNER)]);
  const refused = begun.filter((each) => each.status === "rejected");
  assert.deepEqual(
    refused.map(({ reason }) => (reason as PosternError).code),
    ["conflict"],
  );
  assert.equal((await a.bundle()).length, 2);
});

test("a leader that has been replaced takes no step, and one that starts goes on where the last one ended", async () => {
  const instance = await openInstance();
  const clock = shiftedClock();
  instance.deposed = true;
  const first = await startNode(instance, "control-a", clock);
  await first.authority.rotate(OWNER);
  await until(instance.schedule, () => assert.match(instance.notices.join(), /rotation waits: deposed/));
  assert.equal((await first.authority.rotation()).phase, "published");
  instance.deposed = false;
  // at each phase another process leads
  for (const phase of ["members", "control", "steady"]) {
    const next = await instance.node(`control-${phase}`, clock);
    await until(instance.schedule, async () => {
      const now = (await next.rotation()).phase;
      assert.ok(now === phase || now === "steady", now);
    });
  }
});

test("an authority that has used half of its life is rotated by itself; one that has ended is replaced at the start", async () => {
  const instance = await openInstance();
  const clock = shiftedClock();
  const first = await instance.node("control-a", clock);
  clock.ahead = 182 * DAY;
  instance.schedule.tick();
  assert.equal((await first.rotation()).phase, "steady");
  clock.ahead = 183 * DAY;
  const [old] = await first.bundle();
  await until(instance.schedule, async () => {
    const bundle = await first.bundle();
    assert.ok(bundle.length === 1 && bundle[0] !== old);
  });
  const [middle] = await first.bundle();
  await first.close();
  clock.ahead = 183 * DAY + 366 * DAY;
  const later = await instance.node("control-b", clock);
  const [newest, ...more] = await later.bundle();
  assert.deepEqual(more, []);
  assert.notEqual(newest, middle);
  assert.ok(Date.parse(leafOf(later.controlCredentials().certificate).validTo) > clock.now());
});

test("control's own certificate is renewed at its half-life, also while the database cannot be read", async () => {
  const instance = await openInstance();
  const clock = shiftedClock();
  const authority = await instance.node("control-a", clock);
  const serial = (): string => leafOf(authority.controlCredentials().certificate).serialNumber;
  const first = serial();
  let told = 0;
  authority.onChange(() => {
    told += 1;
  });
  clock.ahead = DAY / 2 - 60_000;
  instance.schedule.tick();
  assert.equal(serial(), first);
  instance.unreachable = true;
  clock.ahead = DAY / 2 + 60_000;
  await until(instance.schedule, () => assert.notEqual(serial(), first));
  instance.unreachable = false;
  assert.equal(told, 1);
  assert.match(instance.notices.join(), /control's certificate is as it was: no database/);
});
