import type { ErrorCode, Json } from "#kernel";
import { type Html, page, pageSecurityHeaders } from "#look";
import type { Exchange } from "./exchange.ts";
import { isNavigation, wantsPage } from "./negotiate.ts";

/** An answer of the gateway's own: a page for people, problem JSON (RFC 9457) for programs. */
export interface Answer {
  readonly status: number;
  /** Completes `urn:postern:problem:`. */
  readonly problem: string;
  readonly code: ErrorCode;
  /** One sentence; the page's heading. */
  readonly title: string;
  readonly detail: string;
  /** What stands below the heading; always with a next step. */
  readonly body: Html;
  readonly headers?: { readonly [name: string]: string | readonly string[] };
  /** The page comes again by itself after so many seconds, at the same address unless another is named. */
  readonly retry?: { readonly seconds: number; readonly url?: string };
  /** Further members of the problem. */
  readonly more?: { readonly [member: string]: Json };
}

/** Answers, unless an answer is under way already: then the connection ends, so that nobody takes it for whole. */
export function give(exchange: Exchange, answer: Answer): void {
  const { request, response } = exchange;
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const asPage = wantsPage(request);
  const text = asPage ? page({ title: answer.title, body: answer.body }) : problemText(answer);
  const headers: { [name: string]: string | readonly string[] } = {
    ...(asPage ? pageSecurityHeaders() : PROBLEM_HEADERS),
    ...answer.headers,
    ...(answer.retry === undefined ? {} : retryHeaders(exchange, answer.retry)),
    "content-length": String(Buffer.byteLength(text)),
  };
  // the rest of a body that nobody reads would be taken for the next request
  if (!request.complete && hasBody(exchange)) headers["connection"] = "close";
  response.writeHead(answer.status, headersForNode(headers));
  response.end(text);
}

/**
 * `Retry-After` for programs; for somebody on their way to a page `Refresh` too, which browsers follow without script
 * (HTML §7.4.2.4). What was posted is not sent again.
 */
function retryHeaders(
  { request, upgrade }: Exchange,
  { seconds, url }: NonNullable<Answer["retry"]>,
): { readonly [name: string]: string } {
  return {
    "retry-after": String(seconds),
    ...(upgrade === undefined && isNavigation(request)
      ? { refresh: url === undefined ? String(seconds) : `${seconds}; url=${url}` }
      : {}),
  };
}

/** For a page that tries again by itself, where it can: what was posted is not sent a second time. */
export function comesAgain({ request, upgrade }: Exchange): { byItself?: { at?: string } } {
  return upgrade === undefined && isNavigation(request) ? { byItself: {} } : {};
}

/** Sends the browser elsewhere; what is there is for this one time. */
export function redirect(exchange: Exchange, location: string, setCookies: readonly string[]): void {
  const { response } = exchange;
  response.writeHead(302, {
    location,
    ...(setCookies.length === 0 ? {} : { "set-cookie": [...setCookies] }),
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "content-length": "0",
  });
  response.end();
}

const PROBLEM_HEADERS: { readonly [name: string]: string } = {
  "content-type": "application/problem+json",
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "referrer-policy": "no-referrer",
};

function problemText({ problem, title, status, detail, code, more }: Answer): string {
  return JSON.stringify({ type: `urn:postern:problem:${problem}`, title, status, detail, code, ...more });
}

function hasBody({ request }: Exchange): boolean {
  return (
    request.headers["transfer-encoding"] !== undefined || request.headers["content-length"] !== undefined
  );
}

function headersForNode(headers: { readonly [name: string]: string | readonly string[] }): {
  [name: string]: string | string[];
} {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, typeof value === "string" ? value : [...value]]),
  );
}

/** Lets browsers come by https alone from now on (RFC 6797); of no use to loopback names. */
export function setTransportSecurity(
  response: { setHeader(name: string, value: string): unknown },
  origin: URL,
): void {
  const { protocol, hostname } = origin;
  if (protocol !== "https:" || hostname === "localhost" || hostname.endsWith(".localhost")) return;
  response.setHeader("strict-transport-security", "max-age=31536000");
}
