import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { after, before, describe, test } from "node:test";
import "reflect-metadata";
import { Pkcs10CertificateRequestGenerator } from "@peculiar/x509";
import { PosternError } from "#kernel";
import type { LinkPeer, MemberRole } from "#link";
import { type Answer, assertProblem, makeRig, type Rig, type SignedIn } from "../rig.test.ts";

const LINK = "https://control-a.example.net:7443";

let rig: Rig;
let ada: SignedIn;
before(async () => {
  rig = await makeRig({ link: LINK, node: "control-a" });
  ada = await rig.addPerson({ name: "ada" });
});
after(async () => await rig.close());

async function token(name: string, role: MemberRole = "gateway"): Promise<Answer> {
  return await rig.console(ada, "POST", "/api/v1/members/tokens", { role, name });
}

/** Joins as another machine does, and opens its stream. */
async function join(name: string, role: MemberRole = "gateway", boot = `boot_${name}`): Promise<LinkPeer> {
  const made = await token(name, role);
  assert.equal(made.status, 200, made.text);
  const algorithm = { name: "ECDSA", namedCurve: "P-256" };
  const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const signingAlgorithm = { name: "ECDSA", hash: "SHA-256" };
  const csr = await Pkcs10CertificateRequestGenerator.create({ name: "CN=x", keys, signingAlgorithm });
  const request = { token: String(made.at("token")), csr: csr.toString("pem"), boot, version: "0.1.0" };
  const { certificate } = await rig.members.join(request, "192.0.2.1");
  const leaf = new X509Certificate(certificate);
  return {
    role,
    name,
    serial: leaf.serialNumber,
    notAfter: leaf.validToDate.getTime(),
    address: "192.0.2.1",
  };
}

function connect(peer: LinkPeer): void {
  const { role, name } = peer;
  rig.members.connected(peer, {
    role,
    name,
    boot: `boot_${name}`,
    version: "0.1.0",
    hostname: `${name}.lan`,
  });
}

async function component(name: string): Promise<{ readonly [member: string]: unknown } | undefined> {
  const answer = await rig.console(ada, "GET", "/api/v1/components");
  assert.equal(answer.status, 200, answer.text);
  const both = [answer.at("gateways"), answer.at("agents")].flat() as { name: string }[];
  return both.find((each) => each.name === name);
}

