/** One machine that outgrows SQLite: its state moves to PostgreSQL while people use it, and nobody enrols or signs in again. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Instance, startInstance } from "./harness/instance.ts";
import { startLoad } from "./harness/load.ts";
import { type Postgres, startPostgres } from "./harness/postgres.ts";
import { until } from "./harness/until.ts";
import { startUpstream, type Upstream } from "./harness/upstream.ts";
import { SoftwareVisitor } from "./harness/visitor.ts";

let postgres: Postgres;
let upstream: Upstream;

before(async () => {
  postgres = await startPostgres();
  upstream = await startUpstream();
});
after(async () => {
  await upstream?.close();
  await postgres?.remove();
});

async function withEcho(instance: Instance): Promise<SoftwareVisitor> {
  const ada = new SoftwareVisitor();
  await ada.enrol(String(instance.ready.setup), "ada");
  const added = await instance.postern("app", "add", "echo", upstream.url, "--classification", "internal");
  assert.equal(added.code, 0, added.stderr);
  assert.equal((await ada.open(instance.url("echo"))).status, 200);
  return ada;
}

test("a running instance moves to PostgreSQL under load: requests go on, sessions and passkeys stay", {
  timeout: 180_000,
}, async () => {
  let instance = await startInstance({ flags: ["--no-demo"] });
  try {
    const ada = await withEcho(instance);
    const url = instance.url("echo");
    const load = startLoad({
      requests: 3,
      target: () => ({ url, address: "127.0.0.1", cookie: ada.cookie(url) }),
    });
    const moved = await instance.postern("db", "migrate-to", await postgres.createDatabase(), "--json");
    assert.equal(moved.code, 0, moved.stderr);
    assert.doesNotMatch(moved.stdout, new RegExp(new URL(postgres.url("x")).password));
    await until("the instance to work on PostgreSQL", async () =>
      /PostgreSQL/.test((await instance.postern("db", "status")).stdout),
    );
    const before = load.answers.get(200) ?? 0;
    await until("requests to go on", () => (load.answers.get(200) ?? 0) > before + 20);
    await load.stop();
    assert.deepEqual([...load.answers.keys()], [200], JSON.stringify([...load.answers]));

    // the cookie of before still opens, and the passkey of before signs in a browser that knows nothing
    assert.equal((await ada.send(url)).status, 200);
    const elsewhere = ada.anew();
    assert.equal((await elsewhere.open(url)).status, 200);
    assert.match((await instance.postern("user", "list")).stdout, /ada/);

    const again = await instance.postern("db", "migrate-to", postgres.url("postgres"));
    assert.equal(again.code, 1);
    assert.match(again.stderr, /in PostgreSQL already/);

    // a later start without a flag stays where the state is
    const { data, port } = instance;
    await instance.stop();
    instance = await startInstance({ data, port, flags: ["--no-demo"] });
    assert.equal(instance.ready.setup, undefined, "it has an administrator");
    assert.equal((await ada.send(url)).status, 200);
  } finally {
    await instance.remove();
  }
});

test("an instance begins on PostgreSQL, and a folder with state in SQLite does not begin anew there", {
  timeout: 120_000,
}, async () => {
  const database = await postgres.createDatabase();
  const instance = await startInstance({ flags: ["--no-demo"], env: { POSTERN_DATABASE: database } });
  try {
    await withEcho(instance);
    assert.match((await instance.postern("db", "status")).stdout, /PostgreSQL 18/);
  } finally {
    await instance.remove();
  }
  const other = await startInstance({ flags: ["--no-demo"] });
  try {
    await other.stop();
    const { data, port } = other;
    await assert.rejects(
      startInstance({ data, port, env: { POSTERN_DATABASE: database } }),
      /the state of this data folder is in SQLite/,
    );
  } finally {
    await other.remove();
  }
});
