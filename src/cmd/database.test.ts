import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, beforeEach, test } from "node:test";
import {
  checkDatabaseUrl,
  databaseFile,
  databaseOf,
  maskedDatabase,
  settleDatabase,
  sqliteFile,
  writeDatabaseFile,
} from "./database.ts";

const ROOM = mkdtempSync(join(tmpdir(), "database-"));
after(() => rmSync(ROOM, { recursive: true }));

let data: string;
beforeEach(() => {
  data = mkdtempSync(join(ROOM, "data-"));
});

const LOCAL = "postgres://postern:secret@localhost:5432/postern";

test("a folder begins on SQLite, and one that was started on PostgreSQL stays there", () => {
  assert.deepEqual(settleDatabase(data, undefined), { path: sqliteFile(data) });
  assert.deepEqual(settleDatabase(data, LOCAL), { url: LOCAL });
  assert.deepEqual(settleDatabase(data, undefined), { url: LOCAL });
  assert.deepEqual(databaseOf(data), { url: LOCAL });
  assert.equal(statSync(databaseFile(data)).mode & 0o777, 0o600);
});

test("another address of PostgreSQL takes the place of the one before, as after a changed password", () => {
  settleDatabase(data, LOCAL);
  const other = LOCAL.replace("secret", "changed");
  assert.deepEqual(settleDatabase(data, other), { url: other });
  assert.equal(readFileSync(databaseFile(data), "utf8"), `${other}\n`);
  assert.ok(!existsSync(`${databaseFile(data)}.next`));
});

test("a folder whose state is in SQLite does not begin anew elsewhere", () => {
  writeFileSync(sqliteFile(data), "");
  assert.throws(() => settleDatabase(data, LOCAL), { code: "conflict" });
  assert.ok(!existsSync(databaseFile(data)));
});

test("a file that others can read, or that holds no address, is refused", () => {
  writeDatabaseFile(data, LOCAL);
  chmodSync(databaseFile(data), 0o640);
  assert.throws(() => databaseOf(data), { code: "folder.unsafe" });
  chmodSync(databaseFile(data), 0o600);
  writeFileSync(databaseFile(data), "mysql://elsewhere\n");
  assert.throws(() => databaseOf(data), { code: "usage.invalid" });
});

test("what was left of a write that was cut off does not matter", () => {
  writeFileSync(`${databaseFile(data)}.next`, "postgres://half");
  writeDatabaseFile(data, LOCAL);
  assert.deepEqual(databaseOf(data), { url: LOCAL });
});

test("over a network, an address says how it is protected", () => {
  for (const url of [
    "postgres://db.example.net/postern",
    "postgres://u:p@192.0.2.1/postern",
    "postgresql://[2001:db8::1]/postern",
    "postgres:///postern?host=db.example.net",
    "postgres://db.example.net/postern?sslmode=require&uselibpqcompat=true",
    "postgres://db.example.net/postern?sslmode=prefer",
    "postgres://db.example.net/postern?sslmode=allow",
    "postgres://db.example.net/postern?sslmode=no-verify",
    "postgres://db.example.net/postern?sslmode=verify-ful",
    "postgres://db.example.net/postern?sslmode=verify-full&sslmode=disable",
  ])
    assert.throws(() => checkDatabaseUrl(url, "--database"), { code: "tls.required" }, url);
  for (const url of [
    LOCAL,
    "postgres://127.0.0.1/postern",
    "postgres://[::1]/postern",
    "postgres:///postern?host=/run/postgresql",
    "postgres://db.example.net/postern?sslmode=verify-full",
    "postgres://db.example.net/postern?sslmode=disable",
  ])
    assert.equal(checkDatabaseUrl(url, "--database"), url);
  for (const url of ["", "localhost", "mysql://localhost/x", "http://localhost"])
    assert.throws(() => checkDatabaseUrl(url, "--database"), { code: "usage.invalid" }, url);
});

test("a password is never shown", () => {
  assert.equal(maskedDatabase({ url: LOCAL }), "postgres://postern:***@localhost:5432/postern");
  assert.doesNotMatch(maskedDatabase({ url: "postgres://localhost/x?password=secret" }), /secret/);
  assert.equal(maskedDatabase({ path: "/x/postern.db" }), "/x/postern.db");
});
