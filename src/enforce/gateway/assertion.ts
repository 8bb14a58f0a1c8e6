import { SignJWT } from "jose";
import { type Clock, type IdSource, newId } from "#kernel";
import type { SessionState, UserState } from "#link";
import type { GatewayKeys } from "./keys.ts";
import { ASSERTION_LIFETIME, ASSERTION_REUSE, MOST_ASSERTIONS } from "./limits.ts";

/** Who an assertion speaks of, as the view holds it. */
export interface Asserted {
  readonly user: UserState;
  readonly session: SessionState;
  /** The application's name. */
  readonly audience: string;
  /** Who vouches: the login host's origin. */
  readonly issuer: string;
}

/** Signs `Postern-Assertion`, a JWT (RFC 7519) by ES256, once for a session and application in a while. */
export interface Assertions {
  for(asserted: Asserted): Promise<string>;
}

interface Signed {
  readonly asserted: Asserted;
  readonly at: number;
  readonly token: Promise<string>;
}

export function makeAssertions(keys: GatewayKeys, clock: Clock, ids: IdSource): Assertions {
  const signed = new Map<string, Signed>();

  async function sign({ user, session, audience, issuer }: Asserted): Promise<string> {
    const now = Math.floor(clock.now() / 1000);
    return await new SignJWT({
      name: user.name,
      display_name: user.displayName,
      role: user.role,
      groups: [...user.groups],
      sid: session.id,
      amr: [...session.amr],
      auth_time: Math.floor(session.authenticatedAt / 1000),
    })
      .setProtectedHeader({ alg: "ES256", kid: keys.kid, typ: "JWT" })
      .setIssuer(issuer)
      .setAudience(audience)
      .setSubject(user.id)
      .setJti(newId("ast", clock.now(), ids))
      .setIssuedAt(now)
      .setNotBefore(now)
      .setExpirationTime(now + ASSERTION_LIFETIME / 1000)
      .sign(keys.privateKey);
  }

  return {
    async for(asserted) {
      const key = `${asserted.session.id} ${asserted.audience}`;
      const now = clock.monotonic();
      const before = signed.get(key);
      if (before !== undefined && now - before.at < ASSERTION_REUSE && isSame(before.asserted, asserted))
        return await before.token;
      signed.delete(key);
      const token = sign(asserted);
      signed.set(key, { asserted, at: now, token });
      for (const oldest of signed.keys()) {
        if (signed.size <= MOST_ASSERTIONS) break;
        signed.delete(oldest);
      }
      return await token;
    },
  };
}

/** The view puts a new object in place at every change, so that a token of what has changed is never used again. */
function isSame(a: Asserted, b: Asserted): boolean {
  return a.user === b.user && a.session === b.session && a.issuer === b.issuer;
}
