import { createRoute, z } from "@hono/zod-openapi";
import { PosternError } from "#kernel";
import { explain, inputToJson } from "#policy";
import { eventStream } from "../event-stream.ts";
import type { Api, Parts } from "../parts.ts";
import {
  CURSOR,
  DECISION_DETAIL,
  DECISIONS,
  EFFECT,
  EVENTS,
  KIND,
  limit,
  NAME,
  SCREEN,
  WHOLE,
} from "../schemas.ts";
import type { DecisionDetail, EventItem, Page } from "../types.ts";
import { answers } from "./answers.ts";

const DECISION_QUERY = z.strictObject({
  effect: z.exactOptional(EFFECT),
  subject: z.exactOptional(NAME),
  resource: z.exactOptional(NAME),
  search: z.exactOptional(NAME),
  since: z.exactOptional(WHOLE),
  before: z.exactOptional(CURSOR),
  limit: limit(SCREEN),
});
const EVENT_QUERY = z.strictObject({
  kind: z.exactOptional(KIND),
  after: z.exactOptional(WHOLE),
  before: z.exactOptional(WHOLE),
  limit: limit(SCREEN),
});
/** Other members are let through: what a client adds for a proxy changes nothing here. */
const STREAM_QUERY = z.object({ kind: z.exactOptional(KIND), after: z.exactOptional(WHOLE) });

/** What was decided, and everything else that was recorded. */
export function logRoutes(app: Api, parts: Parts): void {
  const { authority, log, activation } = parts;

  app.openapi(
    createRoute({
      method: "get",
      path: "/v1/decisions",
      request: { query: DECISION_QUERY },
      responses: answers("Decisions, newest first", DECISIONS),
    }),
    async (c) => {
      await authority.read(c.var.caller, "log.read");
      return c.json(await log.decisions(c.req.valid("query")), 200);
    },
  );

  app.openapi(
    createRoute({
      method: "get",
      path: "/v1/decisions/{id}",
      request: { params: z.object({ id: NAME }) },
      responses: answers(
        "A decision, explained from its own input by the version that made it",
        DECISION_DETAIL,
      ),
    }),
    async (c) => {
      await authority.read(c.var.caller, "log.read");
      const { id } = c.req.valid("param");
      const found = await log.decision(id);
      if (found === undefined)
        throw new PosternError("not_found", `there is no decision ${id}`, {
          remedy: "a decision is here a moment after it was made; ids begin with dec_",
        });
      const { item, decision, input, event } = found;
      const set = await activation.version(decision.version);
      const detail: DecisionDetail = {
        item,
        decision,
        input: inputToJson(input),
        ...(set === undefined ? {} : { explanation: explain(input, set, id) }),
        event,
      };
      return c.json(detail, 200);
    },
  );

  app.openapi(
    createRoute({
      method: "get",
      path: "/v1/events",
      request: { query: EVENT_QUERY },
      responses: answers("Events: newest first, or oldest first with `after`", EVENTS),
    }),
    async (c) => {
      await authority.read(c.var.caller, "log.read");
      const query = c.req.valid("query");
      const items = await log.events(query);
      const last = items.at(-1);
      const more = query.after === undefined && items.length === query.limit && last !== undefined;
      const page: Page<EventItem> = { items, ...(more ? { next: String(last.id) } : {}) };
      return c.json(page, 200);
    },
  );

  app.openapi(
    createRoute({
      method: "get",
      path: "/v1/events/stream",
      request: { query: STREAM_QUERY },
      responses: {
        200: {
          description:
            "Events as they come (`text/event-stream`), each with its place as id; goes on after `Last-Event-ID` or `after`",
          content: { "text/event-stream": { schema: { type: "string" } } },
        },
      },
    }),
    async (c) => {
      const { caller } = c.var;
      await authority.read(caller, "log.read");
      const query = c.req.valid("query");
      const resumed = c.req.header("last-event-id");
      const after = resumed !== undefined && /^\d{1,15}$/.test(resumed) ? Number(resumed) : query.after;
      return await eventStream(parts, {
        ...(query.kind === undefined ? {} : { kind: query.kind }),
        ...(after === undefined ? {} : { after }),
        stillAllowed: async () => await authority.read(caller, "log.read"),
      });
    },
  );
}
