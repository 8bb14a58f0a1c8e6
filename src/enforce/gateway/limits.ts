/** What the gateway takes and for how long it waits. Times are milliseconds. */

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

/** Line and headers of a request together. */
export const MOST_HEADER_BYTES: number = 16 * 1024;
export const MOST_HEADERS = 200;
export const MOST_TARGET_CHARACTERS: number = 8 * 1024;
/** A client must have sent its headers by then. */
export const HEADERS_TIMEOUT: number = 15 * SECOND;
export const CHECK_TIMEOUTS_EVERY: number = 3 * SECOND;
/** An idle connection of a client is kept this long. */
export const KEEP_ALIVE: number = 65 * SECOND;
/** Open connections of clients on one listener. */
export const MOST_CONNECTIONS = 10_000;

/** Requests to the login host under way at once: they are made by people nobody knows yet. */
export const MOST_LOGIN_REQUESTS = 256;
/** Bodies at the login host; control has a tighter limit of its own for each form. */
export const MOST_LOGIN_BODY_BYTES: number = 256 * 1024;

/** A body at the login host must have come by then. */
export const LOGIN_BODY_TIMEOUT: number = 30 * SECOND;

/** From the redirect to the login host until the callback. */
export const LOGIN_TRANSACTION: number = 10 * MINUTE;
/** Logins that one browser may have under way at one host. */
export const MOST_LOGIN_TRANSACTIONS = 5;
/** A longer path is not gone back to after login; the cookie that remembers it has to fit into 4 KiB. */
export const MOST_RETURN_CHARACTERS = 1_500;
/** Until control begins to answer at the login host. */
export const LOGIN_FIRST_BYTE: number = 6 * SECOND;
/** Until control begins to answer at the console; what is slow there streams. */
export const CONSOLE_FIRST_BYTE: number = 30 * SECOND;
/** Times that a request which is safe is sent to control again over a connection of its own. */
export const MOST_CONTROL_REPEATS = 2;

/** An answer of control during login. */
export const LOGIN_ANSWER: number = 10 * SECOND;
export const MOST_LOGIN_ANSWER_BYTES: number = 256 * 1024;
/** For the view to reach the change that carries a new entry; after that, a page tries again. */
export const ENTRY_WAIT: number = 2 * SECOND;
/** The change that an entry came with is remembered by the browser for so long. */
export const ENTRY_MEMORY: number = 2 * MINUTE;
/** Times that the page tries again, each after a longer pause, before a new login is begun. */
export const MOST_ENTRY_TRIES = 8;
/** Requests that wait for the view at once; more are told to come again right away. */
export const MOST_WAITING = 1_000;

/** For an upstream to take a connection. */
export const CONNECT_TIMEOUT: number = 10 * SECOND;

/** For an upstream to answer the opening of a WebSocket. */
export const OPENING_TIMEOUT: number = 30 * SECOND;

/** For a client to take the Close frame of a WebSocket that is ended, before its connection is cut. */
export const CLOSE_GRACE: number = SECOND;

/** For the rest of a body whose answer has been given already. */
export const LET_GO: number = 2 * SECOND;

/** An assertion is good for so long, */
export const ASSERTION_LIFETIME: number = 60 * SECOND;
/** and is used again for so long. */
export const ASSERTION_REUSE: number = 30 * SECOND;
export const MOST_ASSERTIONS = 10_000;

/** Every open connection is decided again at least this often. */
export const RECHECK: number = 30 * SECOND;
/** What is due is looked for this often. */
export const RECHECK_TICK = 500;
/** Deciding open connections again may hold the event loop for so long at a time. */
export const RECHECK_TURN = 8;

export const ACTIVITY_REPORT: number = MINUTE;

/** Requests under way may end by themselves for so long after `stop`. */
export const STOP_GRACE: number = 1_500;

/** A clock this far from control's denies everything, in seconds. */
export const MOST_SKEW_SECONDS = 30;

/** `Retry-After` when something is expected to come back, in seconds. */
export const RETRY_AFTER_SECONDS = 5;
