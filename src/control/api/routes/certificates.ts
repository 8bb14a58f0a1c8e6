import { createRoute } from "@hono/zod-openapi";
import { AUTHORITY_STATUS } from "../deployment-schemas.ts";
import type { AuthorityStatus } from "../deployment-types.ts";
import type { Api, Parts } from "../parts.ts";
import { NOTHING } from "../schemas.ts";
import { answers, noBody } from "./answers.ts";

/** The authority that the parts of the instance know each other by. */
export function certificateRoutes(app: Api, { authority, certificates }: Parts): void {
  app.openapi(
    createRoute({
      method: "get",
      path: "/v1/authority",
      responses: answers("Control's authority, and where its rotation stands", AUTHORITY_STATUS),
    }),
    async (c) => {
      await authority.read(c.var.caller, "authority.read");
      return c.json(await status(), 200);
    },
  );

  app.openapi(
    createRoute({
      method: "post",
      path: "/v1/authority/rotate",
      request: { body: noBody(NOTHING) },
      responses: answers("The next authority is published; the rest follows by itself", AUTHORITY_STATUS),
    }),
    async (c) => {
      await authority.act(c.var.caller, {
        action: "authority.rotate",
        target: { type: "authority", id: certificates.trustDomain },
        work: async (by) => await certificates.rotate(by),
      });
      return c.json(await status(), 200);
    },
  );

  async function status(): Promise<AuthorityStatus> {
    const { trustDomain } = certificates;
    return { trustDomain, pin: await certificates.pin(), ...(await certificates.rotation()) };
  }
}
