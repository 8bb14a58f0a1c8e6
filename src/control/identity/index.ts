/**
 * Identity: who is there. The login host: an OpenID provider (OpenID Connect Core 1.0) that only gateways are
 * clients of, passkeys (WebAuthn Level 3) as the one way to prove who one is, and the sessions that come of it.
 *
 * It promises: a session begins by a passkey with user verification and by nothing else; nothing in the database
 * is of use to somebody who reads it, since every bearer value rests as its SHA-256; ending a session takes its
 * cookies from every enforcement point by the same change; every try, done or refused, is in the log.
 *
 * Any control node serves any request: a login begun at one is proved at another and ends at a third. So nothing that
 * counts is kept in a process. Challenges, interactions, codes, sessions, links, and the keys and secrets themselves are
 * rows, read for each request; what is good once (a link and the browser that it is bound to, a challenge, an interaction,
 * a code, a gateway's assertion, an ID token) is spent by the one statement or the one write that uses it, and of two nodes
 * that try at once one does. One node, elected, sweeps what has expired, and what was good once stays known for longer than
 * clocks may be apart.
 *
 * The limits on tries by source address are the exception: each node counts for itself, so that N of them allow N times as
 * many. They keep logs and tables from filling and guard no secret: setup links, invitations, challenges, codes and cookies
 * are 256 random bits each, and a passkey is a signature.
 *
 * While the database is away, every request that needs it is answered 503 with a time to try again, whatever oidc-provider
 * would have made of it, and sets no cookie. What was begun before goes on afterwards; of a commit whose answer was lost,
 * the worst is that somebody signs in again.
 */

export * from "./identity.ts";
export type { EnrolmentLink, Invitation, InvitationLink } from "./links.ts";
export type { ServePage } from "./login-host.ts";
export type { ApplicationsFor } from "./my-access.ts";
export { ADMINISTRATOR, MEMBER } from "./people.ts";
export { type RateLimit, rateLimit } from "./rate-limit.ts";
export type { SessionEnd } from "./sessions.ts";
export * from "./types.ts";
