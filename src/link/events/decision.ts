import type { Json } from "#kernel";
import { type Decision, type Input, inputToJson } from "#policy";
import { frame, httpActivity, httpRequest, SEVERITY, STATUS, sourceEndpoint } from "./frame.ts";
import type { CompletionRecord, DecisionRecord, EventOrigin, OcsfEvent } from "./types.ts";

/** OCSF `action_id` and `disposition_id` (profile `security_control`) for an effect. */
const OUTCOMES: { readonly [effect in Decision["effect"]]: { readonly [attribute: string]: Json } } = {
  allow: { action_id: 1, action: "Allowed", disposition_id: 1, disposition: "Allowed" },
  deny: { action_id: 2, action: "Denied", disposition_id: 2, disposition: "Blocked" },
  step_up: { action_id: 2, action: "Denied", disposition_id: 23, disposition: "Challenge" },
};

/**
 * A decision: HTTP Activity (4002) for a request to an application, where the profile `host` brings the actor, or
 * API Activity (6003) for an act at control; both with the profile `security_control`. `unmapped.postern` holds the whole decision and the whole input
 * that it was made from, with exact integers as decimal text.
 */
export function decisionEvent(origin: EventOrigin, record: DecisionRecord): OcsfEvent {
  const { decision, input, source, http } = record;
  const shared = {
    time: record.time,
    severity: decision.effect === "allow" ? SEVERITY.informational : SEVERITY.low,
    status: decision.effect === "allow" ? STATUS.success : STATUS.failure,
    message: sentence(decision, input),
    kind: "decision" as const,
    id: decision.id,
    correlation: decision.id,
    postern: { decision: decisionToJson(decision), input: inputToJson(input) },
  };
  const about = { ...OUTCOMES[decision.effect], policy: policyOf(decision), ...ruleOf(decision) };
  if (http === undefined) {
    return {
      ...frame(origin, {
        category: 6,
        uid: 6003,
        activity: 99,
        activityName: input.action,
        ...shared,
        profiles: ["security_control"],
      }),
      ...about,
      actor: actorOf(input),
      api: { operation: input.action, service: { name: "postern" } },
      src_endpoint: sourceEndpoint(source),
    };
  }
  return {
    ...frame(origin, { ...httpActivity(http.method), ...shared, profiles: ["host", "security_control"] }),
    ...about,
    actor: actorOf(input),
    http_request: httpRequest(http, source),
    ...(http.status === undefined ? {} : { http_response: { code: http.status } }),
    src_endpoint: sourceEndpoint(source),
    dst_endpoint: { svc_name: input.resource.name },
  };
}

/** How a request that was let through ended: HTTP Activity (4002), tied to its decision by `correlation_uid`. */
export function completionEvent(origin: EventOrigin, record: CompletionRecord): OcsfEvent {
  const { http, source, user } = record;
  return {
    ...frame(origin, {
      ...httpActivity(http.method),
      time: record.time,
      severity: SEVERITY.informational,
      status: http.status < 500 && record.ended === undefined ? STATUS.success : STATUS.failure,
      message: `${http.method} ${record.application} ${record.ended === undefined ? `answered ${http.status}` : `ended early: ${record.ended}`}`,
      profiles: ["host"],
      kind: "completion",
      correlation: record.decision,
      postern: {
        decision: record.decision,
        application: record.application,
        ...(record.ended === undefined ? {} : { ended: record.ended }),
      },
    }),
    actor: user === undefined ? { app_name: "anonymous" } : { user: { uid: user.id, name: user.name } },
    duration: Math.round(record.durationMs),
    start_time: Math.round(record.time - record.durationMs),
    http_request: httpRequest(http, source),
    http_response: { code: http.status },
    src_endpoint: sourceEndpoint(source),
    dst_endpoint: { svc_name: record.application },
    traffic: {
      bytes_in: record.bytesIn,
      bytes_out: record.bytesOut,
      bytes: record.bytesIn + record.bytesOut,
    },
  };
}

/** OCSF `email_t`; an address of another form stands in the input alone. */
const EMAIL = /^[\w!#$%&'*+\-/=?^`{|}~.]+@[a-zA-Z0-9-]+\.[a-zA-Z0-9-.]+$/;

function actorOf(input: Input): Json {
  const { user, service, session, subject } = input;
  const known =
    user === undefined
      ? service === undefined
        ? {}
        : { user: { name: service.name ?? service.identity ?? "service", type_id: 4, type: "Service" } }
      : {
          user: {
            uid: user.id,
            name: user.name,
            type_id: 1,
            type: "User",
            ...(user.email === undefined || !EMAIL.test(user.email) ? {} : { email_addr: user.email }),
            ...(user.mfa_verified === undefined ? {} : { has_mfa: user.mfa_verified }),
            ...(user.groups === undefined ? {} : { groups: user.groups.map((name) => ({ name })) }),
          },
        };
  const actor = { ...known, ...(session === undefined ? {} : { session: { uid: session.id } }) };
  return Object.keys(actor).length > 0 ? actor : { app_name: subject?.name ?? "anonymous" };
}

function policyOf(decision: Decision): Json {
  return { name: "policy set", uid: decision.version, is_applied: true };
}

/** "ada may not read payroll: Your device is managed by the company — not known". */
function sentence(decision: Decision, input: Input): string {
  const who = input.subject?.name ?? input.user?.name ?? input.service?.name ?? "somebody";
  const may = decision.effect === "allow" ? "may" : "may not";
  return `${who} ${may} ${input.action} ${input.resource.name}: ${decision.reasons[0]?.message ?? decision.effect}`;
}

/** The rule that decided, where one did. */
function ruleOf(decision: Decision): { readonly firewall_rule?: Json } {
  const rule = decision.rules[0];
  return rule === undefined
    ? {}
    : { firewall_rule: { name: rule.rule, uid: rule.source, type: decision.effect } };
}

function decisionToJson(decision: Decision): Json {
  const { id, effect, version, rules, reasons, failed, trust } = decision;
  return {
    id,
    effect,
    version,
    rules: rules.map(({ rule, source }) => ({ rule, source })),
    reasons: reasons.map(({ rule, source, message }) => ({ rule, source, message })),
    obligations: decision.obligations as { readonly [name: string]: Json },
    ...(failed === undefined
      ? {}
      : { failed: failed.map(({ fact, plain, actual, source }) => ({ fact, plain, actual, source })) }),
    ...(trust === undefined
      ? {}
      : {
          trust: {
            score: trust.score,
            required: trust.required,
            factors: trust.factors.map((factor) => ({ ...factor })),
          },
        }),
  };
}
