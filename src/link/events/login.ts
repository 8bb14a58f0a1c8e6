import { frame, SEVERITY, STATUS, sourceEndpoint } from "./frame.ts";
import type { EventOrigin, LoginRecord, OcsfEvent } from "./types.ts";

/** OCSF Authentication (3002) activities for what happens at the login host. */
const ACTIVITIES: {
  readonly [act in LoginRecord["act"]]: { readonly activity: number; readonly activityName?: string };
} = {
  "sign-in": { activity: 1 },
  "sign-out": { activity: 2 },
  "session-ended": { activity: 2 },
  "enrol-passkey": { activity: 99, activityName: "Enrol passkey" },
  "open-link": { activity: 99, activityName: "Open link" },
};

/** OCSF `factor_type_id` of a passkey. */
const WEBAUTHN = 10;

/** A sign-in, a sign-out or an enrolment, done or failed: Authentication (3002). */
export function loginEvent(origin: EventOrigin, record: LoginRecord): OcsfEvent {
  const { act, outcome, reason, user, session, amr, source } = record;
  const passkey = act === "sign-in" || act === "enrol-passkey";
  return {
    ...frame(origin, {
      category: 3,
      uid: 3002,
      ...ACTIVITIES[act],
      time: record.time,
      severity: outcome === "success" ? SEVERITY.informational : SEVERITY.medium,
      status: outcome === "success" ? STATUS.success : STATUS.failure,
      message: `${act}: ${outcome}${reason === undefined ? "" : ` (${reason})`}`,
      profiles: [],
      kind: "login",
      postern: {
        act,
        outcome,
        ...(amr === undefined ? {} : { amr }),
        ...(reason === undefined ? {} : { reason }),
      },
    }),
    ...(reason === undefined ? {} : { status_code: reason }),
    is_remote: source.ip !== undefined,
    ...(passkey ? { auth_protocol_id: 99, auth_protocol: "WebAuthn" } : {}),
    ...(passkey && outcome === "success"
      ? {
          ...(amr === undefined ? {} : { is_mfa: amr.includes("mfa") }),
          auth_factors: [{ factor_type_id: WEBAUTHN, factor_type: "WebAuthn" }],
        }
      : {}),
    service: { name: "postern login" },
    src_endpoint: sourceEndpoint(source),
    ...(source.userAgent === undefined ? {} : { http_request: { user_agent: source.userAgent } }),
    ...(session === undefined ? {} : { session: { uid: session } }),
    user:
      user === undefined ? { name: "unknown" } : { uid: user.id, name: user.name, type_id: 1, type: "User" },
  };
}
