import type { Kysely, Transaction } from "kysely";
import type { Schema } from "./schema.ts";

/**
 * One of the two databases, with what they do differently. Everything else of the store is written once, in SQL that both
 * understand.
 */
export interface Database {
  readonly kind: "sqlite" | "postgres";
  /** For reading: sees committed state only. */
  readonly reader: Kysely<Schema>;
  readonly writer: Kysely<Schema>;
  /** Whether other nodes may write, so that the database has to be asked again and again. */
  readonly shared: boolean;
  /**
   * Waits until no other plain write of this node is under way, so that they do not all wait in the database; the returned
   * function lets the next one begin.
   * @throws PosternError `state.busy`
   */
  turn(): Promise<() => void>;
  /** Runs at the beginning of a plain write: after it no other runs, on any node, until this one ends. */
  exclude(db: Transaction<Schema>): Promise<void>;
  /** From here on this write alone adds events, so that their places are in the order of commits. */
  orderEvents(db: Transaction<Schema>): Promise<void>;
  /** Wakes the other nodes if this write commits. */
  announce(db: Transaction<Schema>): Promise<void>;
  /** Several reads of one moment. */
  readOnce<T>(work: (db: Transaction<Schema>) => Promise<T>): Promise<T>;
  /** Calls back when another node has written: a hint. */
  onHint(listener: () => void): () => void;
  readonly locks: TaskLocks;
  close(): Promise<void>;
}

/** Locks by name, each held by one node at a time, and the terms of those who hold them. */
export interface TaskLocks {
  /** Takes the lock and begins a term; undefined while another node has it. */
  win(task: string, at: number): Promise<number | undefined>;
  release(task: string): Promise<void>;
  /** Finds out whether the locks are still held, where that is not noticed by itself. */
  check(): Promise<void>;
  /** Calls back when all of them were lost at once. */
  onLost(listener: () => void): void;
}
