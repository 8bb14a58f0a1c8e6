import { sha256Hex } from "#kernel";
import type { SpoolRecord } from "./messages.ts";

/** What the first record of a boot names as the one before it. */
export function chainStart(source: string, boot: string): string {
  return sha256Hex(`${source}\n${boot}`);
}

/** The hash that the next record of the same boot must name: it covers this record and, by `previous`, all before it. */
export function recordHash(record: Pick<SpoolRecord, "previous" | "sequence" | "event">): string {
  return sha256Hex(`${record.previous}\n${record.sequence}\n${record.event}`);
}
