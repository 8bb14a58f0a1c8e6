/**
 * The store: everything that control knows, in one SQL database, and the numbered log of what changed.
 * Every write commits together with its change record, so that an enforcement point which has applied
 * the log up to a number holds exactly the state that the database held at that number.
 *
 * The database is a file of SQLite for one control node, or PostgreSQL for one or several. What the store promises is
 * the same on both: numbers without gaps, in the order of commits; a plain write is alone from its first statement on;
 * whoever listens is told of every commit, of whichever node; a history that is not the one that somebody saw before is
 * another epoch.
 */
export type { Leadership } from "./elections.ts";
export { migrationNames } from "./migrate.ts";
export * from "./schema.ts";
export * from "./store.ts";
