import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Position } from "#link";
import { freshSeed } from "../../../test/harness/random.ts";
import type { Store } from "./index.ts";
import { DATABASES, fold, numbers, pause, port, sorted } from "./rig.test.ts";

const WRITERS = 32;
const WRITES = 12;
const READERS = 4;

/** What a reader holds that has applied the log up to a place. */
interface View {
  position: Position;
  held: Map<string, unknown>;
}

/** Starts as an enforcement point does that knows nothing. */
async function begin(store: Store): Promise<View> {
  const snapshot = await store.snapshot();
  return { position: { epoch: snapshot.epoch, number: snapshot.number }, held: fold([snapshot]) };
}

/** The state of the database at the number that the view has reached, or undefined when it has gone on meanwhile. */
async function stateAt(store: Store, { position }: View): Promise<Map<string, unknown> | undefined> {
  const snapshot = await store.snapshot();
  return snapshot.number === position.number ? fold([snapshot]) : undefined;
}

for (const database of DATABASES) {
  describe(`${database.name}: under load`, { skip: database.skip }, () => {
    test("32 concurrent writers with delays and rollbacks, and readers that restart: the view equals the state at every step", async (t) => {
      const seed = freshSeed();
      t.diagnostic(`seed ${seed}: POSTERN_SEED=${seed} tries the same again`);
      const random = numbers(seed);
      const place = await database.fresh();
      // where there may be several nodes, half of it all goes through each
      const stores = [await database.open(place)];
      if (stores[0]?.kind === "postgres") stores.push(await database.open(place));
      const storeOf = (i: number): Store => {
        const store = stores[i % stores.length];
        assert.ok(store !== undefined);
        return store;
      };
      const acknowledged: number[] = [];
      let failed = 0;
      let writing = true;
      let compared = 0;
      let restarts = 0;

      const writers = Array.from({ length: WRITERS }, async (_, writer) => {
        for (let i = 0; i < WRITES; i++) {
          const [delay, fails, removes] = [random() * 4, random() < 0.25, random() < 0.3];
          const how = random() < 0.5 ? ({ concurrent: true } as const) : {};
          await pause(random() * 4);
          try {
            const { number } = await storeOf(writer).write(async ({ db, record }) => {
              record(port(`shared-${i % 5}`, removes ? null : writer * 100 + i));
              await pause(delay);
              await db
                .insertInto("instance")
                .values({ name: `${writer}-${i}`, value: "" })
                .execute();
              if (fails) throw new Error("rolled back");
              record(port(`own-${writer}`, i));
            }, how);
            acknowledged.push(number);
          } catch (error) {
            assert.match(String(error), /rolled back/);
            failed++;
          }
        }
      });

      const readers = Array.from({ length: READERS }, async (_, reader) => {
        const store = storeOf(reader);
        let view = await begin(store);
        while (writing) {
          if (random() < 0.1) {
            restarts++;
            view = await begin(store);
          }
          const changes = await store.changesAfter(view.position, 1 + Math.floor(random() * 5));
          assert.ok(changes !== undefined, "a reader that follows never loses the log");
          for (const change of changes) {
            assert.equal(change.number, view.position.number + 1, "no number is skipped or comes twice");
            view.position = { epoch: change.epoch, number: change.number };
            for (const { kind, key, value } of change.entities)
              if (value === null) view.held.delete(`${kind} ${key}`);
              else view.held.set(`${kind} ${key}`, value);
          }
          const state = await stateAt(store, view);
          if (state !== undefined) {
            compared++;
            assert.deepEqual(sorted(view.held), sorted(state));
          }
          await pause(random() * 3);
        }
        for (const change of (await store.changesAfter(view.position, 10_000)) ?? []) {
          for (const { kind, key, value } of change.entities)
            if (value === null) view.held.delete(`${kind} ${key}`);
            else view.held.set(`${kind} ${key}`, value);
        }
        assert.deepEqual(sorted(view.held), sorted(fold([await store.snapshot()])), "and at the end");
      });

      await Promise.all(writers);
      writing = false;
      await Promise.all(readers);
      assert.ok(failed > 0 && compared > 10 && restarts > 0, `${failed} ${compared} ${restarts}`);
      assert.equal(acknowledged.length + failed, WRITERS * WRITES);
      const all = Array.from({ length: acknowledged.length }, (_, i) => i + 1);
      assert.deepEqual(
        [...acknowledged].sort((a, b) => a - b),
        all,
      );
      const [store] = stores;
      assert.ok(store !== undefined);
      const { epoch } = await store.head();
      const changes = (await store.changesAfter({ epoch, number: 0 }, 1_000)) ?? [];
      assert.deepEqual(
        changes.map(({ number }) => number),
        all,
      );
      assert.deepEqual(sorted(fold(changes)), sorted(fold([await store.snapshot()])));
      const rows = await store.db.selectFrom("instance").select("name").execute();
      assert.equal(rows.length, acknowledged.length);
      for (const each of stores) await each.close();
    });

    test("plain writes see what those before them did: a counter in a row misses none", async () => {
      const place = await database.fresh();
      const stores = [await database.open(place)];
      if (stores[0]?.kind === "postgres") stores.push(await database.open(place));
      await stores[0]?.write(
        async ({ db }) => await db.insertInto("instance").values({ name: "count", value: "0" }).execute(),
      );
      await Promise.all(
        Array.from({ length: 60 }, async (_, i) => {
          await stores[i % stores.length]?.write(async ({ db }) => {
            const row = await db.selectFrom("instance").select("value").executeTakeFirstOrThrow();
            await pause(i % 3);
            await db
              .updateTable("instance")
              .set({ value: String(Number(row.value) + 1) })
              .execute();
          });
        }),
      );
      const row = await stores[0]?.db.selectFrom("instance").select("value").executeTakeFirstOrThrow();
      assert.equal(row?.value, "60");
      for (const store of stores) await store.close();
    });

    test("a plain write inside a concurrent one is alone too, and names the number that both commit as", async () => {
      const store = await database.open();
      await store.write(
        async ({ db }) => await db.insertInto("instance").values({ name: "count", value: "0" }).execute(),
      );
      const written = await Promise.all(
        Array.from({ length: 20 }, async (_, i) => {
          const outer = await store.write(
            async () => {
              const inner = await store.write(async ({ db, record }) => {
                const row = await db.selectFrom("instance").select("value").executeTakeFirstOrThrow();
                await pause(i % 3);
                await db
                  .updateTable("instance")
                  .set({ value: String(Number(row.value) + 1) })
                  .execute();
                record(port(`p${i}`, i));
              });
              await pause(i % 2);
              return inner.number;
            },
            { concurrent: true },
          );
          assert.equal(outer.value, outer.number);
          return outer.number;
        }),
      );
      assert.deepEqual(
        written.sort((a, b) => a - b),
        Array.from({ length: 20 }, (_, i) => i + 1),
      );
      const row = await store.db.selectFrom("instance").select("value").executeTakeFirstOrThrow();
      assert.equal(row.value, "20");
      await store.close();
    });

    test("two writes that each wait for the other's row both commit", async () => {
      const store = await database.open();
      await store.write(async ({ db }) => {
        for (const name of ["a", "b"]) await db.insertInto("instance").values({ name, value: "0" }).execute();
      });
      let tries = 0;
      const both = async (first: string, second: string): Promise<unknown> =>
        await store.write(
          async ({ db, record }) => {
            tries++;
            record(port(first, 1));
            await db.updateTable("instance").set({ value: first }).where("name", "=", first).execute();
            await pause(50);
            await db.updateTable("instance").set({ value: first }).where("name", "=", second).execute();
          },
          { concurrent: true },
        );
      await Promise.all([both("a", "b"), both("b", "a")]);
      assert.equal((await store.head()).number, 2, "each counts once, though one was tried again");
      assert.equal(tries, store.kind === "postgres" ? 3 : 2);
      await store.close();
    });
  });
}
