/**
 * `kill -9` at random points under load. Whatever dies whenever: no write that control acknowledged is lost, and every
 * request that reached an application has an allow record from before it got there. `POSTERN_KILLS` says how many kills
 * (25 unless told otherwise, over both deployments together), `POSTERN_SEED` repeats a run.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import pg from "pg";
import { type Cluster, startCluster } from "./harness/cluster.ts";
import { ask } from "./harness/http.ts";
import { type Instance, startInstance } from "./harness/instance.ts";
import { type Load, startLoad } from "./harness/load.ts";
import { askOwner } from "./harness/owner.ts";
import { freshSeed, randomFrom } from "./harness/random.ts";
import { until } from "./harness/until.ts";
import { startUpstream, type Upstream } from "./harness/upstream.ts";
import { SoftwareVisitor } from "./harness/visitor.ts";

const KILLS = Number(process.env["POSTERN_KILLS"] ?? 25);
const HALF = Math.ceil(KILLS / 2);
const TIMEOUT = 120_000 + KILLS * 8_000;
const seed = freshSeed();
const random = randomFrom(seed);
console.log(`seed ${seed}: repeat with POSTERN_SEED=${seed} POSTERN_KILLS=${KILLS}`);

/** What the log holds of one decision. */
interface Recorded {
  readonly time: number;
  readonly effect: string;
  readonly body: string;
}

/** What died, and waits until it is there again. */
type Kill = () => Promise<string>;

async function killAgainAndAgain(count: number, kills: readonly Kill[], load: Load): Promise<void> {
  for (let i = 0; i < count; i++) {
    await new Promise((resolve) => setTimeout(resolve, 50 + random() * 700));
    const kill = kills[Math.floor(random() * kills.length)];
    assert.ok(kill !== undefined);
    const before = load.answers.get(200) ?? 0;
    const what = await kill();
    await until(
      `requests to be served again after ${what} was killed`,
      () => (load.answers.get(200) ?? 0) > before,
    );
  }
}

/** Every request that the application saw has an allow record that was made before. */
function checkRecords(upstream: Upstream, recorded: readonly Recorded[]): void {
  const allowed = new Map<string, number>();
  for (const { time, effect, body } of recorded) {
    const id = /\/load\/(r\d+)\b/.exec(body)?.[1];
    if (id !== undefined && effect === "allow") allowed.set(id, time);
  }
  const reached = upstream.seen.flatMap(({ url, at }) => {
    const id = /^\/load\/(r\d+)$/.exec(url)?.[1];
    return id === undefined ? [] : [{ id, at }];
  });
  assert.ok(reached.length > 0, "no request reached the application");
  for (const { id, at } of reached) {
    const time = allowed.get(id);
    assert.ok(time !== undefined, `${id} reached the application without an allow record (seed ${seed})`);
    assert.ok(
      time <= at,
      `${id} was recorded ${time - at} ms after it reached the application (seed ${seed})`,
    );
  }
  console.log(`${reached.length} requests reached the application, each recorded before`);
}

function checkWrites(load: Load, names: ReadonlySet<string>): void {
  assert.ok(load.acknowledged.length > 0, "no write was acknowledged");
  const lost = load.acknowledged.filter((id) => !names.has(id));
  assert.deepEqual(lost, [], `acknowledged writes were lost (seed ${seed})`);
  console.log(`${load.acknowledged.length} acknowledged writes, all there`);
}

/** Waits until everything that was spooled rests in the log: the last allowed request does. */
async function settled(
  url: string,
  address: string,
  cookie: string,
  has: () => Promise<boolean>,
): Promise<void> {
  const answer = await ask(url, { headers: { cookie }, address });
  assert.equal(answer.status, 200);
  await until("the log to hold the last request", has, 60_000);
}

