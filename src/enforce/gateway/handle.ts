import { PosternError } from "#kernel";
import { admit } from "./admission.ts";
import { give, redirect, setTransportSecurity } from "./answers.ts";
import { type CanonicalRequest, canonicalRequest, RefusedRequest } from "./canonical-request.ts";
import { readCookies } from "./cookies.ts";
import type { Exchange } from "./exchange.ts";
import type { Asked } from "./input.ts";
import { type Judgement, judge } from "./judge.ts";
import { loginHost } from "./login-host.ts";
import { isNavigation } from "./negotiate.ts";
import {
  denied,
  malformed,
  misdirected,
  noApplication,
  type Place,
  refused,
  unauthenticated,
  unavailable,
} from "./pages.ts";
import type { Parts } from "./parts.ts";
import { answerReserved, isReserved } from "./reserved.ts";
import { AMBIGUOUS, findResource, type Resource } from "./resources.ts";
import { type EnteredSite, findSite } from "./sites.ts";
import { isWebSocketOpening } from "./tunnel.ts";
import { recognise } from "./who.ts";

/** Answers one request. Every step either answers and ends, or leaves one thing less to doubt. */
export function requestHandler(parts: Parts): (exchange: Exchange) => void {
  const toLoginHost = loginHost(parts);

  async function handle(exchange: Exchange): Promise<void> {
    const { request } = exchange;

    const canonical = canonicalRequest(request.method, request.url, request.rawHeaders);
    const instance = parts.view.instance();
    if (instance === undefined) {
      give(exchange, notReady(undefined));
      return;
    }
    const site = findSite(parts.view, canonical, exchange.port);
    if (site === undefined) {
      give(exchange, misdirected());
      return;
    }
    setTransportSecurity(exchange.response, new URL(site.origin));
    const place: Place = { instance, again: placeToGoBack(canonical) };
    if (isReserved(canonical.path)) {
      await answerReserved(parts, exchange, canonical, site, place);
      return;
    }
    if (site.kind === "login") {
      toLoginHost(exchange, canonical, site, place);
      return;
    }

    const cookies = readCookies(request.rawHeaders);
    const recognised = recognise(parts.view, parts.clock, site, cookies);
    if (recognised.who === undefined) {
      if (recognised.stranger !== undefined)
        parts.records.strangeCookie(recognised.stranger, exchange.source);
      await challenge(exchange, site, place);
      return;
    }
    const { who } = recognised;

    if (exchange.upgrade !== undefined && !isWebSocketOpening(request))
      throw new RefusedRequest(400, "the opening of the WebSocket is malformed");
    const resource = findResource(parts.view, site, canonical, exchange.upgrade !== undefined);
    if (resource === AMBIGUOUS)
      throw new RefusedRequest(
        400,
        "the path can be read in more than one way: its encoding hides where it leads",
      );
    if (resource === undefined) {
      give(exchange, noApplication(place));
      return;
    }
    const asked: Asked = {
      canonical,
      site,
      source: exchange.source,
      upgrade: exchange.upgrade !== undefined,
      ...(exchange.tls === undefined ? {} : { tls: exchange.tls }),
      ...(request.headers.origin === undefined ? {} : { origin: request.headers.origin }),
    };
    const judgement = judge(parts, asked, who, resource);
    parts.activity.touch(who.session.id);
    if (judgement === undefined) {
      give(exchange, notReady(place));
      return;
    }
    if (judgement.decision.effect !== "allow") {
      await turnAway(exchange, asked, resource, judgement, place);
      return;
    }
    await admit(parts, { exchange, place, asked, who, resource, judgement });
  }

  /** For whoever is not signed in here; says nothing about what is here. */
  async function challenge(exchange: Exchange, site: EnteredSite, place: Place): Promise<void> {
    const { request, upgrade } = exchange;
    if (upgrade !== undefined || !isNavigation(request)) {
      give(exchange, unauthenticated(place));
      return;
    }
    try {
      const step = await parts.login.begin(site, place.again, readCookies(request.rawHeaders));
      redirect(exchange, step.location, step.cookies);
    } catch (error) {
      if (!(error instanceof PosternError)) throw error;
      parts.notify({ event: "warning", message: `nobody can sign in: ${error.message}` });
      give(
        exchange,
        unavailable(place, {
          name: "login-unavailable",
          code: error.code,
          detail: "Nobody can be signed in at this moment",
        }),
      );
    }
  }

  /** Records a denial, and then says so. */
  async function turnAway(
    exchange: Exchange,
    asked: Asked,
    resource: Resource,
    judgement: Judgement,
    place: Place,
  ): Promise<void> {
    const { decision, refusal, input, set } = judgement;
    const detail = decision.reasons[0]?.message ?? "";
    const title = `You can't open ${resource.title} this way.`;
    const answer =
      refusal === undefined
        ? denied(place, { decision, input, set, title: resource.title, showRules: resource.showRules })
        : refusal === "view-stale"
          ? unavailable(place, { name: "view-stale", code: "view.stale", detail, decision: decision.id })
          : refused(place, { title, detail, decision: decision.id });
    if (await parts.records.decision(asked, judgement, answer.status)) {
      give(exchange, answer);
      return;
    }
    give(
      exchange,
      unavailable(place, {
        name: "log-unwritable",
        code: "log.unwritable",
        detail: "The log can't be written",
      }),
    );
  }

  return (exchange) => {
    handle(exchange).catch((error: unknown) => {
      if (error instanceof RefusedRequest) {
        give(exchange, malformed(error.status, error.message));
        return;
      }
      parts.notify({
        event: "warning",
        message: `a request failed: ${error instanceof Error ? (error.stack ?? error.message) : "unknown error"}`,
      });
      give(exchange, {
        ...unavailable(undefined, { name: "internal", code: "internal", detail: "Something failed here" }),
        status: 500,
      });
    });
  };
}

/** Only what can be asked again by a link. */
function placeToGoBack({ method, target }: CanonicalRequest): string {
  return method === "GET" || method === "HEAD" ? target : "/";
}

function notReady(place: Place | undefined): ReturnType<typeof unavailable> {
  return unavailable(place, {
    name: "not-ready",
    code: "view.stale",
    detail: "The gateway has no policy to decide by yet",
  });
}
