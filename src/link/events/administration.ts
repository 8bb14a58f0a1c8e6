import { frame, SEVERITY, STATUS, sourceEndpoint } from "./frame.ts";
import type { AdministrationRecord, EventOrigin, OcsfEvent } from "./types.ts";

/** OCSF API Activity (6003) by the verb of an act, `noun.verb`; any other verb is 99, Other, by its own name. */
const ACTIVITIES: ReadonlyMap<string, number> = new Map([
  ["add", 1],
  ["create", 1],
  ["invite", 1],
  ["read", 2],
  ["apply", 3],
  ["disable", 3],
  ["enable", 3],
  ["end", 4],
  ["remove", 4],
]);

/** An administrative act, done or refused: API Activity (6003). */
export function administrationEvent(origin: EventOrigin, record: AdministrationRecord): OcsfEvent {
  const { act, outcome, actor, target, decision, source } = record;
  const activity = ACTIVITIES.get(act.slice(act.lastIndexOf(".") + 1));
  return {
    ...frame(origin, {
      category: 6,
      uid: 6003,
      ...(activity === undefined ? { activity: 99, activityName: act } : { activity }),
      time: record.time,
      severity: outcome === "success" ? SEVERITY.informational : SEVERITY.medium,
      status: outcome === "success" ? STATUS.success : STATUS.failure,
      message: record.message ?? `${act} ${target.name ?? target.id}: ${outcome}`,
      profiles: [],
      kind: "administration",
      ...(decision === undefined ? {} : { correlation: decision }),
      postern: {
        act,
        outcome,
        target: { ...target },
        ...(decision === undefined ? {} : { decision }),
        ...(record.details === undefined ? {} : { details: record.details }),
      },
    }),
    actor: {
      user: {
        uid: actor.id,
        name: actor.name,
        ...(actor.type === "owner" ? { type_id: 3, type: "System" } : { type_id: 2, type: "Admin" }),
      },
    },
    api: { operation: act, service: { name: "postern" } },
    resources: [{ uid: target.id, name: target.name ?? target.id, type: target.type }],
    src_endpoint: sourceEndpoint(source),
    ...(source.userAgent === undefined ? {} : { http_request: { user_agent: source.userAgent } }),
  };
}
