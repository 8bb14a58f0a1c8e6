import assert from "node:assert/strict";
import { fdatasyncSync, readdirSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { PosternError } from "#kernel";
import { chainStart, recordHash } from "#link";
import { append, files, folder, isUnwritable, lines, open, receiver, until } from "./spool-rig.test.ts";

test("what is appended in one turn goes to disk in one write, before anyone is called back", async () => {
  const path = folder();
  let writes = 0;
  const spool = await open({
    folder: path,
    ship: async () => await new Promise(() => undefined),
    files: files({
      write(descriptor, buffer, offset) {
        writes++;
        return writeSync(descriptor, buffer, offset, buffer.length - offset, null);
      },
    }),
  });
  const seen: number[] = [];
  await new Promise<void>((resolve) => {
    for (let i = 1; i <= 64; i++) {
      spool.append({ i }, (error) => {
        assert.equal(error, undefined);
        assert.equal(lines(path).length, 64, "called back before the write");
        seen.push(i);
        if (i === 64) resolve();
      });
    }
    assert.equal(writes, 0);
  });
  assert.equal(writes, 1);
  assert.deepEqual(
    seen,
    Array.from({ length: 64 }, (_, i) => i + 1),
  );
  await spool.close();
});

test("records are numbered without gaps and chained by hash", async () => {
  const path = folder();
  const end = receiver();
  const spool = await open({ folder: path, ship: end.ship });
  for (let i = 0; i < 5; i++) await append(spool, { i });
  await until("all shipped", () => end.records.length === 5);
  let previous = chainStart("gateway:test", "boot_1");
  for (const [index, record] of end.records.entries()) {
    assert.equal(record.sequence, index + 1);
    assert.equal(record.previous, previous);
    assert.equal(record.event, JSON.stringify({ i: index }));
    previous = recordHash(record);
  }
  await spool.close();
  assert.deepEqual(readdirSync(path), [], "what control holds is not kept twice");
});

test("a write that fails is told to everyone in its group, leaves no trace, and is recovered from", async () => {
  const path = folder();
  const end = receiver();
  let full = false;
  const spool = await open({
    folder: path,
    ship: end.ship,
    files: files({
      write(descriptor, buffer, offset) {
        if (!full) return writeSync(descriptor, buffer, offset, buffer.length - offset, null);
        // a disk that fills up in the middle of a record
        if (offset === 0) return writeSync(descriptor, buffer, 0, 10, null);
        throw Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" });
      },
    }),
  });
  await append(spool, { i: 1 });
  full = true;
  await Promise.all([
    assert.rejects(append(spool, { i: 2 }), isUnwritable),
    assert.rejects(append(spool, { i: 3 }), isUnwritable),
  ]);
  assert.equal(spool.healthy, false);
  full = false;
  await append(spool, { i: 4 });
  assert.equal(spool.healthy, true);
  await until("shipped", () => end.records.length === 2);
  assert.deepEqual(
    end.records.map(({ sequence, event }) => [sequence, event]),
    [
      [1, '{"i":1}'],
      [2, '{"i":4}'],
    ],
  );
  assert.equal(
    end.records[1]?.previous,
    recordHash(end.records[0] ?? { previous: "", sequence: 0, event: "" }),
  );
  await spool.close();
});

test("a closed spool takes nothing", async () => {
  const spool = await open({ folder: folder() });
  await spool.close();
  await assert.rejects(append(spool, { i: 1 }), /closed/);
});

test("a folder that cannot be made is a clear error", async () => {
  await assert.rejects(
    open({ folder: join(fileURLToPath(import.meta.url), "spool") }),
    (error: unknown) => error instanceof PosternError && error.code === "folder.unwritable",
  );
});

test("the folder and its files are nobody else's", async () => {
  const path = join(folder(), "spool");
  const spool = await open({ folder: path, ship: async () => await new Promise(() => undefined) });
  await append(spool, { i: 1 });
  assert.equal(statSync(path).mode & 0o777, 0o700);
  for (const name of readdirSync(path)) assert.equal(statSync(join(path, name)).mode & 0o777, 0o600);
  await spool.close();
});

test("a disk that does not keep what was written stops the log until it does", async () => {
  const end = receiver();
  let broken = true;
  const spool = await open({
    folder: folder(),
    ship: end.ship,
    files: files({
      sync: async (descriptor) => {
        await Promise.resolve();
        if (broken) throw Object.assign(new Error("EIO: i/o error, fdatasync"), { code: "EIO" });
        fdatasyncSync(descriptor);
      },
    }),
  });
  await append(spool, { i: 1 });
  await until("unhealthy", () => !spool.healthy);
  await assert.rejects(append(spool, { i: 2 }), isUnwritable);
  broken = false;
  await until("the disk keeps it again and a record is taken", () => {
    spool.append({ i: 3 }, () => undefined);
    return spool.healthy;
  });
  await append(spool, { i: 4 });
  await spool.close();
  const events = end.records.map((record) => record.event);
  assert.ok(!events.includes('{"i":2}'), "what was refused is not in the log");
  assert.equal(events[0], '{"i":1}');
  assert.equal(events.at(-1), '{"i":4}');
  assert.deepEqual(
    end.records.map((record) => record.sequence),
    end.records.map((_, i) => i + 1),
  );
});

test("with too much waiting for control nothing more is taken, until control takes it", async () => {
  const end = receiver();
  end.down = true;
  const spool = await open({ folder: folder(), ship: end.ship, segmentBytes: 1_000, backlogBytes: 3_000 });
  let taken = 0;
  await assert.rejects(async () => {
    for (;;) {
      await append(spool, { i: taken, padding: "x".repeat(100) });
      taken++;
    }
  }, isUnwritable);
  assert.ok(taken > 3);
  assert.equal(spool.healthy, false);
  end.down = false;
  await until("shipped", () => end.records.length === taken);
  await append(spool, { last: 1 });
  assert.equal(spool.healthy, true);
  await spool.close();
  assert.equal(end.records.length, taken + 1);
});

test("an event that control would not take is refused at once", async () => {
  const spool = await open({ folder: folder() });
  await assert.rejects(append(spool, { text: "x".repeat(1024 * 1024) }), isUnwritable);
  await append(spool, { i: 1 });
  await spool.close();
});

test("a segment that is written and followed by another while the disk is asked stays open until it is kept", async () => {
  const path = folder();
  const end = receiver();
  const synced = new Set<() => void>();
  const spool = await open({
    folder: path,
    ship: end.ship,
    segmentBytes: 300,
    files: files({
      sync: async (descriptor) => {
        await new Promise<void>((resolve) => synced.add(resolve));
        fdatasyncSync(descriptor);
      },
    }),
  });
  const letGo = (): void => {
    for (const go of synced) go();
    synced.clear();
  };
  await append(spool, { i: 1 });
  await until("the disk to be asked", () => synced.size > 0);
  // more into the first segment, and enough to begin the next, before the disk has answered
  for (let i = 2; i <= 6; i++) await append(spool, { i });
  letGo();
  await until("the disk to be asked again", () => synced.size > 0);
  for (let i = 7; i <= 9; i++) {
    letGo();
    await append(spool, { i });
  }
  assert.equal(spool.healthy, true);
  const closing = spool.close();
  await until("all of it to be kept", () => {
    letGo();
    return end.records.length === 9;
  });
  const stop = setInterval(letGo, 5);
  await closing;
  clearInterval(stop);
});
