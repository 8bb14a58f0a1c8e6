import { createRoute, z } from "@hono/zod-openapi";
import type { Address } from "#activation";
import { PosternError } from "#kernel";
import type { Api, Parts } from "../parts.ts";
import { ADD_APPLICATION, APPLICATION, APPLICATIONS, APPLIED, NAME } from "../schemas.ts";
import type { ApplicationItem } from "../types.ts";
import { answers, body } from "./answers.ts";

/** What Postern stands in front of. */
export function applicationRoutes(app: Api, { authority, activation }: Parts): void {
  app.openapi(
    createRoute({
      method: "get",
      path: "/v1/applications",
      responses: answers("All applications", APPLICATIONS),
    }),
    async (c) => {
      await authority.read(c.var.caller, "application.read");
      return c.json({ items: (await addresses()).map(itemOf) }, 200);
    },
  );

  app.openapi(
    createRoute({
      method: "post",
      path: "/v1/applications",
      request: { body: body(ADD_APPLICATION) },
      responses: answers("The application, in force", APPLICATION),
    }),
    async (c) => {
      const wanted = c.req.valid("json");
      await authority.act(c.var.caller, {
        action: "application.add",
        target: { type: "application", id: wanted.name },
        work: async (actor) => await activation.addApplication(wanted, actor),
      });
      const added = (await addresses()).find(({ name }) => name === wanted.name);
      if (added === undefined)
        throw new PosternError("conflict", `application ${wanted.name} was removed again meanwhile`);
      return c.json(itemOf(added), 200);
    },
  );

  app.openapi(
    createRoute({
      method: "delete",
      path: "/v1/applications/{name}",
      request: { params: z.object({ name: NAME }) },
      responses: answers("The policy set without the application", APPLIED),
    }),
    async (c) => {
      const { name } = c.req.valid("param");
      const applied = await authority.act(c.var.caller, {
        action: "application.remove",
        target: { type: "application", id: name },
        work: async (actor) => await activation.removeApplication(name, actor),
      });
      return c.json(applied, 200);
    },
  );

  async function addresses(): Promise<readonly Address[]> {
    return activation.addresses((await activation.active()).set);
  }
}

function itemOf({ url, application }: Address): ApplicationItem {
  const { name, title, description, upstream, classification, env, source } = application;
  return {
    name,
    title,
    ...(description === undefined ? {} : { description }),
    url,
    upstream,
    classification,
    ...(env === undefined ? {} : { env }),
    source,
  };
}
