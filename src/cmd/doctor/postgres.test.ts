import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import pg from "pg";
import { type Postgres, startPostgres } from "../../../test/harness/postgres.ts";
import { until } from "../../../test/harness/until.ts";
import { fillInstance } from "../backup/backup-rig.test.ts";
import { doctor } from "./patient-rig.test.ts";

const ROOM = mkdtempSync(join(tmpdir(), "doctor-postgres-"));
let postgres: Postgres;
let data: string;
let url: string;
before(async () => {
  postgres = await startPostgres();
  url = await postgres.createDatabase();
  data = mkdtempSync(join(ROOM, "data-"));
  await fillInstance(data, { url }, 5);
  writeFileSync(join(data, "database"), `${url}\n`, { mode: 0o600 });
});
after(async () => {
  await postgres.remove();
  rmSync(ROOM, { recursive: true });
});

/** Changes settings of the server, and waits until they are in force. */
async function settings(values: { readonly [name: string]: string }): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  for (const [name, value] of Object.entries(values))
    await client.query(`alter system set ${name} = ${value}`);
  await client.query("select pg_reload_conf()");
  await until("the settings", async () => {
    const { rows } = await client.query<{ name: string; setting: string }>(
      "select name, setting from pg_settings",
    );
    return Object.entries(values).every(([name, value]) =>
      rows.some((row) => row.name === name && row.setting === value),
    );
  });
  await client.end();
}

test("a PostgreSQL that keeps what it acknowledges has no problem", async () => {
  const report = await doctor(data);
  for (const name of ["database", "postgresql", "master-key", "clock", "log-chain"])
    assert.equal(report.of(name), "", name);
  assert.match(report.stdout, /version 18/);
  assert.doesNotMatch(report.stdout, new RegExp(new URL(url).password));
});

test("one that may lose it is told from it, setting by setting", async () => {
  await settings({ fsync: "off", synchronous_commit: "off", full_page_writes: "off" });
  const report = await doctor(data);
  assert.match(
    report.of("postgresql"),
    /^problem: fsync is off: a power cut can damage the database; alter system/,
  );
  assert.match(report.of("postgresql"), /problem: synchronous_commit is off: a crash can lose a revocation/);
  assert.match(report.of("postgresql"), /problem: full_page_writes is off/);
  await settings({ fsync: "on", synchronous_commit: "on", full_page_writes: "on" });
  assert.equal((await doctor(data)).of("postgresql"), "");
});

test("what keeps control from it is said with what to do", async () => {
  const refusals: readonly (readonly [change: (url: URL) => void, says: RegExp])[] = [
    [
      (to) => (to.password = "wrong"),
      /^problem: the database does not answer \(password .*; give the right name and password/,
    ],
    [(to) => (to.pathname = "/none"), /^problem: .*does not exist.*createdb/],
    [(to) => (to.port = "1"), /^problem: the database does not answer .*; see that PostgreSQL runs/],
    [(to) => (to.pathname = "/postgres"), /^problem: this database holds no Postern/],
  ];
  for (const [change, says] of refusals) {
    const folder = mkdtempSync(join(ROOM, "data-"));
    const to = new URL(url);
    change(to);
    writeFileSync(join(folder, "database"), `${to.href}\n`, { mode: 0o600 });
    const report = await doctor(folder);
    assert.match(report.of("database"), says);
    assert.ok(!report.stdout.includes(to.password), "the password stays unsaid");
    assert.equal(report.of("log-chain"), "", "one broken thing is one problem");
  }
});
