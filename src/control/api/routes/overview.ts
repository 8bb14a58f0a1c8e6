import { createRoute } from "@hono/zod-openapi";
import type { Api, Parts } from "../parts.ts";
import { ME, OVERVIEW } from "../schemas.ts";
import type { Me, Overview } from "../types.ts";
import { answers } from "./answers.ts";
import { readDeployment } from "./deployment.ts";

const HOUR = 3_600_000;
const HOURS = 24;

/** Who asks, and how the instance is doing. */
export function overviewRoutes(app: Api, parts: Parts): void {
  const { authority, store, log, activation, clock, instance, version } = parts;

  app.openapi(
    createRoute({ method: "get", path: "/v1/me", responses: answers("Who asks", ME) }),
    // what somebody is told about nobody but themselves needs no rule
    (c) => {
      const me: Me = { ...c.var.caller.me, loginOrigin: instance.origins.login, version };
      return c.json(me, 200);
    },
  );

  app.openapi(
    createRoute({
      method: "get",
      path: "/v1/overview",
      responses: answers("How the instance is doing", OVERVIEW),
    }),
    async (c) => {
      await authority.read(c.var.caller, "overview.read");
      const now = clock.now();
      const active = await activation.active();
      const people = await store.db
        .selectFrom("user")
        .select(({ fn }) => fn.countAll<number>().as("count"))
        .executeTakeFirstOrThrow();
      const sessions = await store.db
        .selectFrom("session")
        .innerJoin("user", "user.id", "session.user_id")
        .select(({ fn }) => fn.countAll<number>().as("count"))
        .where("user.disabled", "=", 0)
        .where("authenticated_at", "is not", null)
        .where("idle_expires_at", ">", now)
        .where("absolute_expires_at", ">", now)
        .executeTakeFirstOrThrow();
      const overview: Overview = {
        applications: active.set.applications.size,
        people: people.count,
        sessions: sessions.count,
        policy: { version: active.version, activation: active.activation, activatedAt: active.activatedAt },
        decisions: await lastDay(now),
        components: await readDeployment(parts),
      };
      return c.json(overview, 200);
    },
  );

  /** Every hour of the last 24, those without decisions too. */
  async function lastDay(now: number): Promise<Overview["decisions"]> {
    const first = Math.floor(now / HOUR) * HOUR - (HOURS - 1) * HOUR;
    const counted = new Map((await log.hourly(first)).map((hour) => [hour.from, hour]));
    return Array.from({ length: HOURS }, (_, i) => {
      const from = first + i * HOUR;
      return counted.get(from) ?? { from, allowed: 0, denied: 0 };
    });
  }
}
