import { PosternError } from "#kernel";
import { admit } from "./admission.ts";
import { give, redirect, setTransportSecurity } from "./answers.ts";
import { type CanonicalRequest, canonicalRequest, RefusedRequest } from "./canonical-request.ts";
import { readCookies } from "./cookies.ts";
import {
  forgetEntry,
  goesInCircles,
  isWorthWaiting,
  pauseBefore,
  rememberEntry,
  rememberedEntry,
} from "./entry-wait.ts";
import type { Exchange } from "./exchange.ts";
import type { Asked } from "./input.ts";
import { type Judgement, judge } from "./judge.ts";
import { loginHost } from "./login-host.ts";
import { isNavigation } from "./negotiate.ts";
import {
  denied,
  loginFailed,
  malformed,
  misdirected,
  noApplication,
  notYetEntered,
  type Place,
  refused,
  shutOut,
  unauthenticated,
  unavailable,
} from "./pages.ts";
import type { Parts } from "./parts.ts";
import { answerReserved, isReserved } from "./reserved.ts";
import { AMBIGUOUS, findResource, type Resource } from "./resources.ts";
import { type EnteredSite, findSite } from "./sites.ts";
import { isWebSocketOpening } from "./tunnel.ts";
import { type Recognised, recognise } from "./who.ts";

/** Answers one request. Every step either answers and ends, or leaves one thing less to doubt. */
export function requestHandler(parts: Parts): (exchange: Exchange) => void {
  const { tallies } = parts;
  const toLoginHost = loginHost(parts);

  async function handle(exchange: Exchange): Promise<void> {
    const { request } = exchange;

    const canonical = canonicalRequest(request.method, request.url, request.rawHeaders);
    const instance = parts.view.instance();
    if (instance === undefined) {
      tallies.denial("not-ready");
      give(exchange, notReady(undefined));
      return;
    }
    const site = findSite(parts.view, canonical, exchange.port);
    if (site === undefined) {
      tallies.denial("misdirected");
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
      if (!shutsOut(exchange, place)) toLoginHost(exchange, canonical, site, place);
      return;
    }

    const recognised = await recogniseOrWait(exchange, site, place);
    if (recognised === undefined) return;
    if (recognised.who === undefined) {
      if (recognised.stranger !== undefined)
        parts.records.strangeCookie(recognised.stranger, exchange.source);
      if (!shutsOut(exchange, place)) await challenge(exchange, site, place);
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
      tallies.denial("no-application");
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
      tallies.denial("not-ready");
      give(exchange, notReady(place));
      return;
    }
    tallies.decision(judgement, resource);
    if (judgement.decision.effect !== "allow") {
      await turnAway(exchange, asked, resource, judgement, place);
      return;
    }
    await admit(parts, { exchange, place, asked, who, resource, judgement });
  }

  /** Who it is, once word of a login that just ended has come; undefined when it has not, which is answered. */
  async function recogniseOrWait(
    exchange: Exchange,
    site: EnteredSite,
    place: Place,
  ): Promise<Recognised | undefined> {
    const { view, clock, entryWaits } = parts;
    const cookies = readCookies(exchange.request.rawHeaders);
    const recognised = recognise(view, clock, site, cookies);
    if (recognised.who !== undefined) return recognised;
    const awaited = rememberedEntry(site, cookies);
    if (awaited === undefined || awaited.number <= view.number || !isWorthWaiting(site, cookies, awaited))
      return recognised;
    if (await entryWaits.reached(awaited)) return recognise(view, clock, site, cookies);
    tallies.denial("entry-pending");
    const remember = rememberEntry(site, { ...awaited, tries: awaited.tries + 1 });
    give(exchange, notYetEntered(place, pauseBefore(awaited), remember));
    return undefined;
  }

  /** Answers for a gateway that may let nobody in any more; true when it did. */
  function shutsOut(exchange: Exchange, place: Place): boolean {
    const why = parts.view.ended();
    if (why === undefined) return false;
    tallies.denial("membership-ended");
    give(exchange, shutOut(place, why));
    return true;
  }

  /** For whoever is not signed in here; says nothing about what is here. */
  async function challenge(exchange: Exchange, site: EnteredSite, place: Place): Promise<void> {
    const { request, upgrade } = exchange;
    tallies.denial("unauthenticated");
    if (upgrade !== undefined || !isNavigation(request)) {
      give(exchange, unauthenticated(place));
      return;
    }
    const cookies = readCookies(request.rawHeaders);
    const last = rememberedEntry(site, cookies);
    if (last !== undefined && goesInCircles(last)) {
      const answer = loginFailed(
        place,
        "You signed in several times in a row, and this door did not keep it",
      );
      give(exchange, { ...answer, headers: { "set-cookie": forgetEntry(site) } });
      return;
    }
    try {
      const step = await parts.login.begin(site, place.again, cookies);
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
          byItself: {},
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
          : refusal === "membership-ended"
            ? shutOut(place, parts.view.ended() ?? detail, decision.id)
            : refused(place, { title, detail, decision: decision.id });
    if (await parts.records.decision(asked, judgement, answer.status)) {
      give(exchange, answer);
      return;
    }
    tallies.denial("log-unwritable");
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
    const { request, response, startedAt, upgrade } = exchange;
    if (upgrade === undefined)
      response.once("close", () =>
        tallies.request(
          request.method,
          response.headersSent ? response.statusCode : 0,
          (parts.clock.monotonic() - startedAt) / 1_000,
        ),
      );
    handle(exchange).catch((error: unknown) => {
      if (error instanceof RefusedRequest) {
        tallies.denial("malformed");
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
