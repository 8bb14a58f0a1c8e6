import { createHmac } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { importJWK, type JWK, type JWTVerifyGetKey, jwtVerify } from "jose";
import { z } from "zod";
import { personInput } from "#activation";
import { type Clock, equalSecrets, type IdSource, PosternError, parseJson } from "#kernel";
import type { InstanceState } from "#link";
import type { Secrets } from "#secrets";
import type { Store } from "#store";
import { type Caller, POSTERN, type RequestSaid } from "./caller.ts";

/** The header in which the gateway says whose request it is. */
const ASSERTION = "postern-assertion";
const AUDIENCE = "postern-console";
/** An assertion older than this is not believed, whatever it says of itself. */
const MOST_AGE_S = 60;
/** As far as the clocks of a gateway and of control may be apart before the gateway denies by itself. */
const TOLERANCE_S = 30;

const CLAIMS = z.object({ sub: z.string().min(1), sid: z.string().min(1) });
const PUBLIC_KEY = z.object({
  kty: z.literal("EC"),
  crv: z.literal("P-256"),
  x: z.string(),
  y: z.string(),
});

export interface ConsoleAccessOptions {
  readonly store: Store;
  readonly secrets: Secrets;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly instance: InstanceState;
}

/** What the console's door checks. */
export interface ConsoleAccess {
  /**
   * Whose request it is: of a session that is alive, of a person who is not disabled, by the word of a gateway that we know.
   * @throws PosternError `unauthenticated`; which check failed is for nobody to know
   */
  caller(headers: IncomingHttpHeaders, said: RequestSaid): Promise<Caller>;
  /**
   * Whether a request that changes something was sent by the console's own page, in this session.
   * @throws PosternError `denied`
   */
  checkOwnPage(headers: IncomingHttpHeaders, caller: Caller): void;
}

export async function consoleAccess(options: ConsoleAccessOptions): Promise<ConsoleAccess> {
  const { store, secrets, clock, ids, instance } = options;
  const csrfKey = await secrets.named("console-csrf", () => ids.random(32));

  const gatewayKey: JWTVerifyGetKey = async ({ kid }) => {
    const row = await store.db
      .selectFrom("gateway_key")
      .select("jwk")
      .where("kid", "=", kid ?? "")
      .executeTakeFirst();
    if (row === undefined) throw new Error("no gateway has announced this key");
    const jwk: JWK = PUBLIC_KEY.parse(parseJson(row.jwk, "a gateway's key"));
    return await importJWK(jwk, "ES256");
  };

  async function liveSession(user: string, session: string) {
    const now = clock.now();
    const row = await store.db
      .selectFrom("session")
      .innerJoin("user", "user.id", "session.user_id")
      .select(["session.id", "session.created_at", "authenticated_at", "mfa_verified_at", "last_seen_at"])
      .select(["user.id as user_id", "user.name", "user.display_name", "user.role", "user.groups"])
      .where("session.id", "=", session)
      .where("session.user_id", "=", user)
      .where("user.disabled", "=", 0)
      .where("authenticated_at", "is not", null)
      .where("idle_expires_at", ">", now)
      .where("absolute_expires_at", ">", now)
      .executeTakeFirst();
    if (row === undefined) throw new PosternError("unauthenticated", "the session has ended");
    return { person: { ...row, id: row.user_id }, session: row };
  }

  function csrfOf(session: string): string {
    return createHmac("sha256", csrfKey).update(session).digest("base64url");
  }

  return {
    async caller(headers, said) {
      const { sub, sid } = await claimsOf(headers[ASSERTION], gatewayKey, clock, instance);
      const { person } = await liveSession(sub, sid);
      const { name, role } = person;
      const display = { displayName: person.display_name, role };
      return {
        actor: { type: "user", id: sub, name },
        source: said.source,
        session: sid,
        me: { id: sub, name, ...display, session: sid, csrf: csrfOf(sid) },
        async input(action) {
          const now = await liveSession(sub, sid);
          const asked = { action, resource: POSTERN, request: said.facts };
          return personInput(now.person, now.session, asked, clock.now());
        },
      };
    },
    checkOwnPage(headers, caller) {
      const site = headers["sec-fetch-site"];
      // not by a name of ours: those the gateway takes away, whoever sends them
      const token = headers["x-csrf-token"];
      const foreign =
        headers.origin !== instance.origins.console || (site !== undefined && site !== "same-origin");
      if (foreign || typeof token !== "string" || !equalSecrets(token, caller.me.csrf)) {
        throw new PosternError("denied", "this request does not come from the console's own page", {
          remedy: "load the console again",
        });
      }
    },
  };
}

async function claimsOf(
  assertion: string | string[] | undefined,
  key: JWTVerifyGetKey,
  clock: Clock,
  instance: InstanceState,
): Promise<z.infer<typeof CLAIMS>> {
  if (typeof assertion !== "string") throw new PosternError("unauthenticated", "sign in first");
  try {
    const { payload } = await jwtVerify(assertion, key, {
      algorithms: ["ES256"],
      audience: AUDIENCE,
      issuer: instance.origins.login,
      currentDate: new Date(clock.now()),
      clockTolerance: TOLERANCE_S,
      maxTokenAge: MOST_AGE_S,
      requiredClaims: ["sub", "sid", "iat", "exp"],
    });
    return CLAIMS.parse(payload);
  } catch (cause) {
    throw new PosternError("unauthenticated", "the request does not come by a gateway that we know", {
      cause,
    });
  }
}