describe("a token", () => {
  test("is the line to run on the other machine, and is shown this once", async () => {
    const made = await token("edge-1");
    assert.equal(made.status, 200, made.text);
    const value = String(made.at("token"));
    assert.match(value, /^pjt_[\w-]{43}$/);
    assert.equal(made.at("pin"), await rig.certificates.pin());
    assert.equal(
      made.at("command"),
      `postern gateway join ${LINK} --token ${value} --ca-pin ${String(made.at("pin"))}`,
    );
    assert.deepEqual(made.at("urls"), [LINK]);
    assert.equal(made.at("expiresAt"), rig.clock.now() + 3_600_000);
    assert.equal(made.at("replaces"), false);
    const list = await rig.console(ada, "GET", "/api/v1/members/tokens");
    assert.deepEqual(JSON.parse(list.text), {
      items: [
        {
          role: "gateway",
          name: "edge-1",
          createdAt: rig.clock.now(),
          createdBy: "ada",
          expiresAt: rig.clock.now() + 3_600_000,
        },
      ],
    });
    for (const table of ["join_token", "event"] as const) {
      const rows = JSON.stringify(await rig.store.db.selectFrom(table).selectAll().execute());
      assert.ok(!rows.includes(value), `${table} holds the token`);
    }
  });

  test("of a name that has one ends the earlier one, and withdrawing it ends it for good", async () => {
    const first = await token("edge-2");
    const second = await token("edge-2");
    const csr = "";
    const request = { csr, boot: "boot_x", version: "0.1.0" };
    await assert.rejects(rig.members.join({ ...request, token: String(first.at("token")) }, "192.0.2.9"), {
      code: "token.unknown",
    });
    const path = "/api/v1/members/tokens/gateway/edge-2";
    const withdrawn = await rig.console(ada, "DELETE", path);
    assert.deepEqual(JSON.parse(withdrawn.text), { role: "gateway", name: "edge-2" });
    await assert.rejects(rig.members.join({ ...request, token: String(second.at("token")) }, "192.0.2.9"), {
      code: "token.unknown",
    });
    assertProblem(await rig.console(ada, "DELETE", path), 404, "not_found");
    assertProblem(await rig.console(ada, "DELETE", "/api/v1/members/tokens/agent/edge-1"), 404, "not_found");
  });

  test("for a name that is joined says that it takes its place", async () => {
    await join("edge-3");
    const made = await token("edge-3");
    assert.equal(made.at("replaces"), true);
  });

  test("for the gateway beside control is refused", async () => {
    rig.members.connected({ role: "gateway", name: "beside" }, who("gateway", "beside"));
    assert.equal((await component("beside"))?.["state"], "local");
    const answer = await token("beside");
    assertProblem(answer, 409, "conflict");
    assert.equal(answer.at("remedy"), "choose another name");
    assert.equal((await token("beside", "agent")).status, 200);
  });

  for (const name of ["", "Edge", "edge.1", "-edge", "edge_1", "edge 1", "../x", "e".repeat(64), "$(id)"]) {
    test(`for the name ${JSON.stringify(name)} is refused`, async () => {
      assertProblem(await token(name), 422, "input.invalid");
    });
  }

  test("is for a gateway or an agent, and nothing else", async () => {
    for (const body of [
      { role: "control", name: "x" },
      { role: "gateway" },
      { role: "gateway", name: "x", expiresAt: 9e15 },
    ])
      assertProblem(await rig.console(ada, "POST", "/api/v1/members/tokens", body), 422, "input.invalid");
  });

  test("is not made where nobody could use it, and why is said", async () => {
    const deaf = await makeRig();
    const answer = await deaf.owner("POST", "/api/v1/members/tokens", { role: "gateway", name: "edge-1" });
    assertProblem(answer, 409, "conflict");
    assert.match(String(answer.at("remedy")), /--link 0\.0\.0\.0:7443 --link-url https:\/\/HOST:7443/);
    assert.deepEqual(await deaf.members.tokens(), []);
    await deaf.close();
  });
});

function who(role: MemberRole, name: string) {
  return { role, name, boot: `boot_${name}`, version: "0.1.0", hostname: `${name}.lan` };
}

