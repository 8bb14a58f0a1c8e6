/**
 * Identity: who is there. The login host: an OpenID provider (OpenID Connect Core 1.0) that only gateways are
 * clients of, passkeys (WebAuthn Level 3) as the one way to prove who one is, and the sessions that come of it.
 *
 * It promises: a session begins by a passkey with user verification and by nothing else; nothing in the database
 * is of use to somebody who reads it, since every bearer value rests as its SHA-256; ending a session takes its
 * cookies from every enforcement point by the same change; every try, done or refused, is in the log.
 */

export * from "./identity.ts";
export type { EnrolmentLink, Invitation, InvitationLink } from "./links.ts";
export type { ServePage } from "./login-host.ts";
export type { ApplicationsFor } from "./my-access.ts";
export { ADMINISTRATOR, MEMBER } from "./people.ts";
export { type RateLimit, rateLimit } from "./rate-limit.ts";
export type { SessionEnd } from "./sessions.ts";
export * from "./types.ts";
