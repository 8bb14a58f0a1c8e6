import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { PosternError, systemClock, systemIds } from "#kernel";
import type { EntityChange } from "#link";
import { openStore, type Store } from "./index.ts";

export const folder = mkdtempSync(join(tmpdir(), "postern-store-"));
after(() => rmSync(folder, { recursive: true, force: true }));

let made = 0;
export function freshPath(): string {
  return join(folder, `${++made}.db`);
}

export async function open(path: string = freshPath()): Promise<Store> {
  return await openStore({ path, clock: systemClock, ids: systemIds });
}

export function port(key: string, value: number | null): EntityChange {
  return { kind: "port", key, value: value === null ? null : { port: value } };
}

export async function refusal(work: () => Promise<unknown>): Promise<PosternError> {
  try {
    await work();
  } catch (error) {
    assert.ok(error instanceof PosternError, `an error with a code, not ${String(error)}`);
    return error;
  }
  assert.fail("it was not refused");
}

/** What an enforcement point holds that applies `changes` to nothing. */
export function fold(changes: readonly { entities: readonly EntityChange[] }[]): Map<string, unknown> {
  const held = new Map<string, unknown>();
  for (const { entities } of changes) {
    for (const { kind, key, value } of entities) {
      if (value === null) held.delete(`${kind} ${key}`);
      else held.set(`${kind} ${key}`, value);
    }
  }
  return held;
}

export function sorted(map: ReadonlyMap<string, unknown>): [string, unknown][] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** A repeatable stream of numbers from 0 to 1 (mulberry32), so that a failure can be seen again. */
export function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}
