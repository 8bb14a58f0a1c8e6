import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { createServer, request, type Server } from "node:http";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { sql } from "kysely";
import { type Postgres, startPostgres } from "../../../test/harness/postgres.ts";
import { until } from "../../../test/harness/until.ts";
import { databaseFile, databaseOf, sqliteFile } from "../database.ts";
import { runLine } from "../world-of-test.test.ts";
import {
  AROUND,
  addPerson,
  contentOf,
  emptyFolder,
  epochOf,
  fillInstance,
  instanceFolder,
  ORIGIN,
  openAll,
} from "./backup-rig.test.ts";
import { MOVE_PATH, type MoveState, ownerMoves } from "./database-mover.ts";
import { moveRunning, moveStopped } from "./move-database.ts";

let postgres: Postgres;
before(async () => {
  postgres = await startPostgres();
});
after(async () => await postgres.remove());

describe("an instance that is stopped", () => {
  test("moves with all that it holds, in a new epoch, and keeps its old file", async () => {
    const data = await instanceFolder();
    const path = sqliteFile(data);
    const was = await contentOf({ path });
    const epoch = await epochOf({ path });
    const url = await postgres.createDatabase();
    const { code, stdout, stderr } = await runLine(["db", "migrate-to", url, "--data", data]);
    assert.equal(code, 0, stderr);
    assert.doesNotMatch(stdout + stderr, new RegExp(new URL(url).password));
    assert.match(
      stdout,
      /^The state is in PostgreSQL now\n {2}Database {2}postgres:\/\/postern:\*\*\*@.*\n {2}Moved {5}\d+ rows, up to change 40\n {2}Before {4}kept in .*postern\.db\.moved-\d{8}T\d{6}Z\n/,
    );
    assert.deepEqual(databaseOf(data), { url });
    assert.equal(statSync(databaseFile(data)).mode & 0o777, 0o600);
    assert.ok(!existsSync(path));
    assert.deepEqual(await contentOf({ url }), was);
    assert.notEqual(await epochOf({ url }), epoch);
    const kept = readdirSync(data).find((name) => name.startsWith("postern.db.moved-")) ?? "";
    assert.deepEqual(await contentOf({ path: join(data, kept) }), was);
    const { store } = await openAll({ url });
    assert.equal(await epochOf({ url }), (await store.head()).epoch);
    await addPerson(store, 777);
    await store.close();
    const again = await runLine(["db", "migrate-to", url, "--data", data, "--json"]);
    assert.equal(
      (JSON.parse(again.stdout) as { readonly error: { readonly code: string } }).error.code,
      "conflict",
    );
  });

  test("stays where it is when the other database is not empty, away, or fails on the way", async () => {
    const data = await instanceFolder(50);
    const path = sqliteFile(data);
    const was = await contentOf({ path });
    const used = await postgres.createDatabase();
    await fillInstance(emptyFolder(), { url: used }, 2);
    const theirs = await contentOf({ url: used });
    const away = "postgres://postern:x@127.0.0.1:1/postern";
    const refusals: readonly (readonly [string, string])[] = [
      [used, "conflict"],
      [away, "state.unreachable"],
    ];
    for (const [url, code] of refusals)
      await assert.rejects(
        moveStopped({ ...AROUND, data, url }),
        (error: { code?: string }) => error.code === code,
      );
    assert.deepEqual(await contentOf({ url: used }), theirs);
    assert.deepEqual(databaseOf(data), { path });
    assert.deepEqual(await contentOf({ path }), was);
  });
});

