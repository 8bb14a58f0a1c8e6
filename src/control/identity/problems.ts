import type { IncomingMessage, ServerResponse } from "node:http";
import { type ErrorCode, PosternError } from "#kernel";
import { actionLink, actions, html, page, pageSecurityHeaders } from "#look";

/** The status of each code that the login host answers with; any other is 500. */
const STATUS: Partial<Record<ErrorCode, number>> = {
  "input.malformed": 400,
  "input.invalid": 422,
  "input.too_large": 413,
  unauthenticated: 401,
  denied: 403,
  "passkey.refused": 403,
  not_found: 404,
  "link.unknown": 404,
  conflict: 409,
  "link.other_browser": 409,
  "link.expired": 410,
  "link.used": 410,
  rate_limited: 429,
};

/** An answer that says what went wrong, ready to be sent. */
export interface RenderedProblem {
  readonly status: number;
  readonly headers: { readonly [name: string]: string };
  readonly body: string;
}

/**
 * Renders an error: as a page for a browser that opened one, else as problem JSON (RFC 9457). What is not an
 * error of ours says nothing of itself.
 */
export function renderProblem(request: IncomingMessage, error: unknown): RenderedProblem {
  const known = error instanceof PosternError && STATUS[error.code] !== undefined ? error : undefined;
  const code = known?.code ?? "internal";
  const status = STATUS[code] ?? 500;
  const title = known?.message ?? "something went wrong here";
  const remedy = known?.details.remedy;
  if (wantsPage(request)) {
    return {
      status,
      headers: pageSecurityHeaders(),
      body: problemPage(title, remedy),
    };
  }
  return {
    status,
    headers: { "content-type": "application/problem+json", "cache-control": "no-store" },
    body: JSON.stringify({
      type: "about:blank",
      title,
      status,
      code,
      ...(remedy === undefined ? {} : { remedy }),
    }),
  };
}

/** Answers an error. */
export function answerProblem(request: IncomingMessage, response: ServerResponse, error: unknown): void {
  const { status, headers, body } = renderProblem(request, error);
  response.writeHead(status, { ...headers, "content-length": Buffer.byteLength(body) });
  response.end(body);
}

/** Whether the client is a browser that opens a page, rather than a program. */
function wantsPage(request: IncomingMessage): boolean {
  return request.method === "GET" && /\btext\/html\b/i.test(request.headers.accept ?? "");
}

function problemPage(title: string, remedy: string | undefined): string {
  return page({
    title: sentence(title),
    body: html`${remedy !== undefined && html`<p>${sentence(remedy)}.</p>`}${actions(
      actionLink({ label: "Go to your applications", href: "/", primary: true }),
    )}`,
  });
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
