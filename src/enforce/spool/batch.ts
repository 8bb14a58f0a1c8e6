import { closeSync, openSync, readSync } from "node:fs";
import { parseJson } from "#kernel";
import type { SpoolRecord } from "#link";

const BATCH_BYTES = 1024 * 1024;
const BATCH_RECORDS = 500;
const NEWLINE = 10;

/** Whole lines of a segment. */
export interface Batch {
  /** Each with the offset at which its line ends. */
  readonly records: readonly { readonly record: SpoolRecord; readonly end: number }[];
  /** How many lines were no records: a disk changed them, or somebody did. */
  readonly damaged: number;
  /** Where the next batch begins. */
  readonly end: number;
}

/** Reads whole lines from `offset`, as many as fit a batch, not beyond `most`. A line without an end is none. */
export function readBatch(path: string, offset: number, most: number): Batch {
  const descriptor = openSync(path, "r");
  try {
    for (let wanted = BATCH_BYTES; ; wanted *= 2) {
      const buffer = Buffer.allocUnsafe(Math.max(0, Math.min(wanted, most - offset)));
      const length = readSync(descriptor, buffer, 0, buffer.length, offset);
      const batch = linesOf(buffer.subarray(0, length), offset);
      // a line longer than a batch is read with more room
      if (batch.end > offset || length < wanted) return batch;
    }
  } finally {
    closeSync(descriptor);
  }
}

/** How many lines a segment holds. */
export function countLines(path: string): number {
  const descriptor = openSync(path, "r");
  try {
    const buffer = Buffer.allocUnsafe(BATCH_BYTES);
    let lines = 0;
    for (let length = -1; length !== 0; ) {
      length = readSync(descriptor, buffer, 0, buffer.length, null);
      const read = buffer.subarray(0, length);
      for (let at = read.indexOf(NEWLINE); at >= 0; at = read.indexOf(NEWLINE, at + 1)) lines += 1;
    }
    return lines;
  } finally {
    closeSync(descriptor);
  }
}

function linesOf(buffer: Buffer, offset: number): Batch {
  const records: { record: SpoolRecord; end: number }[] = [];
  let damaged = 0;
  let at = 0;
  while (records.length < BATCH_RECORDS) {
    const newline = buffer.indexOf(NEWLINE, at);
    if (newline < 0) break;
    const record = recordOf(buffer.toString("utf8", at, newline));
    at = newline + 1;
    if (record === undefined) damaged++;
    else records.push({ record, end: offset + at });
  }
  return { records, damaged, end: offset + at };
}

function recordOf(line: string): SpoolRecord | undefined {
  let parsed: unknown;
  try {
    parsed = parseJson(line, "a record");
  } catch {
    return undefined; // counted as damaged by the caller
  }
  return isRecord(parsed) ? parsed : undefined;
}

function isRecord(value: unknown): value is SpoolRecord {
  if (typeof value !== "object" || value === null) return false;
  const { source, boot, sequence, previous, event } = value as { readonly [member: string]: unknown };
  return (
    [source, boot, previous, event].every((text) => typeof text === "string") &&
    typeof sequence === "number" &&
    Number.isSafeInteger(sequence)
  );
}
