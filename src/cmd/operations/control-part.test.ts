import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { manualClock, systemClock, systemIds, systemSchedule } from "#kernel";
import { openStore, type Store } from "#store";
import { type Postgres, startPostgres } from "../../../test/harness/postgres.ts";
import { controlPart } from "./control-part.ts";
import { controlTallies } from "./control-tallies.ts";
import { parseExposition } from "./exposition.test.ts";
import type { Part } from "./part.ts";
import { openMetrics } from "./prometheus.ts";
import { readinessOf } from "./readiness.ts";

const ROOM = mkdtempSync(join(tmpdir(), "control-part-"));
let postgres: Postgres;
before(async () => {
  postgres = await startPostgres();
});
after(async () => {
  await postgres.remove();
  rmSync(ROOM, { recursive: true });
});

async function opened(place: { readonly path: string } | { readonly url: string }): Promise<Store> {
  return await openStore({
    ...place,
    clock: systemClock,
    ids: systemIds,
    schedule: systemSchedule,
    notify: () => undefined,
  });
}

/** The names of the checks that fail. */
async function failing(part: Part): Promise<readonly string[]> {
  const { checks } = await readinessOf(part.checks ?? [], systemClock, 10_000)();
  return checks.filter(({ outcome }) => !outcome.ok).map(({ name }) => name);
}

for (const kind of ["sqlite", "postgres"] as const) {
  test(`control on ${kind} reads and writes, and is measured`, async () => {
    const store = await opened(
      kind === "sqlite" ? { path: join(ROOM, "a.db") } : { url: await postgres.createDatabase() },
    );
    const tallies = controlTallies();
    let listening = false;
    const part = controlPart({ store, tallies, listening: () => listening, clock: systemClock });
    assert.deepEqual(await failing(part), ["listeners"]);
    listening = true;
    assert.deepEqual(await failing(part), []);
    assert.equal((await store.head()).number, 0, "a probe is no change");

    tallies.ingested(3);
    const end = tallies.stream("gateway");
    tallies.stream("gateway");
    end();
    end();
    const follow = tallies.leads("rotation");
    follow();
    tallies.leads("compaction");
    await store.write(async (tx) => {
      tx.record({ kind: "port", key: "a", value: { port: 1 } });
      await Promise.resolve();
    });
    const metrics = await openMetrics([part]);
    const families = parseExposition(await metrics.text());
    const all = [...families.values()].flatMap(({ samples }) => [...samples]);
    const value = (series: string): number | undefined => all.find(([name]) => name === series)?.[1];
    assert.equal(value(`postern_store_up{database="${kind}"}`), 1);
    assert.equal(value("postern_store_head_number{}"), 1);
    assert.equal(value("postern_log_ingested_records_total{}"), 3);
    assert.equal(value('postern_link_streams{role="gateway"}'), 1);
    assert.equal(value('postern_leader{task="rotation"}'), 0);
    assert.equal(value('postern_leader{task="compaction"}'), 1);
    await metrics.close();
    await store.close();
  });
}

test("without its database control is not ready, and with it again it is", async () => {
  const store = await opened({ url: await postgres.createDatabase() });
  const clock = manualClock(0);
  const part = controlPart({ store, tallies: controlTallies(), listening: () => true, clock });
  assert.deepEqual(await failing(part), []);
  await postgres.stop();
  clock.advance(11_000);
  assert.deepEqual(await failing(part), ["database", "database-writes"]);
  const metrics = await openMetrics([part]);
  assert.match(await metrics.text(), /^postern_store_up\{database="postgres"\} 0$/m);
  await metrics.close();
  await postgres.start();
  assert.deepEqual(await failing(part), []);
  await store.close();
});
