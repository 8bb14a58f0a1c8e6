import assert from "node:assert/strict";
import { test } from "node:test";
import type { KyselyPlugin } from "kysely";
import { administrationEvent, completionEvent, loginEvent } from "#events";
import { recordHash } from "#link";
import type { EventLog, LoggedEvent } from "#log";
import { onEveryDatabase } from "../../../test/harness/databases.ts";
import { until } from "../../../test/harness/until.ts";
import { follow } from "./follow.ts";
import { CONTROL, chain, decided, GATEWAY, input, made, NOW, testLog } from "./log-rig.test.ts";

onEveryDatabase((database) => {
  const at = testLog(database);

  test("followers do not wait for one another, and hear what control itself appends", async () => {
    const seen: [string, number][] = [];
    const stop = at.log.follow(0, ({ id }) => void seen.push(["ended", id]));
    at.log.follow(1, ({ id }) => void seen.push(["late", id]));
    stop();
    at.log.follow(0, ({ id }) => void seen.push(["whole", id]));
    const event = loginEvent(CONTROL, { time: NOW, act: "sign-in", outcome: "failure", source: {} });
    for (let i = 0; i < 3; i++) await at.store.write(async (tx) => await at.log.append(tx, event));
    const end = performance.now() + 10_000;
    while (seen.length < 5 && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, 5));
    const of = (name: string): number[] => seen.filter(([who]) => who === name).map(([, id]) => id);
    assert.deepEqual([of("ended"), of("late"), of("whole")], [[], [2, 3], [1, 2, 3]]);
  });

  test("control's own events are in the log exactly when their transaction commits", async () => {
    const event = loginEvent(CONTROL, {
      time: NOW,
      act: "sign-in",
      outcome: "success",
      user: { id: "u", name: "ada" },
      source: {},
    });
    await at.store.write(async (tx) => await at.log.append(tx, event));
    await assert.rejects(
      at.store.write(async (tx) => {
        await at.log.append(tx, event);
        throw new Error("no");
      }),
    );
    await at.store.write(async (tx) => await at.log.append(tx, event));
    const rows = await at.store.db
      .selectFrom("event")
      .select(["sequence", "previous", "body"])
      .orderBy("id")
      .execute();
    assert.deepEqual(
      rows.map((row) => row.sequence),
      [1, 2],
    );
    const [first, second] = rows;
    assert.ok(first && second);
    assert.equal(second.previous, recordHash({ previous: first.previous, sequence: 1, event: first.body }));
  });

  test("a decision is found with the whole input it was made from, to the nanosecond, and how its request ended", async () => {
    const end = completionEvent(GATEWAY, {
      time: NOW + 40,
      decision: "dec_1",
      application: "wiki",
      user: { id: "usr_ada", name: "ada" },
      source: { ip: "127.0.0.1" },
      http: { method: "GET", url: "http://wiki.postern.localhost:7400/a", status: 200 },
      durationMs: 39.6,
      bytesIn: 0,
      bytesOut: 512,
    });
    await at.log.ingest(chain([decided("dec_1", "deny", "ada", "wiki", "/a"), JSON.stringify(end)]));
    const found = await at.log.decision("dec_1");
    assert.deepEqual(found?.input, input("ada", "wiki", "/a"));
    assert.deepEqual(found?.decision, made("dec_1", "deny"));
    assert.equal(found?.item.status, 200);
    assert.equal(found?.item.durationMs, 40);
    assert.equal(await at.log.decision("dec_none"), undefined);
  });

  test("pages of decisions are newest first, whole and without repetition while more arrive", async () => {
    const events = Array.from({ length: 25 }, (_, i) =>
      decided(`dec_${i}`, i % 3 === 0 ? "deny" : "allow", "ada", "wiki"),
    );
    const records = chain(events);
    await at.log.ingest(records);
    const seen: string[] = [];
    let before: string | undefined;
    do {
      const page = await at.log.decisions({ limit: 7, ...(before === undefined ? {} : { before }) });
      seen.push(...page.items.map((item) => item.id));
      before = page.next;
      await at.log.ingest(
        chain([decided(`late_${seen.length}`, "allow", "bob", "wiki")], `boot_${seen.length}`),
      );
    } while (before !== undefined);
    assert.deepEqual(
      seen,
      Array.from({ length: 25 }, (_, i) => `dec_${24 - i}`),
    );
  });

  test("filters narrow, and a search is text, not a pattern", async () => {
    await at.log.ingest(
      chain([
        decided("dec_1", "allow", "ada", "wiki", "/100%25"),
        decided("dec_2", "deny", "bob", "payroll", "/a_b"),
        decided("dec_3", "deny", "ada", "payroll", "/axb"),
      ]),
    );
    const ids = async (query: Parameters<EventLog["decisions"]>[0]): Promise<string[]> =>
      (await at.log.decisions(query)).items.map((item) => item.id);
    assert.deepEqual(await ids({ effect: "deny" }), ["dec_3", "dec_2"]);
    assert.deepEqual(await ids({ subject: "bob" }), ["dec_2"]);
    assert.deepEqual(await ids({ resource: "payroll", subject: "ada" }), ["dec_3"]);
    assert.deepEqual(await ids({ search: "a_b" }), ["dec_2"]);
    assert.deepEqual(await ids({ search: "%" }), ["dec_1"]);
    assert.deepEqual(await ids({ search: "' or 1=1 --" }), []);
    assert.deepEqual(await ids({ since: NOW + 1 }), []);
    assert.deepEqual(await ids({ before: "nonsense" }), []);
  });

  test("a search finds letters of either case where they are A to Z, and says the same on every database", async () => {
    await at.log.ingest(
      chain([
        decided("dec_1", "allow", "Åda", "Wiki", "/AxB"),
        decided("dec_2", "allow", "åda", "wiki", "/axb"),
        decided("dec_3", "allow", "İda", "ſtraße", "/\u212A"),
      ]),
    );
    const ids = async (search: string): Promise<string[]> =>
      (await at.log.decisions({ search })).items.map(({ id }) => id);
    assert.deepEqual(await ids("axB"), ["dec_2", "dec_1"]);
    assert.deepEqual(await ids("WIKI"), ["dec_2", "dec_1"]);
    assert.deepEqual(await ids("DEC_1"), ["dec_1"]);
    assert.deepEqual(await ids("Åda"), ["dec_1"]);
    assert.deepEqual(await ids("åDA"), ["dec_2"]);
    assert.deepEqual(await ids("STRASSE"), []);
    assert.deepEqual(await ids("/k"), [], "the Kelvin sign is no K");
    assert.deepEqual(await ids("ida"), []);
  });

  test("text that a database cannot hold is found by what stands for it, and breaks no search", async () => {
    const names = ["zero\0name", "half\ud800name", "whole😀name"];
    await at.log.ingest(
      chain(names.map((name, i) => decided(`dec_${i}`, "allow", name, `res${name}`, `/${name}/path`))),
    );
    const event = administrationEvent(CONTROL, {
      time: NOW,
      act: "policy.apply",
      outcome: "failure",
      actor: { type: "user", id: "u", name: "a\0b" },
      target: { type: "policy", id: "\0\udc00" },
      source: { userAgent: "\0" },
    });
    await at.store.write(async (tx) => await at.log.append(tx, event));
    for (const [i, name] of names.entries()) {
      const only = [`dec_${i}`];
      const ids = async (query: Parameters<EventLog["decisions"]>[0]): Promise<string[]> =>
        (await at.log.decisions(query)).items.map(({ id }) => id);
      assert.deepEqual(await ids({ subject: name }), only);
      assert.deepEqual(await ids({ resource: `res${name}` }), only);
      assert.deepEqual(await ids({ search: name }), only);
      assert.equal((await at.log.decision(`dec_${i}`))?.input.request?.path, `/${name}/path`);
    }
    assert.equal(await at.log.decision("dec\0"), undefined);
    assert.equal((await at.log.events({ limit: 10 })).length, 4);
  });

  test("a follower goes on at the end of a log that was set back", async () => {
    let asked = 0;
    const counting: KyselyPlugin = {
      transformQuery: ({ node }) => node,
      async transformResult({ result }) {
        asked++;
        return await Promise.resolve(result);
      },
    };
    await at.log.ingest(chain([1, 2, 3, 4].map((i) => decided(`dec_${i}`, "allow", "ada", "wiki"))));
    const seen: number[] = [];
    const { store } = at;
    const { db } = store;
    const counted = {
      db: db.withPlugin(counting),
      onWrite: (listener: () => void) => store.onWrite(listener),
    };
    const stop = follow(counted, 0, ({ id }) => void seen.push(id));
    await until("it has heard all", () => seen.length === 4);
    const rows = await db.selectFrom("event").selectAll().where("id", ">", 2).orderBy("id").execute();
    const before = asked;
    await store.write(async (tx) => await tx.db.deleteFrom("event").where("id", ">", 2).execute());
    await until("it has found the end", () => asked >= before + 2);
    await store.write(async (tx) => await tx.db.insertInto("event").values(rows).execute());
    await until("it has heard what is there anew", () => seen.length === 6);
    assert.deepEqual(seen, [1, 2, 3, 4, 3, 4]);
    stop();
  });

  test("a follower gets every event from its place on, in order, and none after it ends", async () => {
    await at.log.ingest(chain([decided("dec_1", "allow", "ada", "wiki")]));
    const seen: LoggedEvent[] = [];
    const stop = at.log.follow(0, (event) => void seen.push(event));
    const records = chain(
      Array.from({ length: 450 }, (_, i) => decided(`more_${i}`, "allow", "ada", "wiki")),
      "boot_h",
    );
    for (let i = 0; i < records.length; i += 150) await at.log.ingest(records.slice(i, i + 150));
    const end = performance.now() + 10_000;
    while (seen.length < 451 && performance.now() < end)
      await new Promise((resolve) => setTimeout(resolve, 5));
    assert.deepEqual(
      seen.map((event) => event.id),
      Array.from({ length: 451 }, (_, i) => i + 1),
    );
    stop();
    await at.log.ingest(chain([decided("last", "allow", "ada", "wiki")], "boot_i"));
    await at.log.events({ limit: 1 });
    assert.equal(seen.length, 451);
  });

  test("decisions are counted by the hour", async () => {
    const hour = 3_600_000;
    const start = Math.floor(NOW / hour) * hour;
    await at.log.ingest(
      chain([
        decided("dec_1", "allow", "ada", "wiki", "/", start - hour),
        decided("dec_2", "allow", "ada", "wiki", "/", start),
        decided("dec_3", "deny", "ada", "wiki", "/", start + hour - 1),
        decided("dec_4", "deny", "ada", "wiki", "/", start + hour),
      ]),
    );
    assert.deepEqual(await at.log.hourly(start), [
      { from: start, allowed: 1, denied: 1 },
      { from: start + hour, allowed: 0, denied: 1 },
    ]);
  });

  test("acts carry who, what and the decision into the columns they are found by", async () => {
    const event = administrationEvent(CONTROL, {
      time: NOW,
      act: "policy.apply",
      outcome: "success",
      actor: { type: "owner", id: "owner", name: "owner" },
      target: { type: "policy", id: "v1" },
      decision: "dec_9",
      source: {},
    });
    await at.store.write(async (tx) => await at.log.append(tx, event));
    const row = await at.store.db.selectFrom("event").selectAll().executeTakeFirstOrThrow();
    assert.deepEqual(
      [row.kind, row.decision_id, row.resource, row.subject],
      ["administration", "dec_9", "policy.apply", "owner"],
    );
    assert.equal(await at.log.decision("dec_9"), undefined, "an act is not the decision that allowed it");
  });
});
