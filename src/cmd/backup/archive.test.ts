import assert from "node:assert/strict";
import { createWriteStream, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { after, test } from "node:test";
import { gunzipSync, gzipSync } from "node:zlib";
import { PosternError } from "#kernel";
import { type ArchiveHeader, archive, openArchive } from "./archive.ts";

const ROOM = mkdtempSync(join(tmpdir(), "archive-"));
after(() => rmSync(ROOM, { recursive: true }));
const PATH = join(ROOM, "a.backup");

const HEADER: ArchiveHeader = {
  postern: "0.1.0",
  madeAt: 1,
  instance: "ins_1",
  epoch: "epoch_1",
  number: 7,
  migrations: ["0001-first"],
};
const LINES = Array.from({ length: 5_000 }, (_, i) => JSON.stringify({ i, text: "é".repeat(i % 50) }));

async function* from(lines: readonly string[]): AsyncGenerator<string> {
  yield* lines;
}

async function write(lines: readonly string[] = LINES, header: ArchiveHeader = HEADER): Promise<Buffer> {
  await pipeline(archive(header, from(lines)), createWriteStream(PATH));
  return readFileSync(PATH);
}

async function read(path: string = PATH): Promise<string[]> {
  const opened = await openArchive(path);
  const lines: string[] = [];
  try {
    for await (const line of opened.lines) lines.push(line);
  } finally {
    opened.close();
  }
  return lines;
}

async function refused(path: string = PATH): Promise<PosternError> {
  try {
    await read(path);
  } catch (error) {
    assert.ok(error instanceof PosternError, String(error));
    return error;
  }
  return assert.fail("it was taken");
}

test("what was written is read", async () => {
  await write();
  const opened = await openArchive(PATH);
  opened.close();
  assert.deepEqual(opened.header, HEADER);
  assert.deepEqual(await read(), LINES);
  await write([]);
  assert.deepEqual(await read(), []);
});

test("cut at any byte, it is refused", async () => {
  const whole = await write();
  const places = [0, 1, 5, 10, 20, whole.length - 1, whole.length - 4, whole.length - 8, whole.length - 9];
  for (let i = 0; i < 60; i++) places.push((i * 7_919) % whole.length);
  for (const place of places) {
    writeFileSync(PATH, whole.subarray(0, place));
    assert.equal((await refused()).code, "state.damaged", `cut at ${place} of ${whole.length}`);
  }
});

test("with any bit turned, it is refused", async () => {
  const whole = await write();
  for (let i = 0; i < 60; i++) {
    // the first ten bytes are gzip's header, of which the time and the system do not matter
    const place = 10 + ((i * 7_919) % (whole.length - 10));
    const turned = Buffer.from(whole);
    turned[place] = (turned[place] ?? 0) ^ (1 << (i % 8));
    writeFileSync(PATH, turned);
    const { code } = await refused();
    assert.ok(code === "state.damaged", `turned at ${place}: ${code}`);
  }
});

test("altered and packed anew, it is refused by its own hash", async () => {
  const text = gunzipSync(await write()).toString();
  const alterations: readonly ((text: string) => string)[] = [
    (all) => all.replace('"i":7,', '"i":8,'),
    (all) => all.split("\n").toSpliced(100, 1).join("\n"),
    (all) => all.split("\n").slice(0, -2).join("\n").concat("\n"),
    (all) => all.slice(0, -1),
    (all) => `${all}{}\n`,
    (all) => all.replace('"number":7', '"number":8'),
  ];
  for (const alter of alterations) {
    const altered = alter(text);
    assert.notEqual(altered, text);
    writeFileSync(PATH, gzipSync(altered));
    assert.equal((await refused()).code, "state.damaged");
  }
});

test("of a later version, not of ours, or not there: refused, each with its code", async () => {
  const text = gunzipSync(await write()).toString();
  writeFileSync(PATH, gzipSync(text.replace('"version":1', '"version":2')));
  assert.equal((await refused()).code, "state.newer");
  for (const other of [
    gzipSync("{}\n"),
    gzipSync("hello\n"),
    gzipSync(""),
    Buffer.from("hello"),
    Buffer.alloc(0),
  ]) {
    writeFileSync(PATH, other);
    assert.equal((await refused()).code, "state.damaged");
  }
  assert.equal((await refused(join(ROOM, "none"))).code, "not_found");
  assert.equal((await refused(ROOM)).code, "not_found");
});

test("a dump that fails makes no whole backup", async () => {
  async function* failing(): AsyncGenerator<string> {
    yield "1";
    throw new Error("the database went away");
  }
  await assert.rejects(pipeline(archive(HEADER, failing()), createWriteStream(PATH)), /went away/);
  assert.equal((await refused()).code, "state.damaged");
});
