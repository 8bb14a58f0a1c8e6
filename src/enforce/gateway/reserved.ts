import { give, redirect } from "./answers.ts";
import type { CanonicalRequest } from "./canonical-request.ts";
import { readCookies } from "./cookies.ts";
import type { Exchange } from "./exchange.ts";
import { CALLBACK_PATH } from "./login.ts";
import { loginFailed, nothingHere, type Place, unavailable } from "./pages.ts";
import type { Parts } from "./parts.ts";
import type { Site } from "./sites.ts";

/** Paths of Postern's own, on every host; none of them is ever forwarded. */
export function isReserved(path: string): boolean {
  return /^\/\.postern(?:\/|$)/i.test(path);
}

/** Answers a reserved path. */
export async function answerReserved(
  parts: Parts,
  exchange: Exchange,
  canonical: CanonicalRequest,
  site: Site,
  place: Place,
): Promise<void> {
  const isRead = canonical.method === "GET" || canonical.method === "HEAD";
  if (exchange.upgrade === undefined && isRead) {
    if (canonical.path === "/.postern/jwks.json") {
      answerKeys(parts, exchange);
      return;
    }
    // HEAD would spend the code
    if (canonical.path === CALLBACK_PATH && canonical.method === "GET" && site.kind !== "login") {
      const held = readCookies(exchange.request.rawHeaders);
      const step = await parts.login.finish(site, canonical.target, held);
      if ("location" in step) redirect(exchange, step.location, step.cookies);
      else if (step.again !== undefined) {
        const at = step.again === "here" ? canonical.target : step.back;
        const answer = unavailable(place, {
          name: "login-unavailable",
          code: "not_running",
          detail: step.why,
          byItself: { at: site.origin + at },
        });
        give(exchange, { ...answer, headers: { "set-cookie": step.cookies } });
      } else {
        const answer = loginFailed({ ...place, again: step.back }, step.why);
        give(exchange, { ...answer, headers: { "set-cookie": step.cookies } });
      }
      return;
    }
  }
  give(exchange, nothingHere(place));
}

/** The keys that applications verify `Postern-Assertion` with (RFC 7517 §5). */
function answerKeys({ keys }: Parts, { response }: Exchange): void {
  const body = JSON.stringify({ keys: [keys.jwk] });
  response.writeHead(200, {
    "content-type": "application/jwk-set+json",
    "content-length": Buffer.byteLength(body),
    "cache-control": "public, max-age=300",
    "x-content-type-options": "nosniff",
  });
  response.end(body);
}