test(`one machine on SQLite: ${HALF} kills under load`, { timeout: TIMEOUT }, async () => {
  const upstream = await startUpstream();
  let instance: Instance = await startInstance({ flags: ["--no-demo"] });
  try {
    const ada = new SoftwareVisitor();
    await ada.enrol(String(instance.ready.setup), "ada");
    const added = await instance.postern("app", "add", "echo", upstream.url, "--classification", "internal");
    assert.equal(added.code, 0, added.stderr);
    await ada.open(instance.url("echo"));
    const cookie = ada.cookie(instance.url("echo"));
    const load = startLoad({
      requests: 6,
      target: (id) => ({ url: instance.url("echo", `/load/${id}`), address: "127.0.0.1", cookie }),
      write: async (name) => (await askOwner(instance.data, "POST", "people", { name })).status === 200,
    });

    const killRole = (role: string): Kill => {
      return async () => {
        const from = instance.lines.length;
        const started = instance.lines.findLast(
          (line) => line.event === "child-started" && line["role"] === role,
        );
        process.kill(Number(started?.["pid"]), "SIGKILL");
        await instance.line((line) => line.event === "child-ready" && line["role"] === role, from);
        return role;
      };
    };
    const killAll: Kill = async () => {
      const { data, port } = instance;
      const pids = ["control", "gateway", "agent"].map((role) =>
        Number(
          instance.lines.findLast((line) => line.event === "child-started" && line["role"] === role)?.["pid"],
        ),
      );
      await instance.kill();
      for (const pid of pids) killIfThere(pid);
      await until("the children to be gone", () => pids.every(isGone));
      instance = await startInstance({ data, port, flags: ["--no-demo"] });
      return "everything";
    };
    await killAgainAndAgain(
      HALF,
      [killRole("control"), killRole("gateway"), killRole("agent"), killAll],
      load,
    );
    await load.stop();

    const read = <T>(query: string): T[] => {
      const database = new DatabaseSync(join(instance.data, "postern.db"), { readOnly: true });
      try {
        return database.prepare(query).all() as T[];
      } finally {
        database.close();
      }
    };
    await settled(instance.url("echo", "/load/last"), "127.0.0.1", cookie, async () =>
      Promise.resolve(
        read("select id from event where kind = 'completion' and body like '%/load/last%'").length > 0,
      ),
    );
    checkRecords(upstream, read<Recorded>("select time, effect, body from event where kind = 'decision'"));
    checkWrites(load, new Set(read<{ name: string }>(`select name from "user"`).map(({ name }) => name)));
  } finally {
    await instance.remove();
    await upstream.close();
  }
});

test(`two control nodes and two gateways on PostgreSQL: ${KILLS - HALF} kills under load`, {
  timeout: TIMEOUT,
}, async () => {
  const upstream = await startUpstream();
  const cluster = await startCluster({ controls: 2, gateways: 2 });
  try {
    const ada = await cluster.person("ada");
    await cluster.done(["app", "add", "echo", upstream.url, "--classification", "internal"]);
    await ada.open(cluster.url("echo"));
    const cookie = ada.cookie(cluster.url("echo"));
    let turn = 0;
    const load = startLoad({
      requests: 6,
      target: (id) => ({
        url: cluster.url("echo", `/load/${id}`),
        address: cluster.gateways[turn++ % 2]?.address ?? "",
        cookie,
      }),
      write: async (name) => {
        const control = cluster.controls[turn % 2];
        return (await askOwner(control?.data ?? "", "POST", "people", { name })).status === 200;
      },
    });
    const kills: Kill[] = [...cluster.controls, ...cluster.gateways].map((part) => async () => {
      await part.program.kill();
      await part.restart();
      return part.name;
    });
    kills.push(async () => {
      await cluster.postgres.kill();
      await cluster.postgres.start();
      return "PostgreSQL";
    });
    await killAgainAndAgain(KILLS - HALF, kills, load);
    await load.stop();

    const recorded = async (): Promise<{ readonly recorded: Recorded[]; readonly names: Set<string> }> =>
      await fromPostgres(cluster);
    for (const { address } of cluster.gateways) {
      await settled(
        cluster.url("echo", `/load/last-${address}`),
        address,
        cookie,
        async () => (await fromPostgres(cluster, `%/load/last-${address}%`)).completions > 0,
      );
    }
    const { recorded: all, names } = await recorded();
    checkRecords(upstream, all);
    checkWrites(load, names);
  } finally {
    await cluster.remove();
    await upstream.close();
  }
});

async function fromPostgres(
  cluster: Cluster,
  like = "",
): Promise<{ readonly recorded: Recorded[]; readonly names: Set<string>; readonly completions: number }> {
  const client = new pg.Client({ connectionString: cluster.databaseUrl });
  await client.connect();
  try {
    const decisions = await client.query<Recorded>(
      "select time::float8, effect, body from event where kind = 'decision'",
    );
    const people = await client.query<{ name: string }>(`select name from "user"`);
    const completions = await client.query(
      "select id from event where kind = 'completion' and body like $1",
      [like],
    );
    return {
      recorded: decisions.rows,
      names: new Set(people.rows.map(({ name }) => name)),
      completions: completions.rows.length,
    };
  } finally {
    await client.end();
  }
}

function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch {
    return true;
  }
}

function killIfThere(pid: number): void {
  if (!isGone(pid)) process.kill(pid, "SIGKILL");
}
