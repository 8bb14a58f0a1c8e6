import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, describe, test } from "node:test";
import { type ErrorCode, PosternError, systemClock, systemIds } from "#kernel";
import type { EntityChange, PortState } from "#link";
import { openStore, type Store } from "./index.ts";

const folder = mkdtempSync(join(tmpdir(), "postern-store-"));
after(() => rmSync(folder, { recursive: true, force: true }));

let made = 0;
function freshPath(): string {
  return join(folder, `${++made}.db`);
}

async function open(path: string = freshPath()): Promise<Store> {
  return await openStore({ path, clock: systemClock, ids: systemIds });
}

function port(key: string, value: number | null): EntityChange {
  return { kind: "port", key, value: value === null ? null : { port: value } };
}

async function refusal(work: () => Promise<unknown>): Promise<PosternError> {
  try {
    await work();
  } catch (error) {
    assert.ok(error instanceof PosternError, `an error with a code, not ${String(error)}`);
    return error;
  }
  assert.fail("it was not refused");
}

/** What an enforcement point holds that applies `changes` to nothing. */
function fold(changes: readonly { entities: readonly EntityChange[] }[]): Map<string, unknown> {
  const held = new Map<string, unknown>();
  for (const { entities } of changes) {
    for (const { kind, key, value } of entities) {
      if (value === null) held.delete(`${kind} ${key}`);
      else held.set(`${kind} ${key}`, value);
    }
  }
  return held;
}

function sorted(map: ReadonlyMap<string, unknown>): [string, unknown][] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** A repeatable stream of numbers from 0 to 1 (mulberry32), so that a failure can be seen again. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}

describe("a write", () => {
  test("commits its rows, its change and its number together", async () => {
    const store = await open();
    const { value, number } = await store.write(async ({ db, record }) => {
      await db.insertInto("instance").values({ name: "id", value: "ins_1" }).execute();
      record(port("wiki", 7402));
      return "done";
    });
    assert.equal(value, "done");
    assert.equal(number, 1);
    assert.equal(await store.head(), 1);
    assert.deepEqual((await store.snapshot()).entities, [port("wiki", 7402)]);
    assert.deepEqual(await store.changesAfter(0, 10), [
      { type: "change", epoch: store.epoch, number: 1, entities: [port("wiki", 7402)] },
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
    assert.equal(await store.head(), 0);
    assert.deepEqual((await store.snapshot()).entities, []);
    assert.deepEqual(await store.db.selectFrom("instance").selectAll().execute(), []);
    await store.write(async ({ record }) => record(port("wiki", 7402)));
    assert.equal(await store.head(), 1, "the number of the one that failed is not lost");
    assert.equal(heard, 1);
    await store.close();
  });

  test("that records nothing takes no number", async () => {
    const store = await open();
    await store.write(async ({ record }) => record(port("wiki", 7402)));
    const { number } = await store.write(
      async ({ db }) => await db.insertInto("instance").values({ name: "a", value: "b" }).execute(),
    );
    assert.equal(number, 1);
    assert.equal(await store.head(), 1);
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
    assert.deepEqual(heard, ["write"]);
    await store.write(async ({ record }) => record(port("p", 1)));
    await pause(0);
    assert.deepEqual(heard, ["write", "change", "write"]);
    stop();
    stopWrite();
    await store.write(async ({ record }) => record(port("p", 2)));
    await pause(0);
    assert.equal(heard.length, 3);
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
      /readonly/,
    );
    await store.close();
  });
});

describe("a write inside a write", () => {
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
    assert.deepEqual((await store.changesAfter(0, 9))?.[0]?.entities, [port("a", 1), port("b", 2)]);
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
    assert.equal(await store.head(), 0);
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
    assert.equal(await store.head(), 2);
    await store.close();
  });
});

