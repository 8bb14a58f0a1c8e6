import { createRoute, z } from "@hono/zod-openapi";
import { PosternError, parseJson } from "#kernel";
import type { Caller } from "../caller.ts";
import type { Api, Parts } from "../parts.ts";
import { INVITE, INVITED, limit, MOST, NAME, NOTHING, PEOPLE, PERSON } from "../schemas.ts";
import type { Invited, Page, Person } from "../types.ts";
import { answers, body, noBody } from "./answers.ts";

const GROUPS = z.array(z.string());

const PAGING = z.strictObject({ before: z.exactOptional(NAME), limit: limit(MOST) });
type Paging = z.infer<typeof PAGING>;

/** Who may sign in. */
export function peopleRoutes(app: Api, { authority, store, identity, clock }: Parts): void {
  app.openapi(
    createRoute({
      method: "get",
      path: "/v1/people",
      request: { query: PAGING },
      responses: answers("People by login name; `next` goes into `before`", PEOPLE),
    }),
    async (c) => {
      await authority.read(c.var.caller, "people.read");
      return c.json(await people(c.req.valid("query")), 200);
    },
  );

  app.openapi(
    createRoute({
      method: "post",
      path: "/v1/people",
      request: { body: body(INVITE) },
      responses: answers("The person, and the link to hand over", INVITED),
    }),
    async (c) => {
      const wanted = c.req.valid("json");
      const { userId, url, expiresAt } = await authority.act(c.var.caller, {
        action: "user.invite",
        target: { type: "user", id: wanted.name },
        work: async () => await identity.invite(wanted),
        done: (invited) => ({
          target: { type: "user", id: invited.userId, name: wanted.name },
          details: {
            role: wanted.role ?? "member",
            groups: wanted.groups ?? [],
            expiresAt: invited.expiresAt,
          },
        }),
      });
      const invited: Invited = { person: await person(userId), url, expiresAt };
      return c.json(invited, 200);
    },
  );

  for (const verb of ["disable", "enable"] as const) {
    app.openapi(
      createRoute({
        method: "post",
        path: `/v1/people/{id}/${verb}`,
        request: { params: z.object({ id: NAME }), body: noBody(NOTHING) },
        responses: answers("The person as they are now", PERSON),
      }),
      async (c) => {
        const { id } = c.req.valid("param");
        await setDisabled(c.var.caller, id, verb);
        return c.json(await person(id), 200);
      },
    );
  }

  async function setDisabled(caller: Caller, id: string, verb: "disable" | "enable"): Promise<void> {
    const known = await store.db.selectFrom("user").select("name").where("id", "=", id).executeTakeFirst();
    await authority.act(caller, {
      action: `user.${verb}`,
      target: { type: "user", id, ...(known === undefined ? {} : { name: known.name }) },
      work: async () => await identity.setDisabled(id, verb === "disable"),
      done: () => ({}),
    });
  }

  async function person(id: string): Promise<Person> {
    const found = (await people({ limit: 1 }, id)).items[0];
    if (found === undefined) throw new PosternError("not_found", "there is no such person");
    return found;
  }

  async function people({ before, limit }: Paging, id?: string): Promise<Page<Person>> {
    const now = clock.now();
    let query = store.db
      .selectFrom("user")
      .select(["id", "name", "display_name", "role", "groups", "disabled", "created_at"])
      .select((e) => [
        e
          .selectFrom("credential")
          .select(({ fn }) => fn.countAll<number>().as("count"))
          .whereRef("credential.user_id", "=", "user.id")
          .as("passkeys"),
        e
          .selectFrom("enrolment")
          .select(({ fn }) => fn.max("expires_at").as("until"))
          .whereRef("enrolment.user_id", "=", "user.id")
          .where("used_at", "is", null)
          .where("expires_at", ">", now)
          .as("invited_until"),
      ]);
    if (before !== undefined) query = query.where("name", ">", before);
    if (id !== undefined) query = query.where("id", "=", id);
    const rows = await query
      .orderBy("name")
      .limit(limit + 1)
      .execute();
    const items = rows.slice(0, limit).map((row) => ({
      id: row.id,
      name: row.name,
      displayName: row.display_name,
      role: row.role,
      groups: GROUPS.parse(parseJson(row.groups, "a person's groups")),
      disabled: row.disabled !== 0,
      passkeys: row.passkeys ?? 0,
      ...(row.invited_until === null ? {} : { invitedUntil: row.invited_until }),
      createdAt: row.created_at,
    }));
    const last = items.at(-1);
    return { items, ...(rows.length > limit && last !== undefined ? { next: last.name } : {}) };
  }
}
