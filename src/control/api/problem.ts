import { HTTPException } from "hono/http-exception";
import { PolicyRefused } from "#activation";
import { type Diagnostic, type ErrorCode, PosternError, renderDiagnostic } from "#kernel";
import type { SourceFile } from "#policy";
import type { Problem, RenderedDiagnostic } from "./types.ts";

/** The status of each code (RFC 9110 §15). */
const STATUS: { readonly [code in ErrorCode]: number } = {
  "usage.invalid": 400,
  "input.malformed": 400,
  "input.invalid": 422,
  "input.too_large": 413,
  "manifest.invalid": 422,
  "policy.invalid": 422,
  "policy.locks_out": 422,
  not_found: 404,
  conflict: 409,
  unauthenticated: 401,
  denied: 403,
  "link.expired": 410,
  "link.used": 410,
  "link.unknown": 404,
  "link.other_browser": 409,
  "passkey.refused": 403,
  rate_limited: 429,
  "state.damaged": 500,
  "state.newer": 500,
  "state.busy": 503,
  "state.unreachable": 503,
  "folder.unsafe": 500,
  "folder.unwritable": 503,
  "port.busy": 500,
  "tls.required": 500,
  "tls.invalid": 500,
  "runtime.missing": 500,
  "token.unknown": 404,
  "token.used": 410,
  "token.expired": 410,
  "member.unknown": 403,
  "member.revoked": 403,
  "pin.mismatch": 403,
  "version.unsupported": 400,
  not_running: 503,
  "log.unwritable": 503,
  "view.stale": 503,
  internal: 500,
};

/** A denial by the policy: what it says to people beside the decision's id. */
export class Denied extends PosternError {
  readonly reason: string;
  constructor(action: string, decision: string, reason: string) {
    super("denied", `the policy does not allow you ${action}`, { decision });
    this.reason = reason;
  }
}

/** An error as the API answers it (RFC 9457). What is not an error of ours says nothing of itself. */
export function problemOf(error: unknown): Problem {
  if (error instanceof HTTPException) return fromHono(error);
  const known =
    error instanceof PosternError ? error : new PosternError("internal", "something went wrong here");
  const { decision, remedy, where, diagnostics } = known.details;
  return {
    type: "about:blank",
    title: known.message,
    status: STATUS[known.code],
    ...(known instanceof Denied ? { detail: known.reason } : {}),
    code: known.code,
    ...(decision === undefined ? {} : { decision }),
    ...(remedy === undefined ? {} : { remedy }),
    ...(where === undefined ? {} : { where }),
    ...(diagnostics === undefined ? {} : { diagnostics: rendered(diagnostics, textsOf(known)) }),
  };
}

/** Answers a problem. */
export function problemResponse(problem: Problem): Response {
  return new Response(JSON.stringify(problem), {
    status: problem.status,
    headers: { "content-type": "application/problem+json", "cache-control": "no-store" },
  });
}

/** Hono throws these for bodies that it cannot read. */
function fromHono(error: HTTPException): Problem {
  const code = error.status < 500 ? "input.malformed" : "internal";
  const title = error.status < 500 ? "the request cannot be read" : "something went wrong here";
  return { type: "about:blank", title, status: STATUS[code], code };
}

/** Findings with their caret lines where the text that they speak of is at hand. */
function rendered(
  findings: readonly Diagnostic[],
  files: readonly SourceFile[],
): readonly RenderedDiagnostic[] {
  const texts = new Map(files.map(({ path, text }) => [path, text]));
  return findings.map((finding) => {
    const text = texts.get(finding.file);
    return text === undefined ? finding : { ...finding, rendered: renderDiagnostic(finding, text) };
  });
}

function textsOf(error: PosternError): readonly SourceFile[] {
  return error instanceof PolicyRefused ? error.files : [];
}
