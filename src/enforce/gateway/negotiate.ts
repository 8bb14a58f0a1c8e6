import type { IncomingMessage } from "node:http";

/** Whether the client would rather read a page than JSON: it names HTML, and JSON not before it (RFC 9110 §12.5.1). */
export function wantsPage(request: IncomingMessage): boolean {
  const accept = request.headers.accept;
  if (accept === undefined) return false;
  let page = 0;
  let json = 0;
  for (const range of accept.split(",", 50)) {
    const [type = "", ...parameters] = range.split(";").map((part) => part.trim().toLowerCase());
    const weight = qualityOf(parameters);
    if (type === "text/html" || type === "application/xhtml+xml") page = Math.max(page, weight);
    if (type === "application/json" || type === "application/problem+json") json = Math.max(json, weight);
  }
  return page > 0 && page >= json;
}

function qualityOf(parameters: readonly string[]): number {
  const q = parameters.find((parameter) => parameter.startsWith("q="))?.slice(2);
  if (q === undefined) return 1;
  const weight = Number(q);
  return weight >= 0 && weight <= 1 ? weight : 0;
}

/** Whether somebody is on their way to a page, so that sending them to sign in brings them back to it. */
export function isNavigation(request: IncomingMessage): boolean {
  const mode = request.headers["sec-fetch-mode"];
  return (
    (request.method === "GET" || request.method === "HEAD") &&
    wantsPage(request) &&
    (mode === undefined || mode === "navigate")
  );
}
