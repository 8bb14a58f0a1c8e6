import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { until } from "../../../test/harness/until.ts";
import type { Leadership, Store } from "./index.ts";
import { DATABASES, port, queryOf, refusal, SHARED, urlOf } from "./rig.test.ts";

/** Takes part in an election, and notes what becomes of it. */
function candidate(store: Store): { terms: Leadership[]; ended: number; stop: () => Promise<void> } {
  const state = { terms: [] as Leadership[], ended: 0, stop: async () => await Promise.resolve() };
  state.stop = store.elect("work", (leadership) => {
    state.terms.push(leadership);
    return () => void state.ended++;
  });
  return state;
}

async function leaderOf(leads: ReturnType<typeof candidate>): Promise<Leadership> {
  return await until("it leads", () => leads.terms.at(-1));
}

for (const database of DATABASES) {
  describe(`${database.name}: an election`, { skip: database.skip }, () => {
    test("of one node is won, its writes are confirmed, and its terms grow", async () => {
      const place = await database.fresh();
      let last = 0;
      for (let i = 0; i < 3; i++) {
        const store = await database.open(place);
        const own = candidate(store);
        const { term, confirm } = await leaderOf(own);
        assert.ok(term > last);
        last = term;
        await store.write(async (tx) => {
          await confirm(tx);
          tx.record(port("p", i));
        });
        assert.equal(own.ended, 0);
        await store.close();
        assert.equal(own.ended, 1, "closing ends the lead");
      }
    });

    test("that was given up is not won again", async () => {
      const store = await database.open();
      const own = candidate(store);
      await leaderOf(own);
      await own.stop();
      await own.stop();
      assert.deepEqual([own.terms.length, own.ended], [1, 1]);
      await store.close();
      assert.equal(own.ended, 1);
    });
  });
}

for (const database of SHARED) {
  describe(`${database.name}: an election between nodes`, { skip: database.skip }, () => {
    test("has one winner, and another one when that closes", async () => {
      const place = await database.fresh();
      const stores = await Promise.all([1, 2, 3].map(async () => await database.open(place)));
      const all = stores.map((store) => ({ store, own: candidate(store) }));
      for (let left = 3; left > 0; left--) {
        const winner = await until("somebody leads", () =>
          all.find(({ own }) => own.terms.length > own.ended),
        );
        assert.equal(all.filter(({ own }) => own.terms.length > own.ended).length, 1);
        assert.equal(winner.own.terms[0]?.term, 4 - left);
        await winner.store.close();
        all.splice(all.indexOf(winner), 1);
      }
    });

    test("is lost with the connection; what the old leader writes late is refused, and the new one's is not", async () => {
      const place = await database.fresh();
      const [a, b] = [await database.open(place), await database.open(place)];
      const first = candidate(a);
      const old = await leaderOf(first);
      const second = candidate(b);
      // the old leader is in the middle of its work when the other one's term begins
      await queryOf(
        urlOf(place),
        "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())",
      );
      await until("the loss is noticed", () => first.ended === 1);
      await until("somebody leads again", () => second.terms.length > 0 || first.terms.length > 1);
      const error = await refusal(
        async () =>
          await a.write(async (tx) => {
            tx.record(port("late", 1));
            await old.confirm(tx);
          }),
      );
      assert.equal(error.code, "conflict");
      assert.deepEqual((await a.snapshot()).entities, []);
      const [next, store] = second.terms[0] === undefined ? [first.terms[1], a] : [second.terms[0], b];
      assert.ok(next !== undefined && next.term > old.term);
      await store.write(async (tx) => {
        await next.confirm(tx);
        tx.record(port("p", 2));
      });
      assert.deepEqual((await b.snapshot()).entities, [port("p", 2)]);
      await a.close();
      await b.close();
    });

    test("a write that has confirmed its term holds the next one off until it has ended", async () => {
      const place = await database.fresh();
      const [a, b] = [await database.open(place), await database.open(place)];
      const first = candidate(a);
      const { confirm } = await leaderOf(first);
      const second = candidate(b);
      const inside = Promise.withResolvers<void>();
      const goOn = Promise.withResolvers<void>();
      const writing = a.write(async (tx) => {
        await confirm(tx);
        inside.resolve();
        await goOn.promise;
        tx.record(port("p", 1));
      });
      await inside.promise;
      const stopping = first.stop();
      const waiting =
        "select 1 from pg_stat_activity where wait_event_type = 'Lock' and query like '%leader%'";
      await until("the next one waits", async () => (await queryOf(urlOf(place), waiting)).length === 1);
      assert.equal(second.terms.length, 0);
      goOn.resolve();
      await writing;
      await leaderOf(second);
      await stopping;
      await a.close();
      await b.close();
    });
  });
}
