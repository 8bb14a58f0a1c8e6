/**
 * The spool: where an enforcement point writes what it decided before it acts on it. Records are
 * append-only and chained by hash; all of one turn of the event loop go to disk in one write, and only
 * then are their callers called back. A shipper brings them to control's log, which takes each once.
 *
 * What a power cut can lose is the last 100 ms (`FSYNC_MS`); the end of the process loses nothing that was
 * acknowledged.
 */
export * from "./spool.ts";
