import type { Kysely, Transaction } from "kysely";
import type { EntityChange } from "#link";
import type { Schema } from "./schema.ts";

/** What another node, or this one, has written since it was last asked. */
export interface Seen {
  readonly epoch: string;
  readonly number: number;
  /** The highest place in the event log. */
  readonly event: number;
}

/**
 * One of the two databases, with what they do differently. Everything else of the store is written once, in SQL that both
 * understand.
 */
export interface Database {
  readonly kind: "sqlite" | "postgres";
  /** For reading: sees committed state only. */
  readonly reader: Kysely<Schema>;
  readonly writer: Kysely<Schema>;
  /** Runs at the beginning of a write: after it no other plain write runs, on any node, until this one ends. */
  exclude(db: Transaction<Schema>): Promise<void>;
  /** From here on this write alone adds events, so that their places are in the order of commits. */
  orderEvents(db: Transaction<Schema>): Promise<void>;
  /** Runs inside a write that has recorded changes, or has not: wakes the other nodes when it commits. */
  announce(db: Transaction<Schema>): Promise<void>;
  /** Several reads of one moment. */
  readOnce<T>(work: (db: Transaction<Schema>) => Promise<T>): Promise<T>;
  /** Calls back when another node may have written: a hint. */
  onHint(listener: () => void): () => void;
  /** Whether other nodes may write, so that the database has to be asked again and again. */
  readonly shared: boolean;
  /** What identifies the history that the database is in; another one after a failover or a restore below us. */
  history(): Promise<string | undefined>;
  /** Holds the named lock for as long as the returned connection lives; undefined while another node has it. */
  tryLock(task: string, onLost: () => void): Promise<(() => Promise<void>) | undefined>;
  close(): Promise<void>;
}

export type Changes = readonly EntityChange[];
