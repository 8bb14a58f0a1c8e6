/**
 * The store: everything that control knows, in one SQL database, and the numbered log of what changed.
 * Every write commits together with its change record, so that an enforcement point which has applied
 * the log up to a number holds exactly the state that the database held at that number.
 */
export { migrationNames } from "./open-database.ts";
export * from "./schema.ts";
export * from "./store.ts";
