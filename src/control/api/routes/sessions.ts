import { createRoute, z } from "@hono/zod-openapi";
import { PosternError } from "#kernel";
import type { Api, Parts } from "../parts.ts";
import { limit, MOST, NAME, SESSIONS } from "../schemas.ts";
import type { Page, SessionItem } from "../types.ts";
import { answers } from "./answers.ts";

const PAGING = z.strictObject({ before: z.exactOptional(NAME), limit: limit(MOST) });
type Paging = z.infer<typeof PAGING>;

/** Who is signed in. */
export function sessionRoutes(app: Api, { authority, store, identity, clock }: Parts): void {
  app.openapi(
    createRoute({
      method: "get",
      path: "/v1/sessions",
      request: { query: PAGING },
      responses: answers("Sessions that are alive, newest first", SESSIONS),
    }),
    async (c) => {
      await authority.read(c.var.caller, "session.read");
      return c.json(await sessions(c.req.valid("query"), c.var.caller.session), 200);
    },
  );

  app.openapi(
    createRoute({
      method: "delete",
      path: "/v1/sessions/{id}",
      request: { params: z.object({ id: NAME }) },
      responses: answers("The session has ended, everywhere", z.object({ ended: z.string() })),
    }),
    async (c) => {
      const { caller } = c.var;
      const { id } = c.req.valid("param");
      const whose = await store.db
        .selectFrom("session")
        .innerJoin("user", "user.id", "session.user_id")
        .select("user.name")
        .where("session.id", "=", id)
        .executeTakeFirst();
      await authority.act(caller, {
        action: "session.end",
        target: { type: "session", id, ...(whose === undefined ? {} : { name: whose.name }) },
        work: async () =>
          await identity.endSession(id, caller.actor.type === "owner" ? "owner" : "administrator"),
        done: () => ({}),
      });
      return c.json({ ended: id }, 200);
    },
  );

  async function sessions(
    { before, limit }: Paging,
    current: string | undefined,
  ): Promise<Page<SessionItem>> {
    const now = clock.now();
    let query = store.db
      .selectFrom("session")
      .innerJoin("user", "user.id", "session.user_id")
      .select(["session.id", "session.created_at", "authenticated_at", "last_seen_at", "idle_expires_at"])
      .select(["absolute_expires_at", "source_ip", "user_agent"])
      .select(["user.id as user_id", "user.name", "user.display_name"])
      .where("user.disabled", "=", 0)
      .where("authenticated_at", "is not", null)
      .where("idle_expires_at", ">", now)
      .where("absolute_expires_at", ">", now);
    if (before !== undefined) {
      const cursor = cursorOf(before);
      query = query.where((e) =>
        e.or([
          e("session.created_at", "<", cursor.createdAt),
          e.and([e("session.created_at", "=", cursor.createdAt), e("session.id", "<", cursor.id)]),
        ]),
      );
    }
    const rows = await query
      .orderBy("session.created_at", "desc")
      .orderBy("session.id", "desc")
      .limit(limit + 1)
      .execute();
    const shown = rows.slice(0, limit);
    const hosts = await hostsOf(shown.map(({ id }) => id));
    const last = shown.at(-1);
    return {
      items: shown.map((row) => ({
        id: row.id,
        user: { id: row.user_id, name: row.name, displayName: row.display_name },
        createdAt: row.created_at,
        authenticatedAt: row.authenticated_at ?? row.created_at,
        lastSeenAt: row.last_seen_at,
        idleExpiresAt: row.idle_expires_at,
        absoluteExpiresAt: row.absolute_expires_at,
        ...(row.source_ip === null ? {} : { sourceIp: row.source_ip }),
        ...(row.user_agent === null ? {} : { userAgent: row.user_agent }),
        hosts: hosts.get(row.id) ?? [],
        current: row.id === current,
      })),
      ...(rows.length > limit && last !== undefined ? { next: `${last.created_at}.${last.id}` } : {}),
    };
  }

  async function hostsOf(ids: readonly string[]): Promise<ReadonlyMap<string, readonly string[]>> {
    const hosts = new Map<string, string[]>();
    if (ids.length === 0) return hosts;
    const rows = await store.db
      .selectFrom("entry")
      .select(["session_id", "host"])
      .distinct()
      .where("session_id", "in", ids)
      .orderBy("host")
      .execute();
    for (const { session_id: id, host } of rows) hosts.set(id, [...(hosts.get(id) ?? []), host]);
    return hosts;
  }
}

/** Sessions are in the order of their beginning; ids alone say nothing of it. */
function cursorOf(before: string): { readonly createdAt: number; readonly id: string } {
  const [, createdAt, id] = /^(\d{1,15})\.(.+)$/.exec(before) ?? [];
  if (createdAt === undefined || id === undefined)
    throw new PosternError("input.invalid", "before is not a cursor that this list gave out");
  return { createdAt: Number(createdAt), id };
}
