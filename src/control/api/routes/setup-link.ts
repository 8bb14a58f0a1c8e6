import { createRoute } from "@hono/zod-openapi";
import type { Api, Parts } from "../parts.ts";
import { NOTHING, SETUP_LINK } from "../schemas.ts";
import { answers, noBody } from "./answers.ts";

/** The way in for the first administrator, which only the owner of the data folder gives out. */
export function setupLinkRoutes(app: Api, { authority, identity }: Parts): void {
  app.openapi(
    createRoute({
      method: "post",
      path: "/v1/setup-link",
      request: { body: noBody(NOTHING) },
      responses: answers("A fresh link; the one before has ended", SETUP_LINK),
    }),
    async (c) => {
      const { url, expiresAt } = await authority.act(c.var.caller, {
        action: "setup-link.create",
        target: { type: "setup-link", id: "setup-link" },
        work: async () => await identity.setupLink(),
        // the link itself is a secret
        done: (link) => ({ details: { expiresAt: link.expiresAt } }),
      });
      return c.json({ url, expiresAt }, 200);
    },
  );
}
