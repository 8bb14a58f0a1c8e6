import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { assertProblem, makeRig, type Rig, type SignedIn } from "./rig.test.ts";

let rig: Rig;
let ada: SignedIn;
let member: SignedIn;
before(async () => {
  rig = await makeRig();
  ada = await rig.addPerson({ name: "ada" });
  member = await rig.addPerson({ name: "mel", role: "member" });
});
after(async () => await rig.close());

interface Logged {
  readonly kind: string;
  readonly postern: { readonly [member: string]: unknown };
}

/** What was logged since `after`, oldest first. */
async function logged(after: number): Promise<Logged[]> {
  const answer = await rig.owner("GET", `/api/v1/events?after=${after}&limit=200`);
  const items = answer.at("items") as { kind: string; event: { unmapped: { postern: Logged["postern"] } } }[];
  return items.map(({ kind, event }) => ({ kind, postern: event.unmapped.postern }));
}

async function head(): Promise<number> {
  return Number((await rig.owner("GET", "/api/v1/events?limit=1")).at("items", 0, "id") ?? 0);
}

function decisionOf(event: Logged | undefined): unknown {
  const decision = event?.postern["decision"];
  return typeof decision === "object" && decision !== null && "id" in decision ? decision.id : undefined;
}

function kinds(events: readonly Logged[]): string[] {
  return events.map(({ kind, postern }) =>
    [kind, postern["act"], postern["outcome"]].filter((part) => typeof part === "string").join(" "),
  );
}

const READS = [
  "overview",
  "applications",
  "components",
  "decisions",
  "decisions/dec_x",
  "events",
  "events/stream",
  "people",
  "sessions",
  "policy",
  "policy/versions",
  "members/tokens",
  "authority",
];
const manifest = { files: [{ path: "x.rules", text: 'ALLOW IF user.name == "x"\n' }], mode: "merge" };
const ACTS: readonly (readonly [string, string, string, unknown])[] = [
  [
    "POST",
    "applications",
    "application.add",
    { name: "x", upstream: "http://localhost:1", classification: "public" },
  ],
  ["DELETE", "applications/wiki", "application.remove", undefined],
  ["POST", "people", "user.invite", { name: "mallory" }],
  ["POST", "people/usr_x/disable", "user.disable", undefined],
  ["POST", "people/usr_x/enable", "user.enable", undefined],
  ["DELETE", "sessions/ses_x", "session.end", undefined],
  ["POST", "policy/apply", "policy.apply", manifest],
  ["POST", "members/tokens", "member.token", { role: "gateway", name: "edge-1" }],
  ["DELETE", "members/tokens/gateway/edge-1", "member.withdraw-token", undefined],
  ["POST", "members/gateway/edge-1/revoke", "member.revoke", undefined],
  ["POST", "authority/rotate", "authority.rotate", undefined],
];

describe("a member", () => {
  for (const path of READS) {
    test(`may not read ${path}; the denial has an id, and is in the log`, async () => {
      const before = await head();
      const answer = await rig.console(member, "GET", `/api/v1/${path}`);
      assertProblem(answer, 403, "denied");
      const id = String(answer.at("decision"));
      assert.match(id, /^dec_/);
      assert.deepEqual(kinds(await logged(before)), ["decision"]);
      const detail = await rig.owner("GET", `/api/v1/decisions/${id}`);
      assert.equal(detail.at("decision", "effect"), "deny");
      assert.equal(detail.at("input", "subject", "name"), "mel");
    });
  }

  test("may not check a set, whose findings would show the active one", async () => {
    assertProblem(await rig.console(member, "POST", "/api/v1/policy/check", manifest), 403, "denied");
  });

  for (const [method, path, action, body] of ACTS) {
    test(`may not ${action}; nothing happens, and the try is in the log`, async () => {
      const before = await head();
      const { activation } = await rig.activation.active();
      const answer = await rig.console(member, method, `/api/v1/${path}`, body);
      assertProblem(answer, 403, "denied");
      assert.equal((await rig.activation.active()).activation, activation);
      const events = await logged(before);
      assert.deepEqual(kinds(events), ["decision", `administration ${action} failure`]);
      assert.equal(events[1]?.postern["decision"], answer.at("decision"));
      assert.deepEqual(events[0]?.postern["decision"], {
        ...(events[0]?.postern["decision"] as object),
        id: answer.at("decision"),
        effect: "deny",
      });
    });
  }

  test("is told who they are, which is nobody's secret from them", async () => {
    assert.equal((await rig.console(member, "GET", "/api/v1/me")).at("role"), "member");
  });
});

