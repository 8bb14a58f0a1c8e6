/**
 * What control stands on, taken away under real processes: the database, then control itself. Knowledge that cannot be
 * shown to be fresh denies within its bound and says so; when what was away is back, everything goes on by itself.
 */
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { type Cluster, startCluster } from "./harness/cluster.ts";
import { type Answer, ask } from "./harness/http.ts";
import { startLoad } from "./harness/load.ts";
import { askOwner } from "./harness/owner.ts";
import { until } from "./harness/until.ts";
import { startUpstream, type Upstream } from "./harness/upstream.ts";
import { SoftwareVisitor } from "./harness/visitor.ts";

/** The bound of a restricted application is 10 s; tests watch for ten times as long. */
const WITHIN_MS = 100_000;

let cluster: Cluster;
let upstream: Upstream;
let ada: SoftwareVisitor;

before(async () => {
  upstream = await startUpstream();
  cluster = await startCluster({ controls: 2, gateways: 2 });
  ada = await cluster.person("ada");
  await cluster.done(["app", "add", "echo", upstream.url, "--classification", "internal"]);
  await cluster.done(["app", "add", "vault", upstream.url, "--classification", "restricted"]);
  await applyRules('ALLOW IF resource.name == "vault" AND user.mfa_verified == true\n');
  for (const name of ["echo", "vault"]) {
    await until(
      `ada to be let in at ${name}`,
      async () => (await ada.open(cluster.url(name))).status === 200,
    );
  }
});
after(async () => {
  await cluster?.remove();
  await upstream?.close();
});

async function applyRules(text: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "rules-"));
  await writeFile(join(folder, "vault.rules"), text);
  await cluster.done(["apply", "-f", folder]);
  await rm(folder, { recursive: true });
}

async function get(name: string, gateway = 0): Promise<Answer> {
  const url = cluster.url(name);
  const address = cluster.gateways[gateway]?.address ?? "";
  return await ask(url, { headers: { cookie: ada.cookie(url), accept: "application/json" }, address });
}

/** The status of an answer; 0 when a request that was under way was cut. */
async function statusOf(name: string, gateway = 0): Promise<number> {
  return await get(name, gateway).then(
    ({ status }) => status,
    () => 0,
  );
}

async function servedAgain(): Promise<void> {
  for (const gateway of cluster.gateways.keys()) {
    await until(
      "the restricted application to be served again",
      async () => (await statusOf("vault", gateway)) === 200,
      60_000,
    );
  }
}

/** Waits until the restricted application is denied for the age of the view, and says how it is said. */
async function denied(): Promise<Answer> {
  return await until(
    "the restricted application to be denied",
    async () => {
      // what was under way at that moment is cut, and says nothing
      const answer = await get("vault").catch(() => undefined);
      return answer === undefined || answer.status === 200 ? undefined : answer;
    },
    WITHIN_MS,
  );
}

function assertStale(answer: Answer): void {
  assert.equal(answer.status, 503, answer.body);
  const problem = JSON.parse(answer.body) as { readonly code: string; readonly detail: string };
  assert.equal(problem.code, "view.stale");
  assert.match(problem.detail, /seconds old, and 10 seconds are allowed/);
  assert.ok(Number(answer.headers["retry-after"]) > 0);
}

test("PostgreSQL is stopped: what must be fresh is denied, writes say why, and all of it comes back", {
  timeout: 240_000,
}, async () => {
  await servedAgain();
  await cluster.postgres.stop();
  const asked = performance.now();
  const write = await askOwner(cluster.controls[0]?.data ?? "", "POST", "people", { name: "nobody" });
  assert.equal(write.status, 503, JSON.stringify(write.value));
  assert.equal((write.value as { code: string }).code, "state.unreachable");
  assert.ok(performance.now() - asked < 15_000, "the answer came late");
  assert.equal((await get("echo")).status, 200, "an internal application goes on");
  assertStale(await denied());
  assert.equal((await get("echo")).status, 200, "an internal application still goes on");

  const stranger = await new SoftwareVisitor({ address: cluster.gateways[0]?.address ?? "" }).open(
    cluster.url("echo"),
  );
  assert.equal(stranger.status, 503, "nobody signs in meanwhile");

  await cluster.postgres.start();
  await servedAgain();
  for (const { data } of cluster.controls) {
    await until("writes to be taken again", async () => {
      const { status } = await askOwner(data, "POST", "people", {
        name: `after-${Math.round(performance.now())}`,
      });
      return status === 200;
    });
  }
  const people = (await cluster.done(["user", "list"])).stdout;
  assert.doesNotMatch(people, /nobody/);
});

