import { type Answer, comesAgain, give } from "./answers.ts";
import type { CanonicalRequest } from "./canonical-request.ts";
import { forwardedHeaders } from "./client-headers.ts";
import type { Exchange } from "./exchange.ts";
import { forward } from "./forward.ts";
import {
  LOGIN_BODY_TIMEOUT,
  LOGIN_FIRST_BYTE,
  MOST_LOGIN_BODY_BYTES,
  MOST_LOGIN_REQUESTS,
} from "./limits.ts";
import { ownHeaders } from "./own-headers.ts";
import { malformed, nothingHere, type Place, unavailable } from "./pages.ts";
import type { Parts } from "./parts.ts";
import type { Site } from "./sites.ts";

/**
 * Passes requests to the login host on to control, undecided: who asks is what it is there to find out. In place of a
 * decision it has limits of its own.
 */
export function loginHost(
  parts: Parts,
): (exchange: Exchange, canonical: CanonicalRequest, site: Site, place: Place) => void {
  let underWay = 0;
  return (exchange, canonical, site, place) => {
    const { request } = exchange;
    if (exchange.upgrade !== undefined) {
      give(exchange, nothingHere(place));
      return;
    }
    if (Number(request.headers["content-length"] ?? 0) > MOST_LOGIN_BODY_BYTES) {
      give(exchange, malformed(413, "it is too large"));
      return;
    }
    if (underWay >= MOST_LOGIN_REQUESTS) {
      give(exchange, busy(place, comesAgain(exchange)));
      return;
    }
    underWay += 1;
    const cancel = parts.schedule.after(LOGIN_BODY_TIMEOUT, () => {
      if (!request.complete) forwarded.abort("too-slow");
    });
    const forwarded = forward(exchange, {
      upstream: parts.upstreams.control,
      asked: {
        method: canonical.method,
        target: canonical.target,
        headers: forwardedHeaders(
          { canonical, rawHeaders: request.rawHeaders, cookies: "all" },
          ownHeaders(site, exchange.source),
        ),
      },
      hostname: canonical.hostname,
      from: "control",
      schedule: parts.schedule,
      mostBytesIn: MOST_LOGIN_BODY_BYTES,
      firstByteWithin: LOGIN_FIRST_BYTE,
      onFailure: () =>
        give(
          exchange,
          unavailable(place, {
            name: "login-unavailable",
            code: "not_running",
            detail: "The sign-in service does not answer",
            ...comesAgain(exchange),
          }),
        ),
      onEnd: () => {
        underWay -= 1;
        cancel();
      },
    });
  };
}

function busy(place: Place, again: ReturnType<typeof comesAgain>): Answer {
  return unavailable(place, {
    name: "login-busy",
    code: "rate_limited",
    detail: "Too many people are signing in at this moment",
    ...again,
  });
}
