/**
 * The store: everything that control knows, in one SQL database, and the numbered log of what changed.
 * Every write commits together with its change record, so that an enforcement point which has applied
 * the log up to a number holds exactly the state that the database held at that number.
 *
 * The database is a file of SQLite for one control node, or PostgreSQL for one or several. What the store promises is
 * the same on both, and one suite holds it to both:
 *
 * - A plain write is alone from its first statement on, on all nodes: what it has looked up still holds when it commits.
 *   A `concurrent` one is not, and must not need it.
 * - Numbers have no gaps and are in the order of commits. So are the places of events, for whoever calls `orderEvents`
 *   before it adds any.
 * - The log keeps its last 10,000 changes. Who is further behind, or of another epoch, takes a snapshot.
 * - Whoever listens is told of every commit, of whichever node: PostgreSQL's NOTIFY says so at once, and where it fails the
 *   database is asked four times a second.
 * - A history that is not the one that somebody saw is another epoch: after a restore, when a standby has taken over, and
 *   when the database holds less than it held.
 * - Work that only one node may do is elected, and each of its writes confirms its term.
 * - When the database is away, every call fails with `state.unreachable` or `state.busy`, and goes well again once it is
 *   back. A node that stops in the middle of a write holds the others up for five seconds at most.
 *
 * A dump is the same lines of text whatever the database, and is loaded into an empty one of either kind.
 */
export type { Lead, Leadership } from "./elections.ts";
export { migrationNames } from "./migrate.ts";
export * from "./schema.ts";
export { type DatabasePlace, openStore, type Store, type StoreOptions } from "./store.ts";
export type { Work, WriteOptions, WriteTransaction, Written } from "./write.ts";
