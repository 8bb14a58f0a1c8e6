/**
 * The event log: every decision, sign-in and administrative act, in one order, the order of ingest. What
 * enforcement points recorded arrives in batches and is taken exactly once; what control does itself is
 * appended in the transaction that does it.
 *
 * Any control node takes any batch, and a batch may reach two of them at once. Whoever adds events takes its turn first
 * (`orderEvents` of the store) and keeps it until it commits; that alone makes each record be taken once, holds the chain of
 * each boot, and puts places in the order of commits, so that a follower who has read up to a place has missed nothing below
 * it. Everything that can be done before that turn is done before it, since the others wait.
 *
 * Searches and counts say the same on SQLite and PostgreSQL: A to Z are the only letters whose case does not matter.
 */
export * from "./log.ts";
export * from "./types.ts";
