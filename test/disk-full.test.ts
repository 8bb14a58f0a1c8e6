/**
 * A disk that is full, for real: a small tmpfs that holds the data folder. What cannot be recorded is not let through, what
 * cannot be written is refused with its reason, and when there is room again everything goes on by itself.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { ask } from "./harness/http.ts";
import { startInstance } from "./harness/instance.ts";
import { askOwner } from "./harness/owner.ts";
import { until } from "./harness/until.ts";
import { startUpstream } from "./harness/upstream.ts";
import { SoftwareVisitor } from "./harness/visitor.ts";

const SIZE = "24m";

function mountRefusal(): string | undefined {
  if (process.getuid?.() !== 0) return "needs root, for a file system of its own";
  const folder = mkdtempSync(join(tmpdir(), "mount-"));
  const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", folder]).status === 0;
  if (mounted) spawnSync("umount", [folder]);
  rmSync(folder, { recursive: true });
  return mounted ? undefined : "this machine does not let root mount a tmpfs";
}
const refusal = mountRefusal();

/** Writes until nothing more fits. */
function fill(path: string): void {
  const file = openSync(path, "w");
  try {
    for (let size = 65_536; size >= 1; size = Math.floor(size / 2)) {
      const block = Buffer.alloc(size);
      try {
        for (;;) writeSync(file, block);
      } catch (error) {
        if (!(error instanceof Error && "code" in error && error.code === "ENOSPC")) throw error;
      }
    }
  } finally {
    closeSync(file);
  }
}

test("the disk is full: nothing is let through unrecorded, no write is half done, and room brings all of it back", {
  timeout: 180_000,
  ...(refusal === undefined ? {} : { skip: refusal }),
}, async () => {
  const data = mkdtempSync(join(tmpdir(), "postern-full-"));
  assert.equal(spawnSync("mount", ["-t", "tmpfs", "-o", `size=${SIZE},mode=0700`, "tmpfs", data]).status, 0);
  const upstream = await startUpstream();
  const instance = await startInstance({ data, flags: ["--no-demo"] });
  try {
    const ada = new SoftwareVisitor();
    await ada.enrol(String(instance.ready.setup), "ada");
    assert.equal(
      (await instance.postern("app", "add", "echo", upstream.url, "--classification", "internal")).code,
      0,
    );
    const url = instance.url("echo");
    assert.equal((await ada.open(url)).status, 200);
    const get = async (path = "/"): Promise<Awaited<ReturnType<typeof ask>>> =>
      await ask(instance.url("echo", path), {
        headers: { cookie: ada.cookie(url), accept: "application/json" },
      });

    const filler = join(data, "filler");
    fill(filler);
    const refused = await until("a request to be refused", async () => {
      const answer = await get("/while-full");
      return answer.status === 503 ? answer : undefined;
    });
    assert.equal((JSON.parse(refused.body) as { code: string }).code, "log.unwritable");
    const before = upstream.seen.length;
    assert.equal((await get("/unrecorded")).status, 503);
    assert.equal(upstream.seen.length, before, "nothing reaches the application unrecorded");

    const names = Array.from({ length: 40 }, (_, i) => `full-${i}`);
    const answers: Awaited<ReturnType<typeof askOwner>>[] = [];
    for (const name of names)
      answers.push(await askOwner(data, "POST", "people", { name, displayName: "x".repeat(60) }));
    const kept = names.filter((_, i) => answers[i]?.status === 200);
    const failed = answers.find(({ status }) => status !== 200);
    assert.ok(failed !== undefined, "control went on writing to a full disk");
    assert.equal(failed.status, 503, JSON.stringify(failed.value));
    const { code, remedy } = failed.value as { readonly code: string; readonly remedy?: string };
    assert.equal(code, "folder.unwritable");
    assert.match(String(remedy), /room/);

    rmSync(filler);
    await until("requests to be served again", async () => (await get()).status === 200, 30_000);
    await until(
      "control to write again",
      async () => (await askOwner(data, "POST", "people", { name: "room" })).status === 200,
      30_000,
    );
    const listed = (await instance.postern("user", "list", "--json")).stdout;
    const there = new Set(
      (JSON.parse(listed) as { items: { name: string }[] }).items.map(({ name }) => name),
    );
    for (const name of names) assert.equal(there.has(name), kept.includes(name), name);
  } finally {
    await instance.stop();
    await upstream.close();
    spawnSync("umount", [data]);
    rmSync(data, { recursive: true, force: true });
  }
});