test("one control stops answering: its gateways go to the other, and nothing is denied", {
  timeout: 240_000,
}, async () => {
  await servedAgain();
  const [first] = cluster.controls;
  assert.ok(first);
  const load = startLoad({
    requests: 2,
    target: () => ({
      url: cluster.url("echo"),
      address: cluster.gateways[0]?.address ?? "",
      cookie: ada.cookie(cluster.url("echo")),
    }),
  });
  first.program.process.kill("SIGSTOP");
  try {
    // an answer that needs control: the other one gives it
    const newcomer = new SoftwareVisitor({ address: cluster.gateways[0]?.address ?? "" });
    await until(
      "the sign-in page",
      async () => /interaction/.test((await newcomer.open(cluster.url("echo"))).url),
      60_000,
    );
    await until(
      "the restricted application to be fresh",
      async () => (await statusOf("vault")) === 200,
      60_000,
    );
    const through = await askOwner(cluster.controls[1]?.data ?? "", "POST", "people", { name: "meanwhile" });
    assert.equal(through.status, 200);
  } finally {
    first.program.process.kill("SIGCONT");
    await load.stop();
  }
  assert.deepEqual([...load.answers.keys()], [200]);
});

test("all of control is stopped by SIGSTOP: fresh knowledge ends at its bound, and comes back", {
  timeout: 240_000,
}, async () => {
  await servedAgain();
  for (const { program } of cluster.controls) program.process.kill("SIGSTOP");
  try {
    assertStale(await denied());
    assert.equal((await get("echo")).status, 200, "an internal application goes on");
  } finally {
    for (const { program } of cluster.controls) program.process.kill("SIGCONT");
  }
  await servedAgain();
});

test("control nodes restarted in turn under load deny nothing, and people go on signing in", {
  timeout: 240_000,
}, async () => {
  await servedAgain();
  let turn = 0;
  const names = ["echo", "vault"];
  const load = startLoad({
    requests: 4,
    target: () => {
      const url = cluster.url(names[turn++ % 2] ?? "");
      return { url, address: cluster.gateways[turn % 2]?.address ?? "", cookie: ada.cookie(url) };
    },
  });
  let signingIn = true;
  const signIns: number[] = [];
  const refused: string[] = [];
  const people = (async () => {
    while (signingIn) {
      const visitor = ada.anew();
      visitor.address = cluster.gateways[signIns.length % 2]?.address ?? "";
      const answer = await visitor.open(cluster.url("echo"));
      signIns.push(answer.status);
      if (answer.status !== 200)
        refused.push(
          `${answer.status} at ${answer.url}: ${answer.body.replace(/<[^>]*>/g, " ").replace(/\s+/g, " ")}`,
        );
    }
  })();
  try {
    for (let round = 0; round < 2; round++) {
      for (const control of cluster.controls) {
        await control.program.stop();
        await control.restart();
        await until("it to be live", async () =>
          (await cluster.done(["control", "list", "--json"])).stdout.includes(control.name),
        );
      }
    }
  } finally {
    signingIn = false;
    await people;
    await load.stop();
  }
  assert.deepEqual([...load.answers.keys()], [200], JSON.stringify([...load.answers]));
  assert.ok((load.answers.get(200) ?? 0) > 100);
  assert.ok(signIns.length > 3, `${signIns.length} people signed in`);
  assert.deepEqual(refused, [], "somebody could not sign in");
});

test("a gateway whose membership is revoked denies everything at once, and is refused ever after", {
  timeout: 120_000,
}, async () => {
  await servedAgain();
  const lost = await cluster.addGateway("gateway-lost");
  const index = cluster.gateways.indexOf(lost);
  await until("it to serve", async () => (await statusOf("echo", index)) === 200);
  const asked = performance.now();
  await cluster.done(["gateway", "revoke", "gateway-lost"], 1);
  await until("it to deny", async () => (await statusOf("echo", index)) === 503, 10_000);
  assert.ok(performance.now() - asked < 10_000);
  await lost.program.stop();
  await assert.rejects(lost.restart(), /member\.revoked|revoked/);
  assert.equal((await get("echo", 0)).status, 200, "others go on");
});
