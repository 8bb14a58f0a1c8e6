import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { manualClock, systemIds, systemSchedule } from "#kernel";
import { openStore } from "#store";
import { forgetConnections, trackComponents } from "./components.ts";

const GATEWAY = { role: "gateway", name: "local", boot: "boot_1", version: "1.0.0" } as const;

test("a process is connected while any of its streams is, and not connected since the last one ended", async () => {
  const folder = await mkdtemp(join(tmpdir(), "components-"));
  const clock = manualClock(1_000);
  const store = await openStore({
    path: join(folder, "a.db"),
    clock,
    ids: systemIds,
    schedule: systemSchedule,
    notify: () => undefined,
  });
  const track = trackComponents(clock);
  const note = async (state: "connected" | "disconnected"): Promise<number | null | undefined> => {
    clock.advance(10);
    await store.write(async (tx) => await track(tx, GATEWAY, state));
    return (await store.db.selectFrom("component").select("connected_since").executeTakeFirst())
      ?.connected_since;
  };
  assert.equal(await note("connected"), 1_010);
  // it connected again before its old stream was found dead
  assert.equal(await note("connected"), 1_020);
  assert.equal(await note("disconnected"), 1_020);
  assert.equal(await note("disconnected"), null);
  assert.equal(await note("connected"), 1_050);
  await store.write(async (tx) => await forgetConnections(tx));
  const row = await store.db.selectFrom("component").selectAll().executeTakeFirstOrThrow();
  assert.deepEqual([row.connected_since, row.last_seen_at], [null, 1_050]);
  await store.close();
  await rm(folder, { recursive: true });
});
