/** What the spool's tests stand on: folders, a log at the other end, and a disk that does as told. */
import { fdatasyncSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { PosternError, systemSchedule } from "#kernel";
import type { SpoolRecord } from "#link";
import { openSpool, type Spool, type SpoolOptions } from "#spool";

const folders: string[] = [];
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

export function folder(): string {
  const made = mkdtempSync(join(tmpdir(), "spool-"));
  folders.push(made);
  return made;
}

/** A log at the other end: keeps what arrives, refuses while `down`. */
export function receiver(): {
  records: SpoolRecord[];
  down: boolean;
  ship: SpoolOptions["ship"];
  batches: number;
} {
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
      const last = batch.at(-1);
      return await Promise.resolve({ accepted: last === undefined ? {} : { [last.boot]: last.sequence } });
    },
  };
  return state;
}

export async function open(options: Partial<SpoolOptions> & { folder: string }): Promise<Spool> {
  return await openSpool({
    source: "gateway:test",
    boot: "boot_1",
    schedule: systemSchedule,
    ship: receiver().ship,
    notify: () => undefined,
    ...options,
  });
}

type Files = NonNullable<SpoolOptions["files"]>;

/** The platform's files, but for what a test makes of them. */
export function files(changed: Partial<Files>): Files {
  return {
    write: (descriptor, buffer, offset) =>
      writeSync(descriptor, buffer, offset, buffer.length - offset, null),
    sync: async (descriptor) => await Promise.resolve(fdatasyncSync(descriptor)),
    ...changed,
  };
}

export function isUnwritable(error: unknown): boolean {
  return error instanceof PosternError && error.code === "log.unwritable";
}

export async function append(spool: Spool, event: { [name: string]: string | number }): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    spool.append(event, (error) => (error === undefined ? resolve() : reject(error)));
  });
}

export async function until(what: string, condition: () => boolean): Promise<void> {
  const end = performance.now() + 10_000;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`never: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** The lines of all segments in a folder. */
export function lines(path: string): SpoolRecord[] {
  return readdirSync(path)
    .sort()
    .flatMap((name) => readFileSync(join(path, name), "utf8").split("\n").slice(0, -1))
    .map((line) => JSON.parse(line) as SpoolRecord);
}