describe("an administrator", () => {
  test("reads everything, and leaves no decisions behind by reading", async () => {
    const before = await head();
    for (const path of READS.filter((path) => path !== "events/stream" && path !== "decisions/dec_x"))
      assert.equal((await rig.console(ada, "GET", `/api/v1/${path}`)).status, 200, path);
    assert.deepEqual(await logged(before), []);
  });

  test("whose passkey was shown 13 hours ago may no longer act, and may again after showing it", async () => {
    const late = await rig.addPerson();
    const at = rig.clock.now() - 13 * 3_600_000;
    const set = async (mfa: number | null): Promise<void> => {
      await rig.store.write(async ({ db }) => {
        await db
          .updateTable("session")
          .set({ mfa_verified_at: mfa })
          .where("id", "=", late.session)
          .execute();
      });
    };
    await set(at);
    assertProblem(await rig.console(late, "GET", "/api/v1/people"), 403, "denied");
    await set(null);
    assertProblem(await rig.console(late, "GET", "/api/v1/people"), 403, "denied");
    await set(rig.clock.now());
    assert.equal((await rig.console(late, "GET", "/api/v1/people")).status, 200);
  });

  test("who is one no longer is refused at the next request", async () => {
    const former = await rig.addPerson();
    assert.equal((await rig.console(former, "GET", "/api/v1/people")).status, 200);
    await rig.store.write(async ({ db }) => {
      await db.updateTable("user").set({ role: "member" }).where("id", "=", former.user).execute();
    });
    assertProblem(await rig.console(former, "GET", "/api/v1/people"), 403, "denied");
  });

  test("is held to rules that deny, such as by where they are", async () => {
    const rule = `# reason: Administration is from the office only
DENY IF resource.kind == "postern" AND action == "user.invite" AND request.source_ip == "192.0.2.7"
`;
    const files = [{ path: "office.rules", text: rule }];
    const applied = await rig.owner("POST", "/api/v1/policy/apply", { files, mode: "merge" });
    assert.equal(applied.status, 200, applied.text);
    const denied = await rig.console(ada, "POST", "/api/v1/people", { name: "bob" });
    assertProblem(denied, 403, "denied");
    assert.equal(denied.at("detail"), "Administration is from the office only");
    const elsewhere = await rig.console(
      ada,
      "POST",
      "/api/v1/people",
      { name: "bob" },
      { "x-forwarded-for": "192.0.2.8" },
    );
    assert.equal(elsewhere.status, 200, elsewhere.text);
    const without = (await rig.activation.active()).files.filter(({ path }) => path !== "office.rules");
    assert.equal(
      (await rig.owner("POST", "/api/v1/policy/apply", { files: without, mode: "replace" })).status,
      200,
    );
  });
});

test("an address that is none is not known, and does not stand in for one", async () => {
  const files = [
    {
      path: "away.rules",
      text: 'DENY IF resource.kind == "postern" AND action == "user.invite" AND request.source_ip == "192.0.2.9"\n',
    },
  ];
  assert.equal((await rig.owner("POST", "/api/v1/policy/apply", { files, mode: "merge" })).status, 200);
  for (const address of ["unknown", "", "192.0.2", "x, 192.0.2.8", undefined]) {
    const answer = await rig.console(
      ada,
      "POST",
      "/api/v1/people",
      { name: "dan" },
      { "x-forwarded-for": address },
    );
    assertProblem(answer, 403, "denied");
  }
  const without = (await rig.activation.active()).files.filter(({ path }) => path !== "away.rules");
  assert.equal(
    (await rig.owner("POST", "/api/v1/policy/apply", { files: without, mode: "replace" })).status,
    200,
  );
});

describe("an act", () => {
  test("stands in the log with its decision, who did it and on what", async () => {
    const before = await head();
    const answer = await rig.owner("POST", "/api/v1/people", {
      name: "carol",
      role: "engineer",
      groups: ["staging"],
    });
    assert.equal(answer.status, 200, answer.text);
    const events = await logged(before);
    assert.deepEqual(kinds(events), ["decision", "administration user.invite success"]);
    const act = events[1]?.postern;
    assert.deepEqual(act?.["target"], { type: "user", id: answer.at("person", "id"), name: "carol" });
    assert.equal(act?.["decision"], decisionOf(events[0]));
    assert.doesNotMatch(JSON.stringify(events), new RegExp(String(answer.at("url")).split("#")[1] ?? "?"));
  });

  test("that is allowed but fails changes nothing, and the log says how it failed", async () => {
    await rig.addPerson({ name: "taken" });
    const before = await head();
    assertProblem(await rig.owner("POST", "/api/v1/people", { name: "taken" }), 409, "conflict");
    assertProblem(await rig.owner("DELETE", "/api/v1/sessions/ses_nobody"), 404, "not_found");
    assertProblem(await rig.owner("POST", "/api/v1/people/usr_nobody/disable"), 404, "not_found");
    assert.deepEqual(kinds(await logged(before)), [
      "decision",
      "administration user.invite failure",
      "decision",
      "administration session.end failure",
      "decision",
      "administration user.disable failure",
    ]);
  });

  test("that cannot be logged does not happen", async () => {
    const broken = await makeRig();
    await broken.store.write(async ({ db }) => await db.schema.dropTable("event").execute());
    const answer = await broken.owner("POST", "/api/v1/people", { name: "bob" });
    assertProblem(answer, 500, "internal");
    assert.deepEqual(await broken.store.db.selectFrom("user").selectAll().execute(), []);
    await broken.close();
  });

  test("of somebody whose session ends while they wait is refused", async () => {
    const leaving = await rig.addPerson();
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    // this write has the database; the act waits for it
    const ending = rig.store.write(async ({ db }) => {
      await held;
      await db.deleteFrom("session").where("id", "=", leaving.session).execute();
    });
    const act = rig.console(leaving, "POST", "/api/v1/people", { name: "too-late" });
    await new Promise((resolve) => setTimeout(resolve, 50));
    release();
    await ending;
    assertProblem(await act, 401, "unauthenticated");
  });
});
