import { type Clock, type IdSource, newId, PosternError } from "#kernel";
import { checkInput, type Decision, decide, type Input, type PolicySet } from "#policy";
import type { View } from "#view";
import type { Activity } from "./activity.ts";
import { FRESHNESS } from "./freshness-bounds.ts";
import { type Asked, buildInput } from "./input.ts";
import { MOST_SKEW_SECONDS } from "./limits.ts";
import type { Resource } from "./resources.ts";
import type { Who } from "./who.ts";

/** Why the gateway denies before any rule is asked. */
export type Refusal = "membership-ended" | "view-stale" | "by-port" | "websocket-origin" | "input-invalid";

export interface Judgement {
  readonly input: Input;
  readonly decision: Decision;
  readonly set: PolicySet;
  /** Present when it was not the rules that denied. */
  readonly refusal?: Refusal;
}

export interface JudgeParts {
  readonly view: View;
  readonly activity: Activity;
  readonly clock: Clock;
  readonly ids: IdSource;
}

/**
 * Decides whether somebody may do this now. Undefined when no policy set is in force, so that nothing can be decided.
 * Used for requests and, again and again, for connections that stay open.
 */
export function judge(
  { view, activity, clock, ids }: JudgeParts,
  asked: Asked,
  who: Who,
  resource: Resource,
): Judgement | undefined {
  const set = view.policy()?.set;
  if (set === undefined) return undefined;
  const now = clock.now();
  const id = newId("dec", now, ids);
  const viewAgeSeconds = view.ageSeconds();
  const lastSeenAt = latest(activity.lastSeen(who.session.id), who.session.lastSeenAt);
  const input = buildInput(asked, who, resource, {
    now,
    viewAgeSeconds,
    ...(lastSeenAt === undefined ? {} : { lastSeenAt }),
  });
  const refuse = (refusal: Refusal, message: string): Judgement => ({
    input,
    set,
    refusal,
    decision: denial(id, set, `postern/${refusal}`, message),
  });

  const { classification } = resource.facts;
  const bound = FRESHNESS[classification];
  const everything = refusesAll(view);
  if (everything === "membership-ended")
    return refuse(everything, `Control has shut this gateway out: ${view.ended() ?? ""}`);
  if (!(viewAgeSeconds <= bound))
    return refuse(
      "view-stale",
      `What the gateway knows is ${ageInWords(viewAgeSeconds)}, and ${bound} seconds are allowed for what is ${classification}`,
    );
  if (everything !== undefined)
    return refuse(
      everything,
      `The clocks of the gateway and of control are ${Math.abs(view.skewSeconds()).toFixed(0)} seconds apart, and ${MOST_SKEW_SECONDS} are allowed`,
    );
  const byPort = view.instance()?.hostStyle === "port" && resource.facts.kind === "application";
  if (byPort && resource.facts.classification === "restricted")
    return refuse("by-port", "Restricted applications are not served by port, where cookies are shared");
  if (asked.upgrade && asked.origin !== undefined && asked.origin !== asked.site.origin)
    return refuse("websocket-origin", "The WebSocket was opened by another site");
  try {
    checkInput(input);
  } catch (error) {
    if (!(error instanceof PosternError)) throw error;
    return refuse("input-invalid", `The input of the decision is not valid: ${error.message}`);
  }
  return { input, set, decision: decideEitherReading(asked, input, set, id) };
}

/** Why nothing at all may be allowed at this moment, whatever it is. */
export function refusesAll(view: View): "membership-ended" | "view-stale" | undefined {
  if (view.ended() !== undefined) return "membership-ended";
  return Math.abs(view.skewSeconds()) > MOST_SKEW_SECONDS ? "view-stale" : undefined;
}

function ageInWords(seconds: number): string {
  return Number.isFinite(seconds) ? `${seconds.toFixed(1)} seconds old` : "of unknown age";
}

/** Rules may ask for the path: it must be allowed as it was sent, and as the application will read it. */
function decideEitherReading(asked: Asked, input: Input, set: PolicySet, id: string): Decision {
  const decision = decide(input, set, id);
  const { path, plainPath } = asked.canonical;
  if (path === plainPath || decision.effect !== "allow") return decision;
  const plain = decide({ ...input, request: { ...input.request, path: plainPath } }, set, id);
  return plain.effect === "allow" ? decision : plain;
}

function denial(id: string, set: PolicySet, rule: string, message: string): Decision {
  const reference = { rule, source: "postern/gateway" };
  return {
    id,
    effect: "deny",
    version: set.version,
    rules: [reference],
    reasons: [{ ...reference, message }],
    obligations: {},
    failed: [],
  };
}

/** The session was used here, or as far as control has heard elsewhere: whichever was later. */
function latest(here: number | undefined, elsewhere: number | undefined): number | undefined {
  if (here === undefined || elsewhere === undefined) return here ?? elsewhere;
  return Math.max(here, elsewhere);
}
