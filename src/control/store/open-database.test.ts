import assert from "node:assert/strict";
import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, test } from "node:test";
import type { ErrorCode, PosternError } from "#kernel";
import { folder, freshPath, open, port, refusal } from "./rig.test.ts";

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

  test("a folder without the right to write is folder.unwritable", async () => {
    const closed = join(folder, "closed");
    mkdirSync(closed, { mode: 0o500 });
    // root may write anywhere but where the kernel makes the files
    const place = process.getuid?.() === 0 ? "/sys" : closed;
    await refused(join(place, "postern.db"), "folder.unwritable");
  });

  test("a database that another process writes to for long is state.busy", async () => {
    const path = freshPath();
    const other = new DatabaseSync(path);
    other.exec("begin exclusive; create table t (a)");
    await refused(path, "state.busy");
    other.close();
  });
});
