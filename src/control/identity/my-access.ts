import type { IncomingMessage, ServerResponse } from "node:http";
import type { Provider } from "oidc-provider";
import type { RequestSource } from "#events";
import { PosternError, sha256Hex } from "#kernel";
import type { Parts } from "./parts.ts";
import { ADMINISTRATOR } from "./people.ts";
import { SESSION_COOKIE } from "./provider.ts";
import { findLive, removeSession, type SessionRow } from "./sessions.ts";
import type { MyAccess } from "./types.ts";

/** The applications that a person may open in a session. */
export type ApplicationsFor = (
  userId: string,
  sessionId: string,
) => MyAccess["applications"] | Promise<MyAccess["applications"]>;

interface Visit {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly source: RequestSource;
}

/**
 * What the signed-in person's own page shows.
 * @throws PosternError `unauthenticated`.
 */
export async function myAccess(
  parts: Parts,
  provider: Provider,
  visit: Visit,
  applicationsFor: ApplicationsFor,
): Promise<MyAccess> {
  const session = await currentSession(parts, provider, visit);
  if (session === undefined) throw new PosternError("unauthenticated", "nobody is signed in here");
  const user = await parts.store.db
    .selectFrom("user")
    .selectAll()
    .where("id", "=", session.user_id)
    .executeTakeFirstOrThrow();
  return {
    displayName: user.display_name,
    name: user.name,
    role: user.role,
    signedInAt: session.authenticated_at ?? session.created_at,
    applications: await applicationsFor(user.id, session.id),
    ...(user.role === ADMINISTRATOR ? { consoleUrl: `${parts.instance.origins.console}/` } : {}),
  };
}

/** Ends the whole session of this browser, at every application; nothing to end is well too. */
export async function signOut(parts: Parts, provider: Provider, visit: Visit): Promise<void> {
  const session = await currentSession(parts, provider, visit);
  if (session !== undefined) {
    await parts.store.write(async (tx) => {
      const row = await tx.db
        .selectFrom("session")
        .selectAll()
        .where("id", "=", session.id)
        .executeTakeFirst();
      if (row !== undefined) await removeSession(parts, tx, row, "sign-out", visit.source);
    });
  }
  const { cookies } = provider.createContext(visit.request, visit.response);
  cookies.set(SESSION_COOKIE, null, {
    httpOnly: true,
    secure: true,
    sameSite: "lax",
    path: "/",
    signed: true,
  });
}

async function currentSession(
  parts: Parts,
  provider: Provider,
  visit: Visit,
): Promise<(SessionRow & { user_id: string }) | undefined> {
  const { cookies } = provider.createContext(visit.request, visit.response);
  const bearer = cookies.get(SESSION_COOKIE, { signed: true });
  if (bearer === undefined) return undefined;
  return await findLive(parts.store.db, { bearerHash: sha256Hex(bearer) }, parts.clock.now());
}
