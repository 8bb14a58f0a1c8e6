/** How long things last and how many of them there may be. Times are milliseconds. */

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export const TOKEN_LIFE: number = HOUR;
/** For this long a token that has ended can still say why. */
export const ENDED_TOKEN: number = 7 * DAY;
/** Tries at a token that fail, a minute and source address. */
export const FAILURES_PER_MINUTE = 20;
/** Certificates that one member may have, a minute: each rests as a row until it ends. */
export const RENEWALS_PER_MINUTE = 6;

/** How often each node reads who is revoked, whatever it was told meanwhile. */
export const LOOK_EVERY = 500;
/** Commits come in crowds; they are followed by at most one look in this time. */
export const LOOK_AFTER_WRITE = 100;
/** For this long a node that cannot read the database goes by what it knew. */
export const MOST_BLIND: number = 30_000;

/** A process and the one that takes its place may both be heard for this long. */
export const OVERLAP: number = 10_000;
/** Starts that are remembered of each member. */
export const BOOTS_KEPT = 16;
/** Addresses that the report of a clone names. */
export const ADDRESSES_KEPT = 8;

export const BEAT_EVERY: number = 5_000;
/** A control node that has not said for this long that it is there is gone. */
export const NODE_GONE: number = MINUTE;
/** For this long one that is gone is still listed. */
export const NODE_LISTED: number = DAY;
export const SWEEP_EVERY: number = 10_000;
export const REPORTS_WRITTEN_EVERY: number = 5_000;
