import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, test } from "node:test";
import type { PortState } from "#link";
import {
  at,
  DATABASES,
  fold,
  freshPath,
  numbers,
  open as openFile,
  pause,
  port,
  sorted,
} from "./rig.test.ts";

for (const database of DATABASES) {
  const { open, fresh } = database;

  describe(`${database.name}: the change log`, { skip: database.skip }, () => {
    test("a snapshot taken while others write, and the changes after it, add up to the state", async () => {
      const store = await open();
      const random = numbers(11);
      let writing = true;
      const writer = (async () => {
        for (let i = 0; i < 200; i++) {
          await store.write(async ({ record }) => {
            record(port(`p${Math.floor(random() * 20)}`, random() < 0.3 ? null : i));
            await pause(0);
          });
        }
        writing = false;
      })();
      const snapshots = [];
      while (writing) {
        snapshots.push(await store.snapshot());
        await pause(0);
      }
      await writer;
      const final = sorted(fold([await store.snapshot()]));
      assert.ok(snapshots.length > 3);
      for (const snapshot of snapshots) {
        const rest = await store.changesAfter(await at(store, snapshot.number), 1_000);
        assert.ok(rest !== undefined);
        assert.deepEqual(sorted(fold([snapshot, ...rest])), final);
      }
      await store.close();
    });

    test("reading the changes while others write never takes a commit in between for a hole", async () => {
      const store = await open();
      let writing = true;
      const writer = (async () => {
        for (let i = 0; i < 200; i++) {
          await store.write(async ({ record }) => record(port("p", i)));
          if (i % 7 === 0) await pause(0);
        }
        writing = false;
      })();
      let reached = 0;
      while (writing) {
        const changes = await store.changesAfter(await at(store, reached), 3);
        assert.ok(changes !== undefined);
        for (const { number } of changes) assert.equal(number, ++reached);
        await pause(0);
      }
      await writer;
      await store.close();
    });

    test("a reader that is too far behind, or ahead, is told that only a snapshot helps", async () => {
      const store = await open();
      for (let i = 0; i < 3; i++) await store.write(async ({ record }) => record(port("p", i)));
      assert.deepEqual(await store.changesAfter(await at(store, 3), 10), []);
      assert.equal(await store.changesAfter(await at(store, 4), 10), undefined);
      await store.write(async ({ db }) => await db.deleteFrom("change").where("number", "<=", 2).execute());
      assert.equal(await store.changesAfter(await at(store, 1), 10), undefined);
      assert.equal((await store.changesAfter(await at(store, 2), 10))?.length, 1);
      await store.close();
    });

    test("keeps the last 10,000 changes", async () => {
      const store = await open();
      await store.write(async ({ db }) => {
        for (let from = 1; from < 10_999; from += 1_000) {
          const rows = Array.from({ length: Math.min(1_000, 10_999 - from + 1) }, (_, i) => ({
            number: from + i,
            at: 0,
            entities: "[]",
          }));
          await db.insertInto("change").values(rows).execute();
        }
        await db.updateTable("counter").set({ number: 10_999 }).execute();
      });
      assert.equal((await store.changesAfter(await at(store, 0), 1))?.[0]?.number, 1);
      const { number } = await store.write(async ({ record }) => record(port("p", 1)));
      assert.equal(number, 11_000);
      assert.equal(await store.changesAfter(await at(store, 999), 1), undefined);
      assert.equal((await store.changesAfter(await at(store, 1_000), 20_000))?.length, 10_000);
      await store.close();
    });

    test("keeps its epoch and its numbers over a restart", async () => {
      const path = await fresh();
      const before = await open(path);
      await before.write(async ({ record }) => record(port("p", 1)));
      const { epoch } = await before.head();
      await before.close();
      const again = await open(path);
      assert.equal((await again.head()).epoch, epoch);
      const { number } = await again.write(async ({ record }) => record(port("q", 2)));
      assert.equal(number, 2);
      assert.deepEqual(sorted(fold([await again.snapshot()])), [
        ["port p", { port: 1 }],
        ["port q", { port: 2 }],
      ]);
      await again.close();
    });
  });
}

/** A process that writes, and prints each number once it is acknowledged. */
const WRITES_UNTIL_KILLED = `
import { writeSync } from "node:fs";
import { openStore } from ${JSON.stringify(import.meta.resolve("./index.ts"))};
import { systemClock, systemIds, systemSchedule } from ${JSON.stringify(import.meta.resolve("#kernel"))};
const store = await openStore({ path: process.argv[1], clock: systemClock, ids: systemIds, schedule: systemSchedule, notify: () => undefined });
for (let next = 1; ; next++) {
  const { number } = await store.write(async ({ record }) =>
    record({ kind: "port", key: "p" + next, value: { port: next } }));
  writeSync(1, number + "\\n");
}`;

test("kill -9 while writing loses no acknowledged write", async () => {
  const path = freshPath();
  const child = spawn(
    process.execPath,
    ["--conditions=development", "--input-type=module", "--eval", WRITES_UNTIL_KILLED, path],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  let text = "";
  child.stdout.setEncoding("utf8");
  child.stdout.on("data", (chunk: string) => {
    text += chunk;
    if (text.length > 500) child.kill("SIGKILL");
  });
  const [, signal] = await once(child, "close");
  assert.equal(signal, "SIGKILL");
  const acknowledged = text.split("\n").slice(0, -1).map(Number);
  assert.ok(acknowledged.length > 50);

  const store = await openFile(path);
  const head = (await store.head()).number;
  assert.ok(head >= Math.max(...acknowledged));
  const changes = (await store.changesAfter(await at(store, 0), 100_000)) ?? [];
  assert.deepEqual(
    changes.map(({ number }) => number),
    Array.from({ length: head }, (_, i) => i + 1),
  );
  const state = fold([await store.snapshot()]);
  for (const number of acknowledged)
    assert.deepEqual(state.get(`port p${number}`), { port: number } satisfies PortState);
  await store.close();
});
