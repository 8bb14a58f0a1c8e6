import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { until } from "../../../test/harness/until.ts";
import { addEvent, notices, numbers, pause, port, queryOf, SHARED, urlOf } from "./rig.test.ts";

const LISTENING = "query like 'listen %' and datname = current_database()";

for (const database of SHARED) {
  describe(`${database.name}: two nodes`, { skip: database.skip }, () => {
    test("hear of each other's changes, events and rows", async () => {
      const place = await database.fresh();
      const [a, b] = [await database.open(place), await database.open(place)];
      const heard = { changes: 0, writes: 0 };
      b.onCommit(() => heard.changes++);
      b.onWrite(() => heard.writes++);
      await a.write(async ({ record }) => record(port("p", 1)));
      await until("the change", () => heard.changes > 0 && heard.writes > 0);
      heard.writes = 0;
      heard.changes = 0;
      await a.write(async (tx) => await addEvent(tx, 1), { concurrent: true });
      await until("the event", () => heard.writes > 0);
      heard.writes = 0;
      await a.write(
        async ({ db }) => await db.insertInto("instance").values({ name: "n", value: "" }).execute(),
      );
      await until("the rows", () => heard.writes > 0);
      assert.equal(heard.changes, 0);
      assert.deepEqual(await a.head(), await b.head());
      await a.close();
      await b.close();
    });

    test("are told once of what they wrote themselves", async () => {
      const place = await database.fresh();
      const [a, b] = [await database.open(place), await database.open(place)];
      let own = 0;
      let other = 0;
      a.onCommit(() => own++);
      b.onCommit(() => other++);
      for (let i = 1; i <= 5; i++) {
        await a.write(async ({ record }) => record(port("p", i)));
        await until("the other hears", () => other >= i);
      }
      await b.write(async ({ record }) => record(port("p", 6)));
      await until("the other's is heard", () => own > 5);
      assert.equal(own, 6, "five of its own, and the other's");
      await a.close();
      await b.close();
    });

    test("changes arrive by asking while no connection listens", async () => {
      const place = await database.fresh();
      const [a, b] = [await database.open(place), await database.open(place)];
      const url = urlOf(place);
      await until("both listen", async () => {
        const rows = await queryOf(url, `select 1 from pg_stat_activity where ${LISTENING}`);
        return rows.length === 2;
      });
      let heard = 0;
      b.onCommit(() => heard++);
      let broken = true;
      const breaking = (async () => {
        while (broken)
          await queryOf(url, `select pg_terminate_backend(pid) from pg_stat_activity where ${LISTENING}`);
      })();
      for (let i = 1; i <= 3; i++) {
        await a.write(async ({ record }) => record(port("p", i)));
        await until("it is heard", () => heard >= i);
      }
      broken = false;
      await breaking;
      await until("both listen again", async () => {
        const rows = await queryOf(url, `select 1 from pg_stat_activity where ${LISTENING}`);
        return rows.length === 2;
      });
      await a.close();
      await b.close();
    });

    test("whoever follows the events misses none, though nodes add them at the same time", async () => {
      const place = await database.fresh();
      const stores = [await database.open(place), await database.open(place)];
      const random = numbers(23);
      let adding = true;
      let next = 0;
      const adders = Array.from({ length: 8 }, async (_, i) => {
        for (let n = 0; n < 25; n++) {
          const [before, after] = [random() * 3, random() * 3];
          await stores[i % 2]?.write(
            async (tx) => {
              await pause(before);
              await addEvent(tx, ++next);
              await pause(after);
            },
            { concurrent: true },
          );
        }
      });
      const seen: number[] = [];
      const follower = (async () => {
        for (;;) {
          const last = !adding;
          const rows =
            (await stores[0]?.db
              .selectFrom("event")
              .select("id")
              .where("id", ">", seen.at(-1) ?? 0)
              .orderBy("id")
              .limit(7)
              .execute()) ?? [];
          seen.push(...rows.map(({ id }) => id));
          if (last && rows.length === 0) return;
        }
      })();
      await Promise.all(adders);
      adding = false;
      await follower;
      assert.equal(seen.length, 200);
      for (const store of stores) await store.close();
    });

    test("a new epoch is everybody's, and who comes from the old one takes a snapshot", async () => {
      const place = await database.fresh();
      const [a, b] = [await database.open(place), await database.open(place)];
      let heard = 0;
      b.onCommit(() => heard++);
      await a.write(async ({ record }) => record(port("p", 1)));
      await until("the change is heard", () => heard > 0);
      const before = await b.head();
      heard = 0;
      await a.startEpoch("a test wants it");
      await until("it is heard", () => heard > 0);
      const after = await b.head();
      assert.notEqual(after.epoch, before.epoch);
      assert.equal(after.number, before.number);
      assert.equal(await b.changesAfter(before, 10), undefined);
      assert.equal(await b.changesAfter({ epoch: after.epoch, number: 0 }, 10), undefined);
      assert.deepEqual(await b.changesAfter(after, 10), []);
      const { number } = await b.write(async ({ record }) => record(port("q", 2)));
      assert.deepEqual(
        (await a.changesAfter(after, 10))?.map((change) => [change.epoch, change.number]),
        [[after.epoch, number]],
      );
      assert.ok(notices.some((message) => message.includes("a test wants it")));
      await a.close();
      await b.close();
    });

    test("a log that was set back below them begins a new epoch, whoever comes first", async () => {
      for (const first of ["reader", "writer"] as const) {
        const place = await database.fresh();
        const store = await database.open(place);
        for (let i = 0; i < 5; i++) await store.write(async ({ record }) => record(port("p", i)));
        const before = await store.head();
        await queryOf(urlOf(place), "update counter set number = 2; delete from change where number > 2");
        if (first === "writer") {
          const { number } = await store.write(async ({ record }) => record(port("p", 9)));
          assert.equal(number, 3);
        } else assert.equal(await store.changesAfter(before, 10), undefined);
        const after = await store.head();
        assert.notEqual(after.epoch, before.epoch, first);
        assert.equal(await store.changesAfter({ epoch: before.epoch, number: 2 }, 10), undefined);
        assert.deepEqual(await store.changesAfter(after, 10), []);
        await store.close();
      }
    });

    test("a write sees what the one before it did, whatever isolation the database has for its default", async () => {
      const place = await database.fresh();
      const url = urlOf(place);
      const name = new URL(url).pathname.slice(1);
      await queryOf(url, `alter database ${name} set default_transaction_isolation = 'repeatable read'`);
      const stores = [await database.open(place), await database.open(place)];
      await Promise.all(
        Array.from({ length: 20 }, async (_, i) => {
          await stores[i % 2]?.write(async ({ db }) => {
            const rows = await db.selectFrom("instance").select("name").execute();
            await pause(2);
            await db
              .insertInto("instance")
              .values({ name: `${i}`, value: String(rows.length) })
              .execute();
          });
        }),
      );
      const rows = (await stores[0]?.db.selectFrom("instance").select("value").execute()) ?? [];
      assert.deepEqual(
        rows.map(({ value }) => Number(value)).sort((a, b) => a - b),
        Array.from({ length: 20 }, (_, i) => i),
      );
      for (const store of stores) await store.close();
    });

    test("text that PostgreSQL cannot hold is said to be so", async () => {
      const store = await database.open();
      const query = store.db.selectFrom("instance").selectAll().where("name", "=", "a\0b");
      await assert.rejects(query.execute(), { code: "input.invalid" });
      await assert.rejects(
        store.write(
          async ({ db }) => await db.insertInto("instance").values({ name: "n", value: "\0" }).execute(),
        ),
        { code: "input.invalid" },
      );
      assert.equal((await store.head()).number, 0);
      await store.close();
    });

    test("opening an empty database at the same time makes it once", async () => {
      const place = await database.fresh();
      const stores = await Promise.all(Array.from({ length: 4 }, async () => await database.open(place)));
      const heads = await Promise.all(stores.map(async (store) => await store.head()));
      assert.equal(new Set(heads.map(({ epoch }) => epoch)).size, 1);
      for (const store of stores) await store.close();
    });
  });
}
