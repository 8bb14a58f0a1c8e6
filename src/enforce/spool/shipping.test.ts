import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, readdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { append, folder, lines, open, receiver, until } from "./spool-rig.test.ts";

test("while control is away records wait on disk, and go in order when it is back", async () => {
  const path = folder();
  const end = receiver();
  end.down = true;
  const spool = await open({ folder: path, ship: end.ship, segmentBytes: 2_000 });
  for (let i = 0; i < 50; i++) await append(spool, { i, padding: "x".repeat(100) });
  assert.ok(readdirSync(path).length > 3, "a full segment is followed by another");
  assert.equal(end.records.length, 0);
  assert.equal(spool.unshipped, 50);
  end.down = false;
  await until("all shipped", () => end.records.length === 50);
  await until("all acknowledged", () => spool.unshipped === 0);
  assert.deepEqual(
    end.records.map((record) => record.sequence),
    Array.from({ length: 50 }, (_, i) => i + 1),
  );
  await until("full segments are removed", () => readdirSync(path).length === 1);
  await spool.close();
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
  end.down = true;
  const spool = await open({ folder: path, boot: "boot_2", ship: end.ship });
  assert.ok(spool.unshipped >= acknowledged, "what a former boot left counts");
  await append(spool, { after: 1 });
  end.down = false;
  await until("all shipped", () => end.records.some((record) => record.boot === "boot_2"));
  const former = end.records.filter((record) => record.boot === "boot_1");
  assert.ok(former.length >= acknowledged, `${former.length} of ${acknowledged}`);
  assert.deepEqual(
    former.map((record) => record.sequence),
    Array.from({ length: former.length }, (_, i) => i + 1),
  );
  await until("all acknowledged", () => spool.unshipped === 0);
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

test("what control did not take of a batch is sent again", async () => {
  const sent: number[][] = [];
  const spool = await open({
    folder: folder(),
    ship: async (batch) => {
      sent.push(batch.map((record) => record.sequence));
      const first = batch[0];
      return await Promise.resolve({
        accepted: { boot_1: (first?.sequence ?? 0) - (sent.length === 1 ? 1 : 0) },
      });
    },
  });
  await Promise.all([1, 2, 3].map(async (i) => await append(spool, { i })));
  await until("all taken", () => sent.at(-1)?.[0] === 3);
  await spool.close();
  assert.deepEqual(sent, [[1, 2, 3], [1, 2, 3], [2, 3], [3]]);
});

test("a damaged line of a former boot holds up nothing behind it, and leaves a gap", async () => {
  const path = folder();
  const former = await open({
    folder: path,
    boot: "boot_0",
    ship: async () => await new Promise(() => undefined),
  });
  for (let i = 1; i <= 3; i++) await append(former, { i });
  await former.close();
  const [name = ""] = readdirSync(path);
  const text = readFileSync(join(path, name), "utf8").split("\n");
  for (const damage of ["{", '"text"', '{"source":1}']) {
    writeFileSync(join(path, name), [text[0], damage, text[2], ""].join("\n"));
    const end = receiver();
    const notices: unknown[] = [];
    const spool = await open({
      folder: path,
      boot: `boot_${damage.length}`,
      ship: end.ship,
      notify: (notice) => notices.push(notice.message),
    });
    await until("the former boot is shipped", () => end.records.length === 2);
    assert.deepEqual(
      end.records.map((record) => record.sequence),
      [1, 3],
    );
    assert.deepEqual(notices, ["1 damaged records are left out"]);
    await spool.close();
    assert.deepEqual(readdirSync(path), []);
  }
});

test("segments of former boots go in the order in which they were written, whatever their files' times say", async () => {
  const path = folder();
  const away = async (): Promise<never> => await Promise.reject(new Error("no control"));
  for (const boot of ["boot_0a", "boot_0b"]) {
    const former = await open({ folder: path, boot, ship: away, segmentBytes: 1 });
    for (let i = 1; i <= 12; i++) await append(former, { i });
    await former.close();
  }
  for (const [i, name] of readdirSync(path).sort().entries()) utimesSync(join(path, name), 0, 1_000 - i);
  const end = receiver();
  const spool = await open({ folder: path, ship: end.ship });
  await until("all shipped", () => end.records.length === 24);
  assert.deepEqual(
    end.records.map(({ boot, sequence }) => [boot, sequence]),
    ["boot_0a", "boot_0b"].flatMap((boot) => Array.from({ length: 12 }, (_, i) => [boot, i + 1])),
  );
  await spool.close();
});
