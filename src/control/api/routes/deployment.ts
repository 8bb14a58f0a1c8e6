import { createRoute } from "@hono/zod-openapi";
import { deploymentOf } from "../deployment.ts";
import { DEPLOYMENT } from "../deployment-schemas.ts";
import type { Deployment } from "../deployment-types.ts";
import type { Api, Parts } from "../parts.ts";
import { answers } from "./answers.ts";

/** What the instance consists of. */
export function deploymentRoutes(app: Api, parts: Parts): void {
  const { authority } = parts;
  app.openapi(
    createRoute({
      method: "get",
      path: "/v1/components",
      responses: answers("Control nodes, gateways and agents, and what is wrong with them", DEPLOYMENT),
    }),
    async (c) => {
      await authority.read(c.var.caller, "component.read");
      return c.json(await readDeployment(parts), 200);
    },
  );
}

/** The deployment as things stand. */
export async function readDeployment({ members, certificates, clock }: Parts): Promise<Deployment> {
  return deploymentOf(
    {
      members: await members.list(),
      nodes: await members.nodes(),
      rotation: await certificates.rotation(),
    },
    clock.now(),
  );
}
