/** What the log says differently to PostgreSQL: searching, counting, and following what another node takes. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { systemClock, systemIds, systemSchedule } from "#kernel";
import { type EventLog, openLog } from "#log";
import { type DatabasePlace, openStore } from "#store";
import { type Postgres, startPostgres } from "../../../test/harness/postgres.ts";
import { until } from "../../../test/harness/until.ts";
import { CONTROL, chain, decided, NOW, testLog } from "./log-rig.test.ts";

let server: Postgres;
let place: DatabasePlace;
before(async () => {
  server = await startPostgres();
});
const at = testLog(async () => {
  place = { url: await server.createDatabase() };
  return place;
});
after(async () => await server.remove());

test("a search is text, not a pattern, and finds whatever the case", async () => {
  await at.log.ingest(
    chain([
      decided("dec_1", "allow", "ada", "wiki", "/100%25"),
      decided("dec_2", "deny", "bob", "payroll", "/a_b"),
      decided("dec_3", "deny", "ada", "payroll", "/AxB"),
    ]),
  );
  const ids = async (query: Parameters<EventLog["decisions"]>[0]): Promise<string[]> =>
    (await at.log.decisions(query)).items.map((item) => item.id);
  assert.deepEqual(await ids({ search: "a_b" }), ["dec_2"]);
  assert.deepEqual(await ids({ search: "axb" }), ["dec_3"]);
  assert.deepEqual(await ids({ search: "BOB" }), ["dec_2"]);
  assert.deepEqual(await ids({ search: "%" }), ["dec_1"]);
  assert.deepEqual(await ids({ search: "\\" }), []);
  assert.deepEqual(await ids({ search: "' or 1=1 --" }), []);
  assert.deepEqual(await ids({ effect: "deny", limit: 1 }), ["dec_3"]);
});

test("counts by the hour", async () => {
  await at.log.ingest(
    chain([
      decided("dec_1", "allow", "ada", "wiki"),
      decided("dec_2", "deny", "ada", "wiki"),
      decided("dec_3", "deny", "ada", "wiki", "/", NOW + 3_600_000),
    ]),
  );
  const hour = NOW - (NOW % 3_600_000);
  assert.deepEqual(await at.log.hourly(NOW), [
    { from: hour, allowed: 1, denied: 1 },
    { from: hour + 3_600_000, allowed: 0, denied: 1 },
  ]);
});

test("one batch that reaches two nodes is taken once, and a follower on either hears all", async () => {
  const store = await openStore({
    ...place,
    clock: systemClock,
    ids: systemIds,
    schedule: systemSchedule,
    notify: () => undefined,
  });
  try {
    const other = await openLog({ store, origin: CONTROL, boot: "boot_d", clock: systemClock });
    const seen: number[] = [];
    other.follow(0, ({ id }) => void seen.push(id));
    const records = chain(Array.from({ length: 40 }, (_, i) => decided(`dec_${i}`, "allow", "ada", "wiki")));
    for (let from = 0; from < 40; from += 10) {
      const batch = records.slice(from, from + 10);
      await Promise.all([at.log, other, at.log, other].map(async (log) => await log.ingest(batch)));
    }
    await until("the follower has all", () => seen.length >= 40);
    const events = await at.log.events({ after: 0, limit: 200 });
    assert.equal(events.length, 40, "no gap and no break was noted");
    assert.deepEqual(
      seen,
      events.map(({ id }) => id),
    );
  } finally {
    await store.close();
  }
});
