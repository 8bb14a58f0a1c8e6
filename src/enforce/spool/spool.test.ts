import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { PosternError, systemClock, systemSchedule } from "#kernel";
import { chainStart, recordHash, type SpoolRecord } from "#link";
import { openSpool, type Spool, type SpoolOptions } from "#spool";

const folders: string[] = [];
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), "spool-"));
  folders.push(made);
  return made;
}

/** A log at the other end: keeps what arrives, refuses while `down`. */
function receiver(): { records: SpoolRecord[]; down: boolean; ship: SpoolOptions["ship"]; batches: number } {
  const state = {
    records: [] as SpoolRecord[],
    down: false,
    batches: 0,
    ship: async (batch: readonly SpoolRecord[]) => {
      if (state.down) throw new Error("no control");
      state.batches++;
      for (const record of batch) {
        const known = state.records.some((r) => r.boot === record.boot && r.sequence === record.sequence);
        if (!known) state.records.push(record);
      }
      return await Promise.resolve({ accepted: {} });
    },
  };
  return state;
}

async function open(options: Partial<SpoolOptions> & { folder: string }): Promise<Spool> {
  return await openSpool({
    source: "gateway:test",
    boot: "boot_1",
    clock: systemClock,
    schedule: systemSchedule,
    ship: receiver().ship,
    notify: () => undefined,
    ...options,
  });
}

async function append(spool: Spool, event: { [name: string]: string | number }): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    spool.append(event, (error) => (error === undefined ? resolve() : reject(error)));
  });
}

async function until(what: string, condition: () => boolean): Promise<void> {
  const end = performance.now() + 10_000;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`never: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** The lines of all segments in a folder. */
function lines(path: string): SpoolRecord[] {
  return readdirSync(path)
    .sort()
    .flatMap((name) => readFileSync(join(path, name), "utf8").split("\n").slice(0, -1))
    .map((line) => JSON.parse(line) as SpoolRecord);
}

test("what is appended in one turn goes to disk in one write, before anyone is called back", async () => {
  const path = folder();
  const { writeSync } = await import("node:fs");
  let writes = 0;
  const spool = await open({
    folder: path,
    ship: async () => await new Promise(() => undefined),
    write: (descriptor, buffer, offset) => {
      writes++;
      return writeSync(descriptor, buffer, offset, buffer.length - offset, null);
    },
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

test("while control is away records wait on disk, and go in order when it is back", async () => {
  const path = folder();
  const end = receiver();
  end.down = true;
  const spool = await open({ folder: path, ship: end.ship, segmentBytes: 2_000 });
  for (let i = 0; i < 50; i++) await append(spool, { i, padding: "x".repeat(100) });
  assert.ok(readdirSync(path).length > 3, "a full segment is followed by another");
  assert.equal(end.records.length, 0);
  end.down = false;
  await until("all shipped", () => end.records.length === 50);
  assert.deepEqual(
    end.records.map((record) => record.sequence),
    Array.from({ length: 50 }, (_, i) => i + 1),
  );
  await until("full segments are removed", () => readdirSync(path).length === 1);
  await spool.close();
});

test("a write that fails is told to everyone in its group, leaves no trace, and is recovered from", async () => {
  const path = folder();
  const { writeSync } = await import("node:fs");
  const end = receiver();
  let full = false;
  const spool = await open({
    folder: path,
    ship: end.ship,
    write: (descriptor, buffer, offset) => {
      if (!full) return writeSync(descriptor, buffer, offset, buffer.length - offset, null);
      // a disk that fills up in the middle of a record
      if (offset === 0) return writeSync(descriptor, buffer, 0, 10, null);
      throw Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" });
    },
  });
  await append(spool, { i: 1 });
  full = true;
  const unwritable = (error: unknown): boolean =>
    error instanceof PosternError && error.code === "log.unwritable";
  await Promise.all([
    assert.rejects(append(spool, { i: 2 }), unwritable),
    assert.rejects(append(spool, { i: 3 }), unwritable),
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

test("kill -9 while recording: whatever was acknowledged reaches the log at the next start", async () => {
  const path = folder();
  const program = fileURLToPath(new URL("./records-until-killed.test.ts", import.meta.url));
  const child = spawn(process.execPath, ["--conditions=development", program, path], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let acknowledged = 0;
  createInterface({ input: child.stdout }).on("line", (line) => {
    acknowledged = Number(line);
  });
  await until("some records", () => acknowledged > 500);
  child.kill("SIGKILL");
  await once(child, "close");
  const names = readdirSync(path);
  // the machine may have cut the last line off in the middle
  appendFileSync(join(path, names.at(-1) ?? ""), '{"source":"gateway:test","bo');

  const end = receiver();
  const spool = await open({ folder: path, boot: "boot_2", ship: end.ship });
  await append(spool, { after: 1 });
  await until("all shipped", () => end.records.some((record) => record.boot === "boot_2"));
  const former = end.records.filter((record) => record.boot === "boot_1");
  assert.ok(former.length >= acknowledged, `${former.length} of ${acknowledged}`);
  assert.deepEqual(
    former.map((record) => record.sequence),
    Array.from({ length: former.length }, (_, i) => i + 1),
  );
  await spool.close();
});

test("another source's records in the folder are left alone", async () => {
  const path = folder();
  const stays = receiver();
  stays.down = true;
  const other = await open({ folder: path, source: "agent:a.b/c", boot: "boot_9", ship: stays.ship });
  await append(other, { mine: 1 });
  const end = receiver();
  const spool = await open({ folder: path, ship: end.ship });
  await append(spool, { i: 1 });
  await until("shipped", () => end.records.length === 1);
  await spool.close();
  assert.equal(lines(path)[0]?.source, "agent:a.b/c");
  await other.close();
});