describe("the change log", () => {
  test("32 concurrent writers with delays and rollbacks: numbers without gaps, in commit order, adding up to the state", async () => {
    const store = await open();
    const random = numbers(7);
    const acknowledged: number[] = [];
    let failed = 0;
    const writers = Array.from({ length: 32 }, async (_, writer) => {
      for (let i = 0; i < 12; i++) {
        const [delay, fails, removes] = [random() * 3, random() < 0.25, random() < 0.3];
        await pause(random() * 3);
        try {
          const { number } = await store.write(async ({ db, record }) => {
            record(port(`shared-${i % 5}`, removes ? null : writer * 100 + i));
            await pause(delay);
            await db
              .insertInto("instance")
              .values({ name: `${writer}-${i}`, value: "" })
              .execute();
            if (fails) throw new Error("rolled back");
            record(port(`own-${writer}`, i));
          });
          acknowledged.push(number);
        } catch (error) {
          assert.match(String(error), /rolled back/);
          failed++;
        }
      }
    });
    await Promise.all(writers);
    assert.ok(failed > 0 && acknowledged.length + failed === 32 * 12);
    assert.deepEqual(
      [...acknowledged].sort((a, b) => a - b),
      Array.from({ length: acknowledged.length }, (_, i) => i + 1),
    );
    assert.deepEqual(
      acknowledged,
      [...acknowledged].sort((a, b) => a - b),
      "acknowledged in order",
    );
    const changes = (await store.changesAfter(0, 1_000)) ?? [];
    assert.deepEqual(
      changes.map(({ number }) => number),
      Array.from({ length: acknowledged.length }, (_, i) => i + 1),
    );
    assert.deepEqual(sorted(fold(changes)), sorted(fold([await store.snapshot()])));
    const rows = await store.db.selectFrom("instance").select("name").execute();
    assert.equal(rows.length, acknowledged.length);
    await store.close();
  });

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
      const rest = await store.changesAfter(snapshot.number, 1_000);
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
    let at = 0;
    while (writing) {
      const changes = await store.changesAfter(at, 3);
      assert.ok(changes !== undefined);
      for (const { number } of changes) assert.equal(number, ++at);
      await pause(0);
    }
    await writer;
    await store.close();
  });

  test("a reader that is too far behind, or ahead, is told that only a snapshot helps", async () => {
    const path = freshPath();
    const store = await open(path);
    for (let i = 0; i < 3; i++) await store.write(async ({ record }) => record(port("p", i)));
    assert.deepEqual(await store.changesAfter(3, 10), []);
    assert.equal(await store.changesAfter(4, 10), undefined);
    await store.write(async ({ db }) => await db.deleteFrom("change").where("number", "<=", 2).execute());
    assert.equal(await store.changesAfter(1, 10), undefined);
    assert.equal((await store.changesAfter(2, 10))?.length, 1);
    await store.close();
  });

  test("keeps its epoch and its numbers over a restart", async () => {
    const path = freshPath();
    const before = await open(path);
    await before.write(async ({ record }) => record(port("p", 1)));
    await before.close();
    const again = await open(path);
    assert.equal(again.epoch, before.epoch);
    const { number } = await again.write(async ({ record }) => record(port("q", 2)));
    assert.equal(number, 2);
    assert.deepEqual(sorted(fold([await again.snapshot()])), [
      ["port p", { port: 1 }],
      ["port q", { port: 2 }],
    ]);
    await again.close();
  });
});

describe("opening", () => {
  async function refused(path: string, code: ErrorCode): Promise<PosternError> {
    const error = await refusal(async () => await open(path));
    assert.equal(error.code, code, error.message);
    assert.equal(error.details.where, path);
    assert.ok(error.details.remedy);
    return error;
  }

  test("makes a file that only its owner reads", async () => {
    const path = freshPath();
    const store = await open(path);
    await store.write(async ({ record }) => record(port("p", 1)));
    for (const suffix of ["", "-wal", "-shm"]) assert.equal(statSync(path + suffix).mode & 0o777, 0o600);
    await store.close();
  });

  test("a file that is no database is state.damaged, and stays as it is", async () => {
    const path = freshPath();
    writeFileSync(path, "this is no database, whatever its name says".repeat(100));
    await refused(path, "state.damaged");
    assert.match(readFileSync(path, "utf8"), /^this is no database/);
  });

  test("a database with a page overwritten is state.damaged", async () => {
    const path = freshPath();
    const store = await open(path);
    for (let i = 0; i < 200; i++)
      await store.write(async ({ record }) => record(port(`port-${i}-${"x".repeat(200)}`, i)));
    await store.close();
    const bytes = readFileSync(path);
    bytes.fill(0xa5, 4096 * 3, 4096 * 6);
    writeFileSync(path, bytes);
    await refused(path, "state.damaged");
  });

  test("a database of a later version is state.newer", async () => {
    const path = freshPath();
    await (await open(path)).close();
    const database = new DatabaseSync(path);
    database
      .prepare("insert into kysely_migration (name, timestamp) values (?, ?)")
      .run("9999-later", new Date(0).toISOString());
    database.close();
    await refused(path, "state.newer");
  });

  test("a path under a file is folder.unwritable", async () => {
    const file = freshPath();
    writeFileSync(file, "");
    await refused(join(file, "postern.db"), "folder.unwritable");
  });

  test("a folder that is not there is folder.unwritable", async () => {
    await refused(join(folder, "absent", "postern.db"), "folder.unwritable");
  });

  test("a folder without the right to write is folder.unwritable", {
    skip: process.getuid?.() === 0 && "root writes anywhere",
  }, async () => {
    const closed = join(folder, "closed");
    mkdirSync(closed, { mode: 0o500 });
    await refused(join(closed, "postern.db"), "folder.unwritable");
  });

  test("a database that another process writes to for long is state.busy", async () => {
    const path = freshPath();
    const other = new DatabaseSync(path);
    other.exec("begin exclusive; create table t (a)");
    await refused(path, "state.busy");
    other.close();
  });
});

/** A process that writes, and prints each number once it is acknowledged. */
const WRITES_UNTIL_KILLED = `
import { writeSync } from "node:fs";
import { openStore } from ${JSON.stringify(import.meta.resolve("./index.ts"))};
import { systemClock, systemIds } from ${JSON.stringify(import.meta.resolve("#kernel"))};
const store = await openStore({ path: process.argv[1], clock: systemClock, ids: systemIds });
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

  const store = await open(path);
  const head = await store.head();
  assert.ok(head >= Math.max(...acknowledged));
  const changes = (await store.changesAfter(0, 100_000)) ?? [];
  assert.deepEqual(
    changes.map(({ number }) => number),
    Array.from({ length: head }, (_, i) => i + 1),
  );
  const state = fold([await store.snapshot()]);
  for (const number of acknowledged)
    assert.deepEqual(state.get(`port p${number}`), { port: number } satisfies PortState);
  await store.close();
});
