import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { at, DATABASES, fold, pause, port, sorted } from "./rig.test.ts";

for (const database of DATABASES) {
  const { open } = database;

  describe(`${database.name}: a write`, { skip: database.skip }, () => {
    test("commits its rows, its change and its number together", async () => {
      const store = await open();
      const { value, number } = await store.write(async ({ db, record }) => {
        await db.insertInto("instance").values({ name: "id", value: "ins_1" }).execute();
        record(port("wiki", 7402));
        return "done";
      });
      assert.equal(value, "done");
      assert.equal(number, 1);
      assert.equal((await store.head()).number, 1);
      assert.deepEqual((await store.snapshot()).entities, [port("wiki", 7402)]);
      assert.deepEqual(await store.changesAfter(await at(store, 0), 10), [
        { type: "change", epoch: (await store.head()).epoch, number: 1, entities: [port("wiki", 7402)] },
      ]);
      await store.close();
    });

    test("that throws leaves nothing: no row, no change, no number, no word to listeners", async () => {
      const store = await open();
      let heard = 0;
      store.onCommit(() => heard++);
      await assert.rejects(
        store.write(async ({ db, record }) => {
          await db.insertInto("instance").values({ name: "id", value: "ins_1" }).execute();
          record(port("wiki", 7402));
          throw new Error("changed its mind");
        }),
        /changed its mind/,
      );
      assert.equal((await store.head()).number, 0);
      assert.deepEqual((await store.snapshot()).entities, []);
      assert.deepEqual(await store.db.selectFrom("instance").selectAll().execute(), []);
      await store.write(async ({ record }) => record(port("wiki", 7402)));
      assert.equal((await store.head()).number, 1, "the number of the one that failed is not lost");
      assert.ok(heard >= 1);
      await store.close();
    });

    test("that records nothing takes no number", async () => {
      const store = await open();
      await store.write(async ({ record }) => record(port("wiki", 7402)));
      const { number } = await store.write(
        async ({ db }) => await db.insertInto("instance").values({ name: "a", value: "b" }).execute(),
      );
      assert.equal(number, 1);
      assert.equal((await store.head()).number, 1);
      await store.close();
    });

    test("is not seen by readers before it commits", async () => {
      const store = await open();
      await store.write(async ({ db, record }) => {
        await db.insertInto("instance").values({ name: "id", value: "ins_1" }).execute();
        record(port("wiki", 7402));
        assert.deepEqual(await store.db.selectFrom("instance").selectAll().execute(), []);
        assert.equal((await store.snapshot()).number, 0);
      });
      assert.equal((await store.db.selectFrom("instance").selectAll().execute()).length, 1);
      await store.close();
    });

    test("tells those who wait for its commit, in order, and nobody when it fails", async () => {
      const store = await open();
      const heard: string[] = [];
      await store.write(async ({ afterCommit }) => {
        afterCommit(() => heard.push("first"));
        await store.write(async (joined) => joined.afterCommit(() => heard.push("joined")));
        await assert.rejects(
          store.write(async (failed) => {
            failed.afterCommit(() => heard.push("failed"));
            throw new Error("no");
          }),
        );
        assert.deepEqual(heard, []);
      });
      await assert.rejects(
        store.write(async ({ afterCommit }) => {
          afterCommit(() => heard.push("never"));
          throw new Error("no");
        }),
      );
      await pause(0);
      assert.deepEqual(heard, ["first", "joined"]);
      await store.close();
    });

    test("tells apart who waits for changes from who waits for any write", async () => {
      const store = await open();
      const heard: string[] = [];
      const stop = store.onCommit(() => heard.push("change"));
      const stopWrite = store.onWrite(() => heard.push("write"));
      await store.write(async ({ db }) => {
        await db.insertInto("instance").values({ name: "a", value: "b" }).execute();
      });
      await pause(0);
      // on PostgreSQL its own commits may be heard a second time, as those of other nodes are
      assert.equal(heard.includes("change"), false, heard.join());
      assert.ok(heard.includes("write"));
      const earlier = heard.length;
      await store.write(async ({ record }) => record(port("p", 1)));
      await pause(0);
      const later = heard.slice(earlier);
      assert.ok(later.includes("change") && later.includes("write"), later.join());
      stop();
      stopWrite();
      const before = heard.length;
      await store.write(async ({ record }) => record(port("p", 2)));
      await pause(0);
      assert.equal(heard.length, before);
      await store.close();
    });

    test("a listener that fails does not make a committed write look failed", async () => {
      const store = await open();
      const thrown: unknown[] = [];
      const onError = (error: unknown): void => void thrown.push(error);
      process.setUncaughtExceptionCaptureCallback(onError);
      try {
        store.onCommit(() => {
          throw new Error("a bug in a listener");
        });
        const { number } = await store.write(async ({ record }) => record(port("wiki", 1)));
        assert.equal(number, 1);
        await pause(0);
      } finally {
        process.setUncaughtExceptionCaptureCallback(null);
      }
      assert.match(String(thrown[0]), /a bug in a listener/);
      await store.close();
    });

    test("the reading connection cannot write", async () => {
      const store = await open();
      await assert.rejects(
        store.db.insertInto("instance").values({ name: "id", value: "x" }).execute(),
        /readonly|read-only/,
      );
      await store.close();
    });
  });

  describe(`${database.name}: a write inside a write`, { skip: database.skip }, () => {
    test("joins it: one commit, one number", async () => {
      const store = await open();
      const { number, value } = await store.write(async ({ record }) => {
        record(port("a", 1));
        const inner = await store.write(async (tx) => {
          tx.record(port("b", 2));
          await tx.db.insertInto("instance").values({ name: "id", value: "x" }).execute();
        });
        assert.deepEqual((await store.snapshot()).entities, []);
        return inner.number;
      });
      assert.equal(number, 1);
      assert.equal(value, 1, "the inner one names the number that both commit as");
      assert.deepEqual((await store.changesAfter(await at(store, 0), 9))?.[0]?.entities, [
        port("a", 1),
        port("b", 2),
      ]);
      await store.close();
    });

    test("falls with the outer one", async () => {
      const store = await open();
      await assert.rejects(
        store.write(async () => {
          await store.write(async ({ record }) => record(port("b", 2)));
          throw new Error("outer");
        }),
        /outer/,
      );
      assert.equal((await store.head()).number, 0);
      await store.close();
    });

    test("that fails takes only its own away when the outer one goes on", async () => {
      const store = await open();
      await store.write(async ({ db, record }) => {
        record(port("kept", 1));
        await db.insertInto("instance").values({ name: "kept", value: "1" }).execute();
        await assert.rejects(
          store.write(async (tx) => {
            tx.record(port("lost", 2));
            await tx.db.insertInto("instance").values({ name: "lost", value: "1" }).execute();
            await store.write(async (deep) => deep.record(port("lost too", 3)));
            throw new Error("inner");
          }),
          /inner/,
        );
      });
      assert.deepEqual((await store.snapshot()).entities, [port("kept", 1)]);
      const rows = await store.db.selectFrom("instance").select("name").execute();
      assert.deepEqual(
        rows.map(({ name }) => name),
        ["kept"],
      );
      await store.close();
    });

    test("several at once take turns, and one that fails takes nothing of the others", async () => {
      const store = await open();
      await store.write(async () => {
        const outcomes = await Promise.allSettled(
          [1, 2, 3, 4].map(
            async (n) =>
              await store.write(async ({ db, record }) => {
                record(port(`p${n}`, n));
                await db
                  .insertInto("instance")
                  .values({ name: `n${n}`, value: "" })
                  .execute();
                await pause(n % 2);
                if (n === 2) throw new Error("two");
              }),
          ),
        );
        assert.deepEqual(
          outcomes.map(({ status }) => status),
          ["fulfilled", "rejected", "fulfilled", "fulfilled"],
        );
      });
      const names = await store.db.selectFrom("instance").select("name").orderBy("name").execute();
      assert.deepEqual(
        names.map(({ name }) => name),
        ["n1", "n3", "n4"],
      );
      assert.deepEqual(sorted(fold([await store.snapshot()])).length, 3);
      await store.close();
    });

    test("what a write left running has a transaction of its own", async () => {
      const store = await open();
      let left: Promise<unknown> = Promise.resolve();
      await store.write(async ({ record }) => {
        record(port("a", 1));
        left = pause(5).then(async () => await store.write(async (tx) => tx.record(port("b", 2))));
      });
      await left;
      assert.equal((await store.head()).number, 2);
      await store.close();
    });
  });
}
