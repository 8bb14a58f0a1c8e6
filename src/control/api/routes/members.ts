import { createRoute, z } from "@hono/zod-openapi";
import { PosternError } from "#kernel";
import { LISTEN } from "../deployment.ts";
import { CREATE_MEMBER_TOKEN, MEMBER_REVOKED, MEMBER_ROLE, MEMBER_TOKEN } from "../deployment-schemas.ts";
import type { MemberToken } from "../deployment-types.ts";
import type { Api, Parts } from "../parts.ts";
import { MEMBER_TOKENS, NAME, NOTHING } from "../schemas.ts";
import type { MemberRole } from "../shapes.ts";
import { answers, body, noBody } from "./answers.ts";

const MEMBER = z.object({ role: MEMBER_ROLE, name: NAME });

/** Which gateways and agents of other machines belong to the instance. */
export function memberRoutes(app: Api, { authority, members }: Parts): void {
  app.openapi(
    createRoute({
      method: "get",
      path: "/v1/members/tokens",
      responses: answers("Tokens that have not ended, or ended of late, newest first", MEMBER_TOKENS),
    }),
    async (c) => {
      await authority.read(c.var.caller, "member.read");
      return c.json({ items: await members.tokens() }, 200);
    },
  );

  app.openapi(
    createRoute({
      method: "post",
      path: "/v1/members/tokens",
      request: { body: body(CREATE_MEMBER_TOKEN) },
      responses: answers(
        "What to run on the other machine; an earlier token of the name has ended",
        MEMBER_TOKEN,
      ),
    }),
    async (c) => {
      const { role, name } = c.req.valid("json");
      const made = await authority.act(c.var.caller, {
        action: "member.token",
        target: targetOf(role, name),
        work: async (by) => {
          const urls = await linkUrls();
          return { ...(await members.createToken({ role, name }, by)), urls };
        },
      });
      const { token, pin, urls } = made;
      const command = `postern ${role} join ${urls[0]} --token ${token} --ca-pin ${pin}`;
      const answer: MemberToken = { role, name, command, ...made };
      return c.json(answer, 200);
    },
  );

  app.openapi(
    createRoute({
      method: "delete",
      path: "/v1/members/tokens/{role}/{name}",
      request: { params: MEMBER },
      responses: answers("Nobody joins with the token any more", MEMBER),
    }),
    async (c) => {
      const { role, name } = c.req.valid("param");
      await authority.act(c.var.caller, {
        action: "member.withdraw-token",
        target: targetOf(role, name),
        work: async (by) => await members.withdrawToken(role, name, by),
      });
      return c.json({ role, name }, 200);
    },
  );

  app.openapi(
    createRoute({
      method: "post",
      path: "/v1/members/{role}/{name}/revoke",
      request: { params: MEMBER, body: noBody(NOTHING) },
      responses: answers("It is shut out, within a second and everywhere", MEMBER_REVOKED),
    }),
    async (c) => {
      const { role, name } = c.req.valid("param");
      const revokedAt = await authority.act(c.var.caller, {
        action: "member.revoke",
        target: targetOf(role, name),
        work: async (by) => await members.revoke(role, name, by),
      });
      return c.json({ role, name, revokedAt }, 200);
    },
  );

  /** Where live control nodes take gateways and agents of other machines, this one first. */
  async function linkUrls(): Promise<readonly string[]> {
    const nodes = (await members.nodes()).filter(({ live }) => live);
    const urls = [...nodes.filter(({ self }) => self), ...nodes.filter(({ self }) => !self)].flatMap(
      ({ url }) => url ?? [],
    );
    if (urls.length === 0) {
      throw new PosternError("conflict", "no control node takes gateways or agents from other machines", {
        remedy: LISTEN,
      });
    }
    return urls;
  }
}

function targetOf(role: MemberRole, name: string): { type: string; id: string; name: string } {
  return { type: role, id: `${role}:${name}`, name };
}
