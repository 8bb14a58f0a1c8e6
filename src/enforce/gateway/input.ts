import type { RequestSource } from "#events";
import type { Input } from "#policy";
import type { CanonicalRequest } from "./canonical-request.ts";
import type { Resource } from "./resources.ts";
import type { EnteredSite } from "./sites.ts";
import type { Who } from "./who.ts";

/** What was asked and over which connection; stays as it is while a connection is open. */
export interface Asked {
  readonly canonical: CanonicalRequest;
  readonly site: EnteredSite;
  readonly source: RequestSource;
  readonly tls?: { readonly version?: string };
  readonly upgrade: boolean;
  /** The header, as it was sent. */
  readonly origin?: string;
}

/** What is known at the moment of a decision. */
export interface Moment {
  /** Milliseconds since the Unix epoch. */
  readonly now: number;
  readonly viewAgeSeconds: number;
  /** When this gateway last saw the session used, before this request; absent when it has not. */
  readonly lastSeenAt?: number;
}

const HOUR = 3_600_000;
const MINUTE = 60_000;

/** Builds the input of a decision. What is not known is absent. */
export function buildInput(asked: Asked, { user, session }: Who, resource: Resource, moment: Moment): Input {
  const { canonical, source, tls } = asked;
  const { now, viewAgeSeconds, lastSeenAt } = moment;
  // clocks of two processes may differ a little; nothing has happened in the future
  const since = (at: number): number => Math.max(0, now - at);
  return {
    type: "user",
    user: {
      id: user.id,
      name: user.name,
      role: user.role,
      groups: [...user.groups],
      mfa_verified: session.mfaVerifiedAt !== undefined,
      ...(session.mfaVerifiedAt === undefined ? {} : { mfa_age_hours: since(session.mfaVerifiedAt) / HOUR }),
    },
    subject: { type: "user", id: user.id, name: user.name, role: user.role, groups: [...user.groups] },
    session: {
      id: session.id,
      age_hours: since(session.createdAt) / HOUR,
      ...(lastSeenAt === undefined ? {} : { idle_minutes: since(lastSeenAt) / MINUTE }),
    },
    action: resource.action,
    resource: resource.facts,
    request: {
      method: canonical.method,
      path: canonical.path,
      host: canonical.hostname,
      ...(source.ip === undefined ? {} : { source_ip: source.ip }),
      ...(source.userAgent === undefined ? {} : { user_agent: source.userAgent }),
    },
    ...(tls === undefined ? {} : { tls: { ...(tls.version === undefined ? {} : { version: tls.version }) } }),
    ...(Number.isFinite(viewAgeSeconds) ? { context: { view_age_seconds: viewAgeSeconds } } : {}),
    time: { now_ns: BigInt(Math.trunc(now)) * 1_000_000n },
  };
}
