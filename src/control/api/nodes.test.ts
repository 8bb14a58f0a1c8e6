/** Two control nodes on one PostgreSQL: what one of them writes, the other goes by. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { type Postgres, startPostgres } from "../../../test/harness/postgres.ts";
import { assertProblem, makeRig, names, type Rig, type SignedIn } from "./rig.test.ts";

const LINKS = { a: "https://control-a.example.net:7443", b: "https://control-b.example.net:7443" };

let folder: string;
let postgres: Postgres;
let a: Rig;
let b: Rig;
let ada: SignedIn;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), "postern-nodes-"));
  const masterKey = join(folder, "master.key");
  writeFileSync(masterKey, randomBytes(32).toString("base64url"), { mode: 0o600 });
  postgres = await startPostgres();
  const shared = { place: { url: await postgres.createDatabase() }, masterKey };
  a = await makeRig({ node: "control-a", link: LINKS.a, hostStyle: "port", shared });
  b = await makeRig({ node: "control-b", link: LINKS.b, hostStyle: "port", shared });
  ada = await a.addPerson({ name: "ada" });
});
after(async () => {
  await a?.close();
  await b?.close();
  await postgres?.remove();
  rmSync(folder, { recursive: true, force: true });
});

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = performance.now() + 10_000; !(await holds()); ) {
    assert.ok(performance.now() < end, `not in time: ${what}`);
    a.tick();
    b.tick();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

test("a page that one node served may act at the other", async () => {
  const csrf = String((await a.console(ada, "GET", "/api/v1/me")).at("csrf"));
  assert.equal((await b.console(ada, "GET", "/api/v1/me")).at("csrf"), csrf);
  const invited = await b.console(ada, "POST", "/api/v1/people", { name: "bob" }, { "x-csrf-token": csrf });
  assert.equal(invited.status, 200, invited.text);
  assert.deepEqual(names(await a.owner("GET", "/api/v1/people")), ["ada", "bob"]);
});

test("a gateway that announced its key at one node is believed by the other", async () => {
  const assertion = await b.assertion(ada);
  const answer = await a.raw("GET", "/api/v1/me", { host: "localhost:7401", "postern-assertion": assertion });
  assert.equal(answer.status, 200, answer.text);
});

test("an application that one node added is listed by the other, with its port", async () => {
  await b.owner("GET", "/api/v1/applications");
  const wanted = { name: "grafana", upstream: "http://localhost:3000", classification: "internal" };
  const added = await a.owner("POST", "/api/v1/applications", wanted);
  assert.equal(added.status, 200, added.text);
  const seen = await b.owner("GET", "/api/v1/applications");
  assert.deepEqual(seen.at("items", 0), JSON.parse(added.text));
  const twice = await b.owner("POST", "/api/v1/applications", wanted);
  assertProblem(twice, 409, "conflict");
});

test("two nodes that apply at once leave both of their rules", async () => {
  const applied = await Promise.all(
    [a, b, a, b].map(async (rig, i) => {
      const files = [{ path: `n${i}.rules`, text: `ALLOW IF user.name == "n${i}"\n` }];
      return await rig.owner("POST", "/api/v1/policy/apply", { files, mode: "merge" });
    }),
  );
  for (const answer of applied) assert.equal(answer.status, 200, answer.text);
  const paths = ((await a.owner("GET", "/api/v1/policy")).at("files") as { path: string }[]).map(
    ({ path }) => path,
  );
  for (let i = 0; i < 4; i++) assert.ok(paths.includes(`n${i}.rules`));
  assert.equal(
    (await a.owner("GET", "/api/v1/policy")).at("version"),
    (await b.owner("GET", "/api/v1/policy")).at("version"),
  );
});

test("a rule, a role and the end of a session count at the other node from the next request on", async () => {
  const eve = await a.addPerson({ name: "eve" });
  assert.equal((await b.console(eve, "GET", "/api/v1/people")).status, 200);
  const files = [{ path: "eve.rules", text: 'DENY IF resource.kind == "postern" AND user.name == "eve"\n' }];
  assert.equal((await a.owner("POST", "/api/v1/policy/apply", { files, mode: "merge" })).status, 200);
  assertProblem(await b.console(eve, "GET", "/api/v1/people"), 403, "denied");
  assert.equal((await a.owner("DELETE", `/api/v1/sessions/${eve.session}`)).status, 200);
  const assertion = await b.assertion(eve);
  const ended = await b.raw("GET", "/api/v1/me", { host: "localhost:7401", "postern-assertion": assertion });
  assertProblem(ended, 401, "unauthenticated");
});

test("the stream of one node has what the other did, each once and in order", async () => {
  const ids: number[] = [];
  let text = "";
  const last = (await a.log.events({ limit: 1 }))[0]?.id ?? 0;
  const sent = request({
    socketPath: a.sockets.owner,
    path: "/api/v1/events/stream",
    headers: { host: "owner" },
  });
  sent.on("response", (response) => {
    response.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
      ids.splice(0, ids.length, ...[...text.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id)));
    });
  });
  sent.on("error", () => undefined);
  sent.end();
  await until("it follows", () => text.startsWith(":"));
  await Promise.all([a, b, b, a, b].map(async (rig) => await rig.owner("DELETE", "/api/v1/sessions/ses_x")));
  await until("all is there", () => ids.length >= 10);
  const logged = (await b.log.events({ after: last, limit: 100 })).map(({ id }) => id);
  assert.deepEqual(ids, logged);
  sent.destroy();
});

test("a place beyond the end of a log that was restored is its end", async () => {
  let text = "";
  const path = "/api/v1/events/stream?after=999999999";
  const sent = request({ socketPath: b.sockets.owner, path, headers: { host: "owner" } });
  sent.on("response", (response) =>
    response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk)),
  );
  sent.on("error", () => undefined);
  sent.end();
  await until("it follows", () => text.startsWith(":"));
  await a.owner("DELETE", "/api/v1/sessions/ses_x");
  await until("it goes on", () => /^id: \d+$/m.test(text));
  sent.destroy();
});

test("both nodes are listed by either; a token of one names both, its own first, and is withdrawn at the other", async () => {
  await until("both have said that they are there", async () => (await a.members.nodes()).length === 2);
  for (const [rig, first, second] of [
    [a, "a", "b"],
    [b, "b", "a"],
  ] as const) {
    const whole = await rig.owner("GET", "/api/v1/components");
    const controls = whole.at("controls") as { name: string; self: boolean; live: boolean }[];
    assert.deepEqual(
      controls.map(({ name, self, live }) => [name, self, live]),
      [
        ["control-a", first === "a", true],
        ["control-b", first === "b", true],
      ],
    );
    const made = await rig.owner("POST", "/api/v1/members/tokens", { role: "gateway", name: "edge-1" });
    assert.deepEqual(made.at("urls"), [LINKS[first], LINKS[second]]);
    assert.match(String(made.at("command")), new RegExp(`^postern gateway join ${LINKS[first]} --token `));
  }
  assert.deepEqual(names(await a.owner("GET", "/api/v1/members/tokens")), ["edge-1"]);
  assert.equal((await a.owner("DELETE", "/api/v1/members/tokens/gateway/edge-1")).status, 200);
  assert.deepEqual(names(await b.owner("GET", "/api/v1/members/tokens")), []);
});

test("what a gateway says to one node is shown by the other", async () => {
  const peer = { role: "gateway", name: "beside-b" } as const;
  b.members.connected(peer, { ...peer, boot: "boot_g", version: "0.1.0" });
  await b.members.report(peer, { boot: "boot_g", version: "0.1.0", viewAgeSeconds: 1.5, skewSeconds: 0 });
  await b.members.list();
  const seen = await a.owner("GET", "/api/v1/components");
  assert.equal(seen.at("gateways", 0, "node"), "control-b");
  assert.equal(seen.at("gateways", 0, "viewAgeSeconds"), 1.5);
});

test("a rotation is begun by one node only", async () => {
  a.clock.advance(60_000);
  b.clock.advance(60_000);
  const begun = await Promise.all(
    [a, b].map(async (rig) => await rig.owner("POST", "/api/v1/authority/rotate")),
  );
  assert.deepEqual(
    begun.map(({ status }) => status).sort((x, y) => x - y),
    [200, 409],
  );
  const shown = await Promise.all([a, b].map(async (rig) => await rig.owner("GET", "/api/v1/authority")));
  assert.equal(shown[0]?.text, shown[1]?.text);
});