describe("a member", () => {
  test("is listed with what it says of itself", async () => {
    const peer = await join("edge-5");
    assert.equal((await component("edge-5"))?.["condition"], "expected");
    connect(peer);
    const { epoch, number } = await rig.store.head();
    await rig.members.report(peer, {
      boot: "boot_edge-5",
      version: "0.1.0",
      position: { epoch, number: number - 1 },
      viewAgeSeconds: 0.5,
      skewSeconds: 0.1,
      liveConnections: 7,
      unshippedRecords: 2,
    });
    const seen = await component("edge-5");
    assert.deepEqual(
      { ...seen, certificate: undefined, lag: undefined },
      {
        role: "gateway",
        name: "edge-5",
        state: "joined",
        condition: "well",
        joinedAt: rig.clock.now(),
        version: "0.1.0",
        hostname: "edge-5.lan",
        connectedSince: rig.clock.now(),
        lastSeenAt: rig.clock.now(),
        node: "control-a",
        address: "192.0.2.1",
        reportedAt: rig.clock.now(),
        viewAgeSeconds: 0.5,
        skewSeconds: 0.1,
        liveConnections: 7,
        unshippedRecords: 2,
        certificate: undefined,
        lag: undefined,
      },
    );
    assert.deepEqual(Object.keys(seen?.["certificate"] ?? {}), ["serial", "notAfter"]);
    const overview = await rig.console(ada, "GET", "/api/v1/overview");
    const whole = await rig.console(ada, "GET", "/api/v1/components");
    assert.deepEqual(overview.at("components"), JSON.parse(whole.text));
    assert.deepEqual(whole.at("controls", 0, "url"), LINK);
    assert.deepEqual(whole.at("controls", 0, "self"), true);
  });

  test("is revoked at once and for good, however often it is asked for", async () => {
    const peer = await join("edge-6", "agent");
    rig.members.admit(peer, "boot_edge-6", "state");
    const path = "/api/v1/members/agent/edge-6/revoke";
    const revoked = await rig.console(ada, "POST", path);
    assert.deepEqual(JSON.parse(revoked.text), {
      role: "agent",
      name: "edge-6",
      revokedAt: rig.clock.now(),
    });
    await untilRefused(peer, "boot_edge-6");
    rig.clock.advance(5_000);
    const again = await rig.console(ada, "POST", path, {});
    assert.equal(again.at("revokedAt"), revoked.at("revokedAt"));
    assert.equal((await component("edge-6"))?.["condition"], "revoked");
  });

  /** What is committed is looked for twice a second; here, as often as it ticks. */
  async function untilRefused(peer: LinkPeer, boot: string): Promise<void> {
    for (const end = performance.now() + 5_000; ; ) {
      rig.tick();
      try {
        rig.members.admit(peer, boot, "state");
      } catch (error) {
        assert.ok(error instanceof PosternError, String(error));
        assert.equal(error.code, "member.revoked");
        return;
      }
      assert.ok(performance.now() < end, "still let in");
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  test("that is revoked may be let in again with a new token, and only then", async () => {
    const before = await join("edge-7");
    await rig.console(ada, "POST", "/api/v1/members/gateway/edge-7/revoke");
    const made = await token("edge-7");
    assert.equal(made.at("replaces"), false);
    const after = await join("edge-7", "gateway", "boot_again");
    rig.members.admit(after, "boot_again", "state");
    await untilRefused(before, "boot_edge-7");
  });

  test("that nobody knows, or that runs beside control, is not revoked", async () => {
    for (const name of ["nobody", "%2e%2e", "x%20y"]) {
      const answer = await rig.console(ada, "POST", `/api/v1/members/gateway/${name}/revoke`);
      assertProblem(answer, 404, "not_found");
    }
    const local = await rig.console(ada, "POST", "/api/v1/members/gateway/beside/revoke");
    assertProblem(local, 409, "conflict");
    const control = await rig.console(ada, "POST", "/api/v1/members/control/control-a/revoke");
    assertProblem(control, 422, "input.invalid");
  });

  test("stands in the log with who let it in and who shut it out", async () => {
    const { id } = (await rig.log.events({ limit: 1 }))[0] ?? { id: 0 };
    await token("edge-8");
    await rig.console(ada, "POST", "/api/v1/members/gateway/edge-5/revoke");
    await rig.console(ada, "POST", "/api/v1/members/gateway/nobody/revoke");
    const events = await rig.log.events({ after: id, kind: "administration", limit: 10 });
    const acts = events.map(({ event }) => {
      const { actor, unmapped } = JSON.parse(JSON.stringify(event)) as Administered;
      const { act, outcome, target, decision } = unmapped.postern;
      assert.match(decision, /^dec_/);
      return [act, outcome, actor.user.name, target.id];
    });
    assert.deepEqual(acts, [
      ["member.token", "success", "ada", "gateway:edge-8"],
      ["member.revoke", "success", "ada", "gateway:edge-5"],
      ["member.revoke", "failure", "ada", "gateway:nobody"],
    ]);
  });
});

interface Administered {
  readonly actor: { readonly user: { readonly name: string } };
  readonly unmapped: {
    readonly postern: {
      readonly act: string;
      readonly outcome: string;
      readonly decision: string;
      readonly target: { readonly id: string };
    };
  };
}
