import { STATUS_CODES } from "node:http";
import type { Histogram, Meter } from "@opentelemetry/api";
import type { Classification, Effect } from "#policy";
import type { Judgement, Refusal } from "./judge.ts";
import type { Resource } from "./resources.ts";

/** Why somebody was not let through; a closed list, so that what is counted stays small. */
export type DenialReason =
  | Refusal
  | "rule-denied"
  | "no-rule-allowed"
  | "step-up"
  | "unauthenticated"
  | "entry-pending"
  | "no-application"
  | "malformed"
  | "misdirected"
  | "not-ready"
  | "log-unwritable";

/**
 * What the gateway did, counted in plain numbers, since counting is on the way of every request. Nothing is counted by
 * person or path: the log has those.
 */
export interface Tallies {
  /** Decided, and denied when it was no allow. */
  decision(judgement: Judgement, resource: Resource): void;
  /** Turned away before or beside a decision. */
  denial(reason: DenialReason): void;
  /** Answered whole or in part, so many seconds after it came. */
  request(method: string | undefined, status: number, seconds: number): void;
  /** All connections that a change or the time touched are decided again, so many seconds after the first was due. */
  recheck(seconds: number): void;
  /** Makes the instruments. What was counted before is there from the start; durations are kept from now on. */
  measure(meter: Meter): void;
}

/** Methods that count by their name (OpenTelemetry semantic conventions, `http.request.method`). */
const METHODS: ReadonlySet<string> = new Set([
  "GET",
  "HEAD",
  "POST",
  "PUT",
  "PATCH",
  "DELETE",
  "OPTIONS",
  "CONNECT",
  "TRACE",
]);
/** As the semantic conventions advise for `http.server.request.duration`. */
const REQUEST_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];
const RECHECK_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

export function makeTallies(): Tallies {
  const decisions = new Map<string, { effect: Effect; classification: Classification; count: number }>();
  const denials = new Map<DenialReason, number>();
  /** One object for one set of attributes, so that a request makes none. */
  const attributes = new Map<string, { readonly [name: string]: string | number }>();
  let requests: Histogram | undefined;
  let rechecks: Histogram | undefined;

  function deny(reason: DenialReason): void {
    denials.set(reason, (denials.get(reason) ?? 0) + 1);
  }

  function attributesOf(method: string, status: number): { readonly [name: string]: string | number } {
    const key = `${method} ${status}`;
    let known = attributes.get(key);
    if (known === undefined) {
      known = {
        "http.request.method": method,
        ...(status === 0 ? {} : { "http.response.status_code": status }),
      };
      attributes.set(key, known);
    }
    return known;
  }

  return {
    decision(judgement, { facts: { classification } }) {
      const { effect } = judgement.decision;
      const key = `${effect} ${classification}`;
      const tally = decisions.get(key);
      if (tally === undefined) decisions.set(key, { effect, classification, count: 1 });
      else tally.count += 1;
      if (effect !== "allow") deny(reasonOf(judgement));
    },
    denial: deny,
    request(method, status, seconds) {
      requests?.record(
        seconds,
        attributesOf(
          method !== undefined && METHODS.has(method) ? method : "_OTHER",
          STATUS_CODES[status] === undefined ? 0 : status,
        ),
      );
    },
    recheck: (seconds) => rechecks?.record(seconds),
    measure(meter) {
      meter
        .createObservableCounter("postern.gateway.decisions", {
          description: "Decisions by their effect and by the classification of what was asked for.",
        })
        .addCallback((result) => {
          for (const { effect, classification, count } of decisions.values())
            result.observe(count, { "postern.effect": effect, "postern.classification": classification });
        });
      meter
        .createObservableCounter("postern.gateway.denials", {
          description: "Requests and open connections that were not let through, by reason.",
        })
        .addCallback((result) => {
          for (const [reason, count] of denials) result.observe(count, { "postern.reason": reason });
        });
      requests = meter.createHistogram("http.server.request.duration", {
        description: "From a request's headers to the end of its answer; WebSockets are not among them.",
        unit: "s",
        advice: { explicitBucketBoundaries: REQUEST_SECONDS },
      });
      rechecks = meter.createHistogram("postern.gateway.recheck.duration", {
        description: "Until all open connections that were due together had been decided again.",
        unit: "s",
        advice: { explicitBucketBoundaries: RECHECK_SECONDS },
      });
    },
  };
}

function reasonOf({ refusal, decision }: Judgement): DenialReason {
  if (refusal !== undefined) return refusal;
  if (decision.effect === "step_up") return "step-up";
  return decision.rules.length > 0 ? "rule-denied" : "no-rule-allowed";
}
