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

/** Nothing is wrong with the request: the state cannot be read or written at the moment. */
const OUTAGES: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "state.unreachable",
  "state.busy",
  "folder.unwritable",
]);
const OUTAGE_STATUS = 503;
/** After which a browser or a gateway may try again, in seconds. */
const RETRY_AFTER = 5;

/** Whether an error says that the state is away, and so nothing of the request. */
export function isOutage(error: unknown): boolean {
  return error instanceof PosternError && OUTAGES.has(error.code);
}

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
  const { code, status, title, remedy } = said(error);
  const headers = isOutage(error) ? { "retry-after": String(RETRY_AFTER) } : {};
  if (wantsPage(request)) {
    const next = isOutage(error)
      ? { label: "Try again", href: request.url ?? "/" }
      : { label: "Go to your applications", href: "/" };
    return {
      status,
      headers: { ...pageSecurityHeaders(), ...headers },
      body: problemPage(title, remedy, next),
    };
  }
  return {
    status,
    headers: { ...headers, "content-type": "application/problem+json", "cache-control": "no-store" },
    body: JSON.stringify({
      type: "about:blank",
      title,
      status,
      code,
      ...(remedy === undefined ? {} : { remedy }),
    }),
  };
}

interface Said {
  readonly code: ErrorCode;
  readonly status: number;
  readonly title: string;
  readonly remedy: string | undefined;
}

function said(error: unknown): Said {
  if (error instanceof PosternError && isOutage(error)) {
    // where the database is, and why it does not answer, is for those who run it
    const title = "signing in is not possible at the moment";
    return { code: error.code, status: OUTAGE_STATUS, title, remedy: "try again in a few seconds" };
  }
  const status = error instanceof PosternError ? STATUS[error.code] : undefined;
  if (!(error instanceof PosternError) || status === undefined)
    return { code: "internal", status: 500, title: "something went wrong here", remedy: undefined };
  return { code: error.code, status, title: error.message, remedy: error.details.remedy };
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

function problemPage(
  title: string,
  remedy: string | undefined,
  next: { readonly label: string; readonly href: string },
): string {
  return page({
    title: sentence(title),
    body: html`${remedy !== undefined && html`<p>${sentence(remedy)}.</p>`}${actions(
      actionLink({ ...next, primary: true }),
    )}`,
  });
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
