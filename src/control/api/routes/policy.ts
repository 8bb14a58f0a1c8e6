import { createRoute, z } from "@hono/zod-openapi";
import type { Api, Parts } from "../parts.ts";
import { APPLIED, APPLY, limit, POLICY, SCREEN, VERSIONS, WHOLE } from "../schemas.ts";
import type { PolicyActive } from "../types.ts";
import { answers, body } from "./answers.ts";

const VERSIONS_QUERY = z.strictObject({ before: z.exactOptional(WHOLE), limit: limit(SCREEN) });

/** The policy in force, and what may become it. */
export function policyRoutes(app: Api, { authority, activation }: Parts): void {
  app.openapi(
    createRoute({ method: "get", path: "/v1/policy", responses: answers("The policy set in force", POLICY) }),
    async (c) => {
      await authority.read(c.var.caller, "policy.read");
      const { set: _, ...active } = await activation.active();
      const policy: PolicyActive = active;
      return c.json(policy, 200);
    },
  );

  app.openapi(
    createRoute({
      method: "get",
      path: "/v1/policy/versions",
      request: { query: VERSIONS_QUERY },
      responses: answers("Activations, newest first", VERSIONS),
    }),
    async (c) => {
      await authority.read(c.var.caller, "policy.read");
      const query = c.req.valid("query");
      const items = await activation.versions(query);
      const last = items.at(-1);
      const more = items.length === query.limit && last !== undefined && last.activation > 1;
      return c.json({ items, ...(more ? { next: String(last.activation) } : {}) }, 200);
    },
  );

  app.openapi(
    createRoute({
      method: "post",
      path: "/v1/policy/apply",
      request: { body: body(APPLY) },
      responses: answers("What has changed; in force at once and everywhere", APPLIED),
    }),
    async (c) => {
      const { files, mode } = c.req.valid("json");
      const applied = await authority.act(c.var.caller, {
        action: "policy.apply",
        target: { type: "policy", id: "active" },
        work: async (actor) => await activation.apply(files, mode, actor),
      });
      return c.json(applied, 200);
    },
  );

  app.openapi(
    createRoute({
      method: "post",
      path: "/v1/policy/check",
      request: { body: body(APPLY) },
      responses: answers("What apply would change; nothing has changed", APPLIED),
    }),
    async (c) => {
      // errors and differences show parts of the active set
      await authority.read(c.var.caller, "policy.read");
      const { files, mode } = c.req.valid("json");
      return c.json(await activation.preview(files, mode), 200);
    },
  );
}
