/** The log of several control nodes on one database: each record once, one order, and followers that hear all of it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { loginEvent } from "#events";
import { recordHash, type SpoolRecord } from "#link";
import type { EventLog } from "#log";
import { onPostgres } from "../../../test/harness/databases.ts";
import { until } from "../../../test/harness/until.ts";
import { CONTROL, chain, decided, NOW, testLog } from "./log-rig.test.ts";

const FAILED = loginEvent(CONTROL, { time: NOW, act: "sign-in", outcome: "failure", source: {} });

/** What a follower has been told, by place. */
function following(log: EventLog): number[] {
  const seen: number[] = [];
  log.follow(0, ({ id }) => void seen.push(id));
  return seen;
}

function batches(boot: string, length: number, size: number): SpoolRecord[][] {
  const events = Array.from({ length }, (_, i) => decided(`dec_${boot}_${i}`, "allow", "ada", "wiki"));
  const records = chain(events, boot);
  return Array.from({ length: Math.ceil(length / size) }, (_, i) => records.slice(i * size, (i + 1) * size));
}

onPostgres((database) => {
  const at = testLog(database);

  async function places(): Promise<number[]> {
    const rows = await at.store.db.selectFrom("event").select("id").orderBy("id").execute();
    return rows.map(({ id }) => id);
  }

  /** Recomputes every chain from its first record on. */
  async function checkChains(): Promise<void> {
    const rows = await at.store.db.selectFrom("event").selectAll().orderBy("id").execute();
    const ends = new Map<string, { sequence: number; hash: string | undefined }>();
    for (const { source, boot, sequence, previous, body } of rows) {
      const key = `${source} ${boot}`;
      const end = ends.get(key) ?? { sequence: 0, hash: undefined };
      assert.equal(sequence, end.sequence + 1, `${key}: in order and without a gap`);
      if (end.hash !== undefined) assert.equal(previous, end.hash, `${key} ${sequence}`);
      ends.set(key, { sequence, hash: recordHash({ previous, sequence, event: body }) });
    }
    const held = await at.store.db.selectFrom("event_source").selectAll().execute();
    for (const { source, boot, sequence, hash } of held)
      assert.deepEqual(ends.get(`${source} ${boot}`), { sequence, hash });
    assert.equal(held.length, ends.size);
  }

  test("batches that reach three nodes at once are taken once, beside what the nodes append themselves", async () => {
    const nodes = [at, await at.node("b"), await at.node("c")];
    const followers = nodes.map(({ log }) => following(log));
    const gateway = batches("boot_g", 60, 7);
    const another = batches("boot_h", 60, 11);
    const sent = [gateway, another].map(async (all) => {
      // a gateway sends the next batch when it knows that one was taken
      for (const batch of all) {
        const answers = await Promise.all(nodes.map(async ({ log }) => await log.ingest(batch)));
        for (const answer of answers)
          assert.deepEqual(Object.values(answer.accepted), [batch.at(-1)?.sequence]);
      }
    });
    const own = nodes.map(async ({ store, log }) => {
      for (let i = 0; i < 20; i++) {
        const write = store.write(async (tx) => {
          await log.append(tx, FAILED);
          if (i % 4 === 0) throw new Error("rolled back");
        });
        await (i % 4 === 0 ? assert.rejects(write, /rolled back/) : write);
      }
    });
    await Promise.all([...sent, ...own]);

    const all = await places();
    assert.equal(all.length, 60 + 60 + 3 * 15, "no gap, no break and no copy was noted");
    await checkChains();
    for (const seen of followers) {
      await until("the follower has heard all", () => seen.length >= all.length);
      assert.deepEqual(seen, all);
    }
  });

  test("places are in the order of commits: what is not yet committed is above what a follower has read", async () => {
    const other = await at.node("b");
    const seen = following(other.log);
    const appended = Promise.withResolvers<void>();
    const held = Promise.withResolvers<void>();
    const slow = at.store.write(async (tx) => {
      await at.log.append(tx, FAILED);
      appended.resolve();
      await held.promise;
    });
    await appended.promise;
    const [batch = []] = batches("boot_g", 3, 3);
    const later = other.log.ingest(batch);
    const early = await Promise.race([later.then(() => "taken"), at.store.head().then(() => "waiting")]);
    assert.equal(early, "waiting");
    assert.deepEqual(seen, []);
    held.resolve();
    await Promise.all([slow, later]);
    await until("the follower has heard all", () => seen.length === 4);
    assert.deepEqual(seen, await places());
    assert.deepEqual(
      (await at.log.events({ after: 0, limit: 10 })).map(({ kind }) => kind),
      ["login", "decision", "decision", "decision"],
    );
  });

  test("a follower goes on by itself when the database was away, and has missed nothing", async () => {
    const other = await at.node("b");
    const seen = following(other.log);
    const [first = [], second = []] = batches("boot_g", 20, 10);
    await at.log.ingest(first);
    await until("the follower has heard the first", () => seen.length === 10);
    const server = await database.server();
    await server.stop();
    await assert.rejects(at.log.ingest(second), { code: "state.unreachable" });
    await server.start();
    await until("it is taken", async () =>
      at.log.ingest(second).then(
        () => true,
        () => false,
      ),
    );
    await until("the follower has heard the rest", () => seen.length === 20);
    assert.deepEqual(seen, await places());
  });
});
