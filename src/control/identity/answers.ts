import type { IncomingMessage, ServerResponse } from "node:http";
import { PosternError, parseJson } from "#kernel";
import type { InstanceState } from "#link";
import { MOST_BODY_BYTES } from "./limits.ts";

/** Answers JSON, which nothing may keep. */
export function answerJson(response: ServerResponse, status: number, value: unknown): void {
  const body = JSON.stringify(value);
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
    "cache-control": "no-store",
  });
  response.end(body);
}

/** Headers of every answer of the login host; a handler may set its own in their place. */
export function setSecurityHeaders(response: ServerResponse, instance: InstanceState): void {
  const headers = {
    "content-security-policy":
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; " +
      "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    // not `no-referrer`, with which some browsers send `Origin: null`
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "publickey-credentials-get=(self), publickey-credentials-create=(self)",
  };
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  if (instance.scheme === "https") response.setHeader("strict-transport-security", "max-age=31536000");
}

/**
 * Whether a request that changes something comes from the login host's own pages.
 * @throws PosternError `denied`.
 */
export function checkSameOrigin(request: IncomingMessage, instance: InstanceState): void {
  const site = request.headers["sec-fetch-site"];
  if (request.headers.origin === instance.origins.login && (site === undefined || site === "same-origin"))
    return;
  throw new PosternError("denied", "this request does not come from the sign-in page");
}

/**
 * Reads a JSON body; an empty one reads as an object without members.
 * @throws PosternError `input.malformed` or `input.too_large`.
 */
export async function readJson(request: IncomingMessage): Promise<unknown> {
  const type = request.headers["content-type"]?.split(";", 1)[0]?.trim().toLowerCase();
  if (type !== "application/json")
    throw new PosternError("input.malformed", "the body is not application/json");
  const chunks: Buffer[] = [];
  let size = 0;
  // leaving the loop early must not take away the connection that the answer goes by
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MOST_BODY_BYTES) throw new PosternError("input.too_large", "the body is over 64 KiB");
    chunks.push(chunk);
  }
  return size === 0 ? {} : parseJson(Buffer.concat(chunks).toString("utf8"), "the body");
}
