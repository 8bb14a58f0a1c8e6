import type { MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { PosternError, parseJson } from "#kernel";
import type { Env } from "./parts.ts";

const KIBIBYTE = 1024;
const MOST = 64 * KIBIBYTE;
/** A policy set has at most 10 MiB of text, which JSON writes a little longer. */
const MOST_POLICY = 12 * KIBIBYTE * KIBIBYTE;
const POLICY = /^\/api\/v1\/policy\/(apply|check)$/;

/** Lets through a body that is JSON, says so and is no larger than its route needs; or none. */
export function requestBody(): MiddlewareHandler<Env> {
  const usual = limit(MOST, "64 KiB");
  const policy = limit(MOST_POLICY, "12 MiB");
  return async (c, next) => {
    if (c.req.method === "GET" || c.req.method === "HEAD") return await next();
    return await (POLICY.test(c.req.path) ? policy : usual)(c, async () => {
      const type = c.req.header("content-type");
      const body = await c.req.text();
      if (body === "" && type === undefined) return await next();
      if (type?.split(";", 1)[0]?.trim().toLowerCase() !== "application/json")
        throw new PosternError("input.malformed", "the body is not application/json");
      parseJson(body, "the body");
      await next();
    });
  };
}

function limit(maxSize: number, words: string): MiddlewareHandler<Env> {
  return bodyLimit({
    maxSize,
    onError: () => {
      throw new PosternError("input.too_large", `the body is over ${words}`);
    },
  });
}