describe("an instance that runs", () => {
  test("loses no acknowledged write, and writes nothing where nobody will look", async () => {
    const data = await instanceFolder(300);
    const path = sqliteFile(data);
    const url = await postgres.createDatabase();
    const { store, log } = await openAll({ path });
    const acknowledged: number[] = [];
    let next = 1_000;
    let stop = false;
    const write = async (): Promise<void> => {
      while (!stop) {
        const i = next++;
        await addPerson(store, i);
        acknowledged.push(i);
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    void write();
    void write();
    let restarted = false;
    const server = createServer(
      ownerMoves(
        { ...AROUND, store, log, origin: ORIGIN, data, restart: () => (restarted = true) },
        (_, response) => response.end("next"),
      ),
    );
    const port = await listening(server);
    try {
      assert.equal((await ask(port, "GET", "/api/v1/overview")).text, "next");
      assert.deepEqual(JSON.parse((await ask(port, "GET", MOVE_PATH)).text), { state: "idle" });
      for (const bad of ["{}", '{"url":"mysql://x"}', "no"])
        assert.equal((await ask(port, "POST", MOVE_PATH, bad)).status, 400);
      assert.equal((await ask(port, "DELETE", MOVE_PATH)).status, 405);
      await until("some writes", () => acknowledged.length > 20);
      const begun = await ask(port, "POST", MOVE_PATH, JSON.stringify({ url }));
      assert.equal(begun.status, 202);
      assert.equal((await ask(port, "POST", MOVE_PATH, JSON.stringify({ url }))).status, 400);
      const moved = await until("the move", async () => {
        const state = JSON.parse((await ask(port, "GET", MOVE_PATH)).text) as MoveState;
        assert.notEqual(state.state, "failed", JSON.stringify(state));
        return state.state === "moved" ? state : undefined;
      });
      assert.match(moved.database, /:\*\*\*@/);
      const count = acknowledged.length;
      await until("the restart", () => restarted);
      assert.equal(acknowledged.length, count, "nothing is acknowledged after the move");
      stop = true;
      assert.deepEqual(databaseOf(data), { url });
      const there = (await contentOf({ url })).join("\n");
      for (const i of acknowledged) assert.ok(there.includes(`ses_${i}"`), `${i} was acknowledged`);
      assert.match(there, /database\.move/);
    } finally {
      server.close();
      server.closeAllConnections();
    }
  });

  test("goes on when the move fails", async () => {
    const data = await instanceFolder(10);
    const { store } = await openAll({ path: sqliteFile(data) });
    const used = await postgres.createDatabase();
    await fillInstance(emptyFolder(), { url: used }, 2);
    await assert.rejects(moveRunning(store, { ...AROUND, data, url: used }), { code: "conflict" });
    const url = await postgres.createDatabase();
    // fails in the middle: PostgreSQL takes no row of this table
    const { store: target } = await openAll({ url });
    await target.write(async ({ db }) => {
      await sql`alter table session add constraint never check (false)`.execute(db);
    });
    await target.close();
    await assert.rejects(moveRunning(store, { ...AROUND, data, url }), { code: "state.unreachable" });
    await addPerson(store, 2_000);
    await store.close();
    assert.deepEqual(databaseOf(data), { path: sqliteFile(data) });
    assert.ok((await contentOf({ path: sqliteFile(data) })).join("\n").includes("ses_2000"));
  });
});

/** Writes and moves in a process of its own, to be killed. Says each acknowledged write, and when it begins to move. */
const MOVER = fileURLToPath(new URL("./mover-to-be-killed.test.ts", import.meta.url));

describe("killed with -9 at any moment of the move", () => {
  const times = 12;
  test(`exactly one database is the one in use, with every acknowledged write (${times} times)`, {
    timeout: 240_000,
  }, async () => {
    let moved = 0;
    for (let i = 0; i < times; i++) {
      const data = await instanceFolder(400);
      const url = await postgres.createDatabase();
      const child = spawn(process.execPath, ["--conditions=development", MOVER, data, url], {
        stdio: ["ignore", "pipe", "inherit"],
        // not a test of its own, whose report would be on its output
        env: { ...process.env, NODE_TEST_CONTEXT: undefined, POSTERN_TEST_MOVER: "1" },
      });
      // the last one is killed when it has just moved
      const acknowledged = await killedAfterBeginning(
        child,
        i === times - 1 ? databaseFile(data) : (i * 37) % 450,
      );
      const used = databaseOf(data);
      const there = (await contentOf(used)).join("\n");
      for (const id of acknowledged)
        assert.ok(there.includes(`ses_${id}"`), `${id} in ${JSON.stringify(used)}`);
      if ("url" in used) moved += 1;
      else {
        // what was left over there does not stand in the way
        await moveStopped({ ...AROUND, data, url });
        const then = (await contentOf({ url })).join("\n");
        for (const id of acknowledged) assert.ok(then.includes(`ses_${id}"`), `${id} after another try`);
        assert.ok(readFileSync(databaseFile(data), "utf8").includes(url));
      }
    }
    assert.ok(moved > 0 && moved < times, `killed before the end and after it: ${moved} had moved`);
  });
});

/** Kills it so many milliseconds after it begins to move, or when a file appears. */
async function killedAfterBeginning(child: ChildProcess, when: number | string): Promise<number[]> {
  const acknowledged: number[] = [];
  const began = Promise.withResolvers<void>();
  const gone = once(child, "exit");
  if (child.stdout === null) throw new Error("without output");
  createInterface({ input: child.stdout }).on("line", (line) => {
    if (line === "moving") began.resolve();
    else acknowledged.push(Number(line));
  });
  await Promise.race([began.promise, gone.then(() => assert.fail("it ended before it moved"))]);
  if (typeof when === "string") await until("the file", () => existsSync(when));
  else await new Promise((resolve) => setTimeout(resolve, when));
  child.kill("SIGKILL");
  await gone;
  return acknowledged;
}

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

async function ask(
  port: number,
  method: string,
  path: string,
  body?: string,
): Promise<{ status: number; text: string }> {
  return await new Promise((resolve, reject) => {
    const sent = request({ port, host: "127.0.0.1", method, path, agent: false }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => {
        text += chunk;
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
    });
    sent.on("error", reject);
    sent.end(body);
  });
}
