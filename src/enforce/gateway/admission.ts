import { type Answer, comesAgain, give } from "./answers.ts";
import { forwardedHeaders } from "./client-headers.ts";
import type { Exchange } from "./exchange.ts";
import { type Ending, type Forwarded, forward } from "./forward.ts";
import type { Asked } from "./input.ts";
import type { Judgement } from "./judge.ts";
import { CONSOLE_FIRST_BYTE } from "./limits.ts";
import type { EndReason } from "./live.ts";
import { ownHeaders } from "./own-headers.ts";
import { badGateway, type Place, unavailable } from "./pages.ts";
import type { Parts } from "./parts.ts";
import type { Resource } from "./resources.ts";
import { tunnel } from "./tunnel.ts";
import type { Upstream } from "./upstreams.ts";
import type { Who } from "./who.ts";

/** A request that was allowed, on its way to be recorded and forwarded. */
export interface Admitted {
  readonly exchange: Exchange;
  readonly place: Place;
  readonly asked: Asked;
  readonly who: Who;
  readonly resource: Resource;
  readonly judgement: Judgement;
}

/**
 * Lets an allowed request through: on the list of open connections first, so that no change in between is missed, then
 * into the record, and only when that rests in the spool to the application.
 */
export async function admit(parts: Parts, admitted: Admitted): Promise<void> {
  const { exchange, place, asked, who, resource, judgement } = admitted;
  const { records, live } = parts;
  let forwarded: Forwarded<EndReason> | undefined;
  let ended: EndReason | undefined;
  const leave = live.open({
    id: judgement.decision.id,
    asked,
    who,
    resource,
    end(why) {
      ended ??= why;
      forwarded?.abort(why);
    },
  });
  const gone = (): string | undefined =>
    ended ?? (exchange.response.destroyed || isClosed(exchange) ? "client-closed" : undefined);
  let over = false;
  const end = (ending: Ending): void => {
    if (over) return;
    over = true;
    leave();
    complete(parts, admitted, ending);
  };
  try {
    if (!(await records.decision(asked, judgement))) {
      leave();
      parts.tallies.denial("log-unwritable");
      give(
        exchange,
        unavailable(place, {
          name: "log-unwritable",
          code: "log.unwritable",
          detail: "The log can't be written, and nothing is let through unrecorded",
        }),
      );
      return;
    }
    const prepared = gone() === undefined ? await prepare(parts, admitted) : undefined;
    const why = gone();
    if (prepared === undefined || why !== undefined) {
      exchange.request.socket.destroy();
      end({ status: 0, bytesIn: 0, bytesOut: 0, ended: why ?? "upstream-failed" });
      return;
    }
    forwarded = begin(parts, admitted, prepared, end);
  } catch (error) {
    // not forwarded: control does not know our key, or the upstream is none
    parts.notify({
      event: "warning",
      message: `${resource.facts.name} was not reached: ${error instanceof Error ? error.message : "unknown error"}`,
    });
    give(exchange, silent(admitted));
    end({ status: 502, bytesIn: 0, bytesOut: 0, ended: "upstream-failed" });
  }
}

interface Prepared {
  readonly upstream: Upstream;
  readonly headers: readonly string[];
}

async function prepare(parts: Parts, { exchange, asked, who, resource, place }: Admitted): Promise<Prepared> {
  const upstream = parts.upstreams.resolve(resource.upstream);
  // control verifies assertions by announced keys; applications fetch them
  if (upstream === parts.upstreams.control) await parts.keys.announced();
  const assertion = await parts.assertions.for({
    user: who.user,
    session: who.session,
    audience: resource.audience,
    issuer: place.instance.origins.login,
  });
  const headers = forwardedHeaders(
    { canonical: asked.canonical, rawHeaders: exchange.request.rawHeaders, cookies: "not-ours" },
    ownHeaders(asked.site, asked.source, assertion),
  );
  return { upstream, headers };
}

function begin(
  parts: Parts,
  admitted: Admitted,
  { upstream, headers }: Prepared,
  onEnd: (ending: Ending) => void,
): Forwarded<EndReason> {
  const { exchange, asked, resource, who } = admitted;
  const { method, target, hostname } = asked.canonical;
  const onFailure = (error: Error): void => {
    parts.notify({ event: "upstream-failed", message: `${resource.facts.name}: ${error.message}` });
    give(exchange, silent(admitted));
  };
  const shared = { upstream, hostname, schedule: parts.schedule, onFailure, onEnd };
  if (exchange.upgrade !== undefined) {
    const asking = [...headers, "connection", "Upgrade", "upgrade", "websocket"];
    return tunnel(exchange, exchange.upgrade, {
      ...shared,
      asked: { method, target, headers: asking },
      onUse: () => parts.activity.touch(who.session.id),
    });
  }
  return forward(exchange, {
    ...shared,
    asked: { method, target, headers },
    from: "application",
    ...(upstream.isControl ? { firstByteWithin: CONSOLE_FIRST_BYTE } : {}),
  });
}

/** What the client is told when the upstream did not answer. Control is ours, and comes back. */
function silent({ exchange, place, resource }: Admitted): Answer {
  if (resource.upstream !== "control") return badGateway(place, resource.title);
  return unavailable(place, {
    name: "console-unavailable",
    code: "not_running",
    detail: "You may open the console, but control does not answer",
    ...comesAgain(exchange),
  });
}

function complete(
  parts: Parts,
  { exchange, asked, who, resource, judgement }: Admitted,
  ending: Ending,
): void {
  const { status, bytesIn, bytesOut, ended } = ending;
  parts.records.completion({
    decision: judgement.decision.id,
    application: resource.facts.name,
    user: { id: who.user.id, name: who.user.name },
    source: asked.source,
    http: { method: asked.canonical.method, url: asked.site.origin + asked.canonical.target, status },
    durationMs: parts.clock.monotonic() - exchange.startedAt,
    bytesIn,
    bytesOut,
    ...(ended === undefined ? {} : { ended }),
  });
}

function isClosed({ request }: Exchange): boolean {
  return request.socket.destroyed;
}
