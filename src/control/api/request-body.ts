import type { MiddlewareHandler } from "hono";
import { PosternError, parseJson } from "#kernel";
import type { Env } from "./parts.ts";

const KIBIBYTE = 1024;
const MOST = 64 * KIBIBYTE;
/** A policy set has at most 10 MiB of text, which JSON writes a little longer. */
const MOST_POLICY = 12 * KIBIBYTE * KIBIBYTE;
const POLICY = /^\/api\/v1\/policy\/(apply|check)$/;

/** Lets through a body that is JSON, says so and is no larger than its route needs; or none. */
export const requestBody: MiddlewareHandler<Env> = async (c, next) => {
  if (c.req.method === "GET" || c.req.method === "HEAD") return await next();
  const type = c.req.header("content-type");
  const most = POLICY.test(c.req.path) ? MOST_POLICY : MOST;
  if (Number(c.req.header("content-length") ?? 0) > most) throw tooLarge(most);
  const text = await readText(c.req.raw.body, most);
  if (text !== "" || type !== undefined) {
    if (type?.split(";", 1)[0]?.trim().toLowerCase() !== "application/json")
      throw new PosternError("input.malformed", "the body is not application/json");
    parseJson(text, "the body");
  }
  const { method, url } = c.req;
  c.req.raw = new Request(url, { method, headers: c.req.raw.headers, body: text === "" ? null : text });
  await next();
};

/** Reads no further than `most` bytes, whatever the request says of its length. */
async function readText(body: ReadableStream<Uint8Array> | null, most: number): Promise<string> {
  if (body === null) return "";
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > most) throw tooLarge(most);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function tooLarge(most: number): PosternError {
  const words = most === MOST ? "64 KiB" : "12 MiB";
  return new PosternError("input.too_large", `the body is over ${words}`);
}
