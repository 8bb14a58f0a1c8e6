/** PostgreSQL goes away, comes back as it was, as it was earlier, or as another: what the store says and does then. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { after, before, describe, test } from "node:test";
import type { Postgres } from "../../../test/harness/postgres.ts";
import { until } from "../../../test/harness/until.ts";
import type { Store } from "./index.ts";
import { fold, notices, ownPostgres, port, queryOf, refusal, SHARED, urlOf } from "./rig.test.ts";

async function answers(store: Store): Promise<void> {
  await until("the store answers again", async () => {
    try {
      await store.head();
      await store.write(async ({ db }) => await db.selectFrom("counter").selectAll().execute());
      return true;
    } catch {
      return false;
    }
  });
}

for (const database of SHARED) {
  describe(`${database.name} goes away`, { skip: database.skip }, () => {
    let server: Postgres;
    before(async () => {
      server = await ownPostgres(database.bin);
    });
    after(async () => await server.stop());
    const open = async (url?: string): Promise<Store> =>
      await database.open({ url: url ?? (await server.createDatabase()) });

    test("and comes back: calls fail with a code meanwhile, nothing of a write under way remains, and all goes on by itself", async () => {
      const url = await server.createDatabase();
      const [a, b] = [await open(url), await open(url)];
      await a.write(async ({ record }) => record(port("kept", 1)));
      const head = await a.head();
      const lost = await refusal(
        async () =>
          await a.write(async ({ db, record }) => {
            record(port("lost", 2));
            await db.insertInto("instance").values({ name: "lost", value: "" }).execute();
            await server.stop();
          }),
      );
      assert.equal(lost.code, "state.unreachable", lost.message);
      for (const store of [a, b]) {
        for (const call of [
          async () => await store.head(),
          async () => await store.snapshot(),
          async () => await store.changesAfter(head, 10),
          async () => await store.write(async ({ record }) => record(port("no", 1))),
          async () => await store.db.selectFrom("instance").selectAll().execute(),
        ]) {
          const error = await refusal(call);
          assert.equal(error.code, "state.unreachable", error.message);
          assert.ok(error.details.remedy);
        }
      }
      let heard = 0;
      b.onCommit(() => heard++);
      await server.start();
      await answers(a);
      await answers(b);
      assert.deepEqual(await a.head(), head, "the same epoch: nothing was lost");
      assert.deepEqual((await a.snapshot()).entities, [port("kept", 1)]);
      assert.deepEqual(await a.db.selectFrom("instance").selectAll().execute(), []);
      await a.write(async ({ record }) => record(port("q", 3)));
      await until("the other node hears again", () => heard > 0);
      await a.close();
      await b.close();
    });

    test("by a crash: what was acknowledged is there, and the lead is won again", async () => {
      const store = await open();
      const terms: number[] = [];
      let ended = 0;
      store.elect("work", ({ term }) => {
        terms.push(term);
        return () => void ended++;
      });
      await until("it leads", () => terms.length === 1);
      for (let i = 1; i <= 20; i++) await store.write(async ({ record }) => record(port(`p${i}`, i)));
      await server.kill();
      await until("the lead is lost", () => ended === 1);
      await server.start();
      await answers(store);
      assert.equal((await store.head()).number, 20);
      assert.equal(fold([await store.snapshot()]).size, 20);
      await until("it leads again", () => terms.length === 2);
      assert.ok((terms[1] ?? 0) > (terms[0] ?? 0));
      await store.close();
    });

    test("and comes back as it was earlier: a new epoch, for every node and before anything of it is given out", async () => {
      const url = await server.createDatabase();
      const [a, b] = [await open(url), await open(url)];
      await a.write(async ({ record }) => record(port("p", 1)));
      const goBack = await server.copy();
      await server.start();
      await answers(a);
      await a.write(async ({ record }) => record(port("p", 2)));
      await a.write(async ({ record }) => record(port("q", 3)));
      const before = await a.head();
      assert.equal(before.number, 3);
      await until("the other node has seen it", async () => {
        try {
          return (await b.head()).number === 3;
        } catch {
          return false;
        }
      });
      await goBack();
      await server.start();
      await answers(b);
      const { number } = await b.write(async ({ record }) => record(port("r", 4)));
      assert.equal(number, 2);
      const after = await b.head();
      assert.notEqual(after.epoch, before.epoch);
      await answers(a);
      assert.equal(await a.changesAfter(before, 10), undefined);
      assert.deepEqual(
        fold([await a.snapshot()]),
        new Map<string, unknown>([
          ["port p", { port: 1 }],
          ["port r", { port: 4 }],
        ]),
      );
      assert.equal((await a.head()).epoch, (await b.head()).epoch);
      await a.close();
      await b.close();
    });

    test("and a standby takes over: refused while it takes no writes, then a new epoch, since it may lack the last", async () => {
      const store = await open();
      await store.write(async ({ record }) => record(port("p", 1)));
      const before = await store.head();
      const promote = await server.startStandby();
      await until("the standby is noticed", async () => {
        const error = await refusal(
          async () => await store.write(async ({ record }) => record(port("no", 1))),
        );
        assert.equal(error.code, "state.unreachable", error.message);
        return error.message.includes("standby");
      });
      await promote();
      await answers(store);
      const after = await store.head();
      assert.notEqual(after.epoch, before.epoch);
      assert.equal(after.number, before.number);
      assert.ok(notices.some((message) => message.includes("standby has taken over")));
      await store.close();
    });

    test("a store that closes while it is away does not wait for it", async () => {
      const store = await open();
      store.elect("work", () => () => undefined);
      await server.stop();
      const began = performance.now();
      await store.close();
      assert.ok(performance.now() - began < 4_000);
      await server.start();
    });
  });

  describe(`${database.name} cannot be opened`, { skip: database.skip }, () => {
    const open = async (change: (url: URL) => void): Promise<void> => {
      const url = new URL(urlOf(await database.fresh()));
      change(url);
      const { password } = url;
      const error = await refusal(async () => await database.open({ url: url.href }));
      last = error;
      const said = `${error.message} ${error.details.where} ${error.details.remedy} ${String(error.details.cause)} ${error.stack}`;
      assert.ok(!said.includes(password), "the password is in no message");
      assert.ok(error.details.remedy);
    };
    let last: Awaited<ReturnType<typeof refusal>>;

    test("nobody listens there", async () => {
      await open((url) => {
        url.port = "1";
      });
      assert.equal(last.code, "state.unreachable");
      assert.match(last.message, /ECONNREFUSED/);
    });
    test("the password is wrong", async () => {
      await open((url) => {
        url.password = "somethingelse";
      });
      assert.equal(last.code, "state.unreachable");
      assert.match(last.message, /does not let this user in/);
    });
    test("there is no password", async () => {
      const url = new URL(urlOf(await database.fresh()));
      url.password = "";
      const error = await refusal(async () => await database.open({ url: url.href }));
      assert.equal(error.code, "state.unreachable", error.message);
      assert.match(error.message, /does not let this user in/);
    });
    test("there is no such database", async () => {
      await open((url) => {
        url.pathname = "/nowhere";
      });
      assert.equal(last.code, "state.unreachable");
      assert.match(last.details.remedy ?? "", /createdb/);
    });
    test("it does no TLS", async () => {
      await open((url) => {
        url.searchParams.set("sslmode", "verify-full");
      });
      assert.equal(last.code, "state.unreachable");
      assert.match(last.message, /TLS/);
    });
    test("the address is none of PostgreSQL", async () => {
      const error = await refusal(async () => await database.open({ url: "mysql://u:secret@h/d" }));
      assert.equal(error.code, "usage.invalid");
      assert.ok(!JSON.stringify(error).includes("secret"));
    });
    test("it was written by a later version", async () => {
      const place = await database.fresh();
      await (await database.open(place)).close();
      await queryOf(urlOf(place), "insert into kysely_migration values ('9999-later', '')");
      assert.equal((await refusal(async () => await database.open(place))).code, "state.newer");
    });
    test("the user may make no tables in it", async () => {
      for (const taken of ["create", "all"]) {
        const url = new URL(urlOf(await database.fresh()));
        const role = `without_${taken}`;
        await queryOf(url.href, `create role ${role} login password 'poor'`);
        await queryOf(url.href, `revoke ${taken} on schema public from public`);
        url.username = role;
        url.password = "poor";
        const error = await refusal(async () => await database.open({ url: url.href }));
        assert.equal(error.code, "state.unreachable", error.message);
        assert.match(error.details.remedy ?? "", /owner/);
      }
    });
    test("its text is in another encoding", async () => {
      const url = new URL(urlOf(await database.fresh()));
      const name = `latin${Math.round(performance.now())}`;
      await queryOf(url.href, `create database ${name} encoding 'LATIN1' template template0 locale 'C'`);
      url.pathname = `/${name}`;
      const error = await refusal(async () => await database.open({ url: url.href }));
      assert.match(error.message, /LATIN1/);
    });
  });

  describe(`${database.name} with a user that only owns its database`, { skip: database.skip }, () => {
    test("opens, writes and elects", async () => {
      const url = new URL(urlOf(await database.fresh()));
      const role = `owner${Math.round(performance.now())}`;
      await queryOf(url.href, `create role ${role} login password 'own'`);
      await queryOf(url.href, `alter database ${url.pathname.slice(1)} owner to ${role}`);
      url.username = role;
      url.password = "own";
      const store = await database.open({ url: url.href });
      await store.write(async ({ record }) => record(port("p", 1)));
      let term = 0;
      store.elect("work", (leadership) => {
        term = leadership.term;
        return () => undefined;
      });
      await until("it leads", () => term === 1);
      await store.close();
    });
  });

  describe(`${database.name} and a node that stops`, { skip: database.skip }, () => {
    test("in the middle of a write, by SIGSTOP: the others go on within seconds, and nothing of it remains", async () => {
      const place = await database.fresh();
      const store = await database.open(place);
      const child = spawn(
        process.execPath,
        ["--conditions=development", "--input-type=module", "--eval", STOPS_WHILE_WRITING, urlOf(place)],
        { stdio: ["ignore", "pipe", "inherit"] },
      );
      try {
        await once(child.stdout, "data");
        child.kill("SIGSTOP");
        const began = performance.now();
        await store.write(async ({ record }) => record(port("other", 2)));
        assert.ok(performance.now() - began < 7_000, `${performance.now() - began} ms`);
        child.kill("SIGCONT");
        const [code] = (await once(child, "exit")) as [number];
        assert.equal(code, 7, "its write failed with a code");
        assert.deepEqual((await store.snapshot()).entities, [port("other", 2)]);
      } finally {
        child.kill("SIGKILL");
        await store.close();
      }
    });

    test("while it leads, by SIGSTOP: another one leads soon", async () => {
      const place = await database.fresh();
      const store = await database.open(place);
      const child = spawn(
        process.execPath,
        ["--conditions=development", "--input-type=module", "--eval", LEADS, urlOf(place)],
        { stdio: ["ignore", "pipe", "inherit"] },
      );
      try {
        await once(child.stdout, "data");
        let term = 0;
        store.elect("work", (leadership) => {
          term = leadership.term;
          return () => undefined;
        });
        child.kill("SIGSTOP");
        await until("this one leads", () => term === 2);
      } finally {
        child.kill("SIGKILL");
        await store.close();
      }
    });
  });
}

const OPENS = `
import { writeSync } from "node:fs";
import { openStore } from ${JSON.stringify(import.meta.resolve("./index.ts"))};
import { systemClock, systemIds, systemSchedule } from ${JSON.stringify(import.meta.resolve("#kernel"))};
const store = await openStore({ url: process.argv[1], clock: systemClock, ids: systemIds, schedule: systemSchedule, notify: () => undefined });`;

/** A process that says when it leads. */
const LEADS = `${OPENS}
store.elect("work", () => {
  writeSync(1, "leads");
  return () => undefined;
});
setInterval(() => undefined, 1000);`;

/** A process that begins a write, says so, and ends it a second later. */
const STOPS_WHILE_WRITING = `${OPENS}
try {
  await store.write(async ({ db, record }) => {
    record({ kind: "port", key: "stopped", value: { port: 1 } });
    await db.insertInto("instance").values({ name: "stopped", value: "" }).execute();
    writeSync(1, "in");
    await new Promise((resolve) => setTimeout(resolve, 1000));
  });
  process.exit(0);
} catch (error) {
  process.exit(error.code === "state.unreachable" || error.code === "state.busy" ? 7 : 1);
}`;
