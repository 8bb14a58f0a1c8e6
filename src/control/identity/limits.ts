/** How long things last and how many of them there may be. Times are milliseconds. */

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** A session ends after this time without a request. */
export const SESSION_IDLE: number = 8 * HOUR;
/** A session ends this long after the person last proved who they are, whatever they do. */
export const SESSION_ABSOLUTE: number = 24 * HOUR;
/** A later end of a session is announced to enforcement points when it has moved by this much. */
export const SESSION_STEP: number = MINUTE;
/**
 * Use of a session counts when it is this much later than its last: every gateway reports once a minute, and one person may
 * come through several.
 */
export const ACTIVITY_STEP: number = 30_000;

/** From the request of an application until the passkey has been shown. */
export const INTERACTION: number = 15 * MINUTE;
/** OpenID Connect Core §3.1.3.1: a code is short-lived. */
export const AUTHORIZATION_CODE: number = MINUTE;
export const ID_TOKEN: number = 5 * MINUTE;
/** An ID token proves a login to us only while it is this fresh. */
export const ENTRY_FRESHNESS: number = 2 * MINUTE;
/** Clocks of control nodes and gateways may be this far apart: beyond it, enforcement points deny. */
export const CLOCK_TOLERANCE: number = 30_000;

export const CHALLENGE: number = 5 * MINUTE;
export const SETUP_LINK: number = 15 * MINUTE;
export const INVITE_LINK: number = 72 * HOUR;
/** For this long a link that has ended can still say why. */
export const ENDED_LINK: number = 7 * 24 * HOUR;

/** Tries at a passkey or at a link that fail, a minute and source address. */
export const FAILURES_PER_MINUTE = 30;
/** Logins begun, a minute and source address: each rests as a row until it ends. */
export const STARTS_PER_MINUTE = 120;

export const SWEEP_EVERY: number = MINUTE;
/**
 * What is good for one use is kept this long past its end, so that it cannot be used again at a node whose clock is behind
 * that of the node which sweeps: twice the tolerance between clocks, and the tolerance that its own time is read with.
 */
export const SWEEP_AFTER: number = 3 * CLOCK_TOLERANCE;
export const MOST_BODY_BYTES: number = 64 * 1024;
