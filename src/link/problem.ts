import type { IncomingMessage, ServerResponse } from "node:http";
import { type ErrorCode, PosternError } from "#kernel";

/** What an error is to the other end. */
export interface ErrorBody {
  readonly code: ErrorCode;
  readonly message: string;
  readonly remedy?: string;
}

/** How codes are said in HTTP (RFC 9110 §15); any other is 400. */
const STATUS: { readonly [C in ErrorCode]?: number } = {
  unauthenticated: 401,
  denied: 403,
  "member.unknown": 403,
  "member.revoked": 403,
  not_found: 404,
  "version.unsupported": 404,
  conflict: 409,
  "input.too_large": 413,
  rate_limited: 429,
  "state.unreachable": 503,
  "state.busy": 503,
  "state.damaged": 503,
  "folder.unwritable": 503,
  "log.unwritable": 503,
  not_running: 503,
  internal: 500,
};

function statusOf({ code }: ErrorBody): number {
  return STATUS[code] ?? 400;
}

/** What is said of an error; where it happened and its cause stay here. */
export function bodyOf(error: unknown): ErrorBody {
  if (!(error instanceof PosternError))
    return { code: "internal", message: error instanceof Error ? error.message : String(error) };
  const { code, message, details } = error;
  return { code, message, ...(details.remedy === undefined ? {} : { remedy: details.remedy }) };
}

export function answerProblem(request: IncomingMessage, response: ServerResponse, error: unknown): void {
  // what is left of a body that was not read must not hold the connection
  request.resume();
  const body = bodyOf(error);
  answerJson(response, statusOf(body), body);
}

export function answerJson(response: ServerResponse, status: number, value: unknown): void {
  const body = JSON.stringify(value);
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
  });
  response.end(body);
}
