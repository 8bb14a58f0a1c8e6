/**
 * The event log: every decision, sign-in and administrative act, in one order, the order of ingest. What
 * enforcement points recorded arrives in batches and is taken exactly once; what control does itself is
 * appended in the transaction that does it.
 */
export * from "./log.ts";
export * from "./types.ts";
