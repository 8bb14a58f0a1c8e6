import assert from "node:assert/strict";
import { test } from "node:test";
import { PosternError, sha256Hex } from "#kernel";
import { onEveryDatabase } from "../../../test/harness/databases.ts";
import { chain, decided, testLog } from "./log-rig.test.ts";

onEveryDatabase((database) => {
  const at = testLog(database);

  async function count(kind: string): Promise<number> {
    const rows = await at.store.db.selectFrom("event").select("id").where("kind", "=", kind).execute();
    return rows.length;
  }

  /** What the log says of missing and changed records, oldest first. */
  async function notes(): Promise<readonly unknown[]> {
    const found = await at.log.events({ kind: "component", after: 0, limit: 100 });
    return found.map(({ event }) => event["message"]);
  }

  test("a batch is taken once, however often and in whatever pieces it is sent", async () => {
    const records = chain([1, 2, 3, 4].map((i) => decided(`dec_${i}`, "allow", "ada", "wiki")));
    assert.deepEqual(await at.log.ingest(records.slice(0, 3)), { accepted: { boot_g: 3 } });
    assert.deepEqual(await at.log.ingest(records), { accepted: { boot_g: 4 } });
    assert.deepEqual(await at.log.ingest(records.slice(1, 2)), { accepted: { boot_g: 4 } });
    assert.equal(await count("decision"), 4);
    assert.equal(await count("component"), 0);
  });

  test("the same sequence of another boot is another record", async () => {
    await at.log.ingest(chain([decided("dec_1", "allow", "ada", "wiki")]));
    await at.log.ingest(chain([decided("dec_2", "allow", "ada", "wiki")], "boot_h"));
    assert.equal(await count("decision"), 2);
  });

  test("a gap is an event, and what came after it is kept", async () => {
    const records = chain([1, 2, 3].map((i) => decided(`dec_${i}`, "allow", "ada", "wiki")));
    await at.log.ingest([records[0], records[2]]);
    assert.equal(await count("decision"), 2);
    const [note] = await notes();
    assert.match(String(note), /1 records of gateway:local are missing before number 3/);
  });

  test("an altered record breaks the chain, and the log says so", async () => {
    const records = chain([1, 2].map((i) => decided(`dec_${i}`, "deny", "mallory", "payroll")));
    const [first, second] = records;
    assert.ok(first && second);
    await at.log.ingest([{ ...first, event: decided("dec_1", "allow", "mallory", "payroll") }, second]);
    const [note] = await notes();
    assert.match(String(note), /does not follow/);
  });

  test("what is no batch of records changes nothing", async () => {
    const [good] = chain([decided("dec_1", "allow", "ada", "wiki")]);
    assert.ok(good);
    const bad: unknown[] = [
      null,
      {},
      [{ ...good, sequence: 0 }],
      [{ ...good, sequence: 1.5 }],
      [{ ...good, source: "control:local" }],
      [{ ...good, previous: "x" }],
      [{ ...good, extra: 1 }],
      [{ ...good, boot: "two lines\n" }],
      [{ ...good, boot: "no\0text" }],
      [{ ...good, event: "x".repeat(1024 * 1024 + 1) }],
      [good, { ...good, sequence: 2, event: 7 }],
      Array.from({ length: 1_001 }, () => good),
    ];
    for (const batch of bad) {
      await assert.rejects(
        at.log.ingest(batch),
        (error: unknown) => error instanceof PosternError,
        JSON.stringify(batch).slice(0, 200),
      );
    }
    assert.equal(await count("decision"), 0);
  });

  test("records in another order are the same records", async () => {
    const records = chain([1, 2, 3, 4].map((i) => decided(`dec_${i}`, "allow", "ada", "wiki")));
    const [first, second, third, fourth] = records;
    assert.deepEqual(await at.log.ingest([third, first, second]), { accepted: { boot_g: 3 } });
    assert.deepEqual(await at.log.ingest([fourth, fourth, third]), { accepted: { boot_g: 4 } });
    assert.equal(await count("decision"), 4);
    assert.equal(await count("component"), 0, "nothing was missing");
  });

  test("a record that was missing is taken when it comes late, once", async () => {
    const records = chain([1, 2, 3].map((i) => decided(`dec_${i}`, "allow", "ada", "wiki")));
    await at.log.ingest([records[0], records[2]]);
    await at.log.ingest(records);
    await at.log.ingest(records);
    assert.equal(await count("decision"), 3);
    assert.equal(await count("component"), 1, "only that it was missing");
  });

  test("one that comes late and does not fit, or again with other content, is an event", async () => {
    const records = chain([1, 2, 3].map((i) => decided(`dec_${i}`, "deny", "mallory", "payroll")));
    const [first, second, third] = records;
    assert.ok(first && second && third);
    await at.log.ingest([first, third]);
    await at.log.ingest([{ ...second, event: decided("dec_2", "allow", "mallory", "payroll") }]);
    await at.log.ingest([{ ...first, event: decided("dec_1", "allow", "mallory", "payroll") }]);
    const [, late, again] = await notes();
    assert.match(String(late), /record 2 of gateway:local came late and does not fit/);
    assert.match(String(again), /record 1 of gateway:local came again with other content/);
    assert.equal((await at.log.decision("dec_1"))?.decision.effect, "deny", "the first is kept");
  });

  test("a record that holds no event of ours is noted by its hash, and holds up nothing behind it", async () => {
    const decision = JSON.parse(decided("dec_1", "allow", "ada", "wiki"));
    const { unmapped } = decision;
    const without = (part: object): string =>
      JSON.stringify({ ...decision, unmapped: { postern: { ...unmapped.postern, ...part } } });
    const bad = [
      "",
      "{",
      "[]",
      "null",
      "{}",
      '{"time":1,"class_uid":4002}',
      JSON.stringify({ ...decision, time: "now" }),
      without({ kind: "invented" }),
      without({ decision: { id: "dec_1", effect: "perhaps" } }),
      without({ input: { type: "user" } }),
      without({ input: { ...unmapped.postern.input, invented: 1 } }),
      without({ deep: JSON.parse(`${"[".repeat(80)}${"]".repeat(80)}`) }),
    ];
    const records = chain([...bad, decided("dec_2", "allow", "ada", "wiki")]);
    assert.deepEqual(await at.log.ingest(records), { accepted: { boot_g: bad.length + 1 } });
    assert.equal(await count("decision"), 1);
    assert.deepEqual(
      await notes(),
      bad.map((text, i) => `record ${i + 1} of gateway:local holds no event (SHA-256 ${sha256Hex(text)})`),
    );
    assert.deepEqual(
      (await at.log.decisions({})).items.map((item) => item.id),
      ["dec_2"],
    );
  });
});
