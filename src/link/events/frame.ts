import type { Json } from "#kernel";
import type { EventKind, EventOrigin, RequestSource } from "./types.ts";

/** The version of the schema that every event names (https://schema.ocsf.io/1.8.0). */
const OCSF_VERSION = "1.8.0";

/** OCSF `severity_id`, with its caption. */
export const SEVERITY: {
  readonly informational: Severity;
  readonly low: Severity;
  readonly medium: Severity;
} = {
  informational: [1, "Informational"],
  low: [2, "Low"],
  medium: [3, "Medium"],
};
type Severity = readonly [id: number, caption: string];

/** OCSF `status_id`, with its caption. */
export const STATUS: { readonly success: Severity; readonly failure: Severity } = {
  success: [1, "Success"],
  failure: [2, "Failure"],
};

/** A class of events and the activity within it. */
export interface EventClass {
  readonly category: number;
  readonly uid: number;
  readonly activity: number;
  /** Given where the activity is 99, Other. */
  readonly activityName?: string;
}

/** What every event has: class, time, severity, who recorded it, and our own kind of record. */
export function frame(
  origin: EventOrigin,
  what: EventClass & {
    readonly time: number;
    readonly severity: Severity;
    readonly status: Severity;
    readonly message: string;
    readonly profiles: readonly string[];
    readonly kind: EventKind;
    readonly postern: { readonly [member: string]: Json };
    /** Names the record where something of ours does, such as a decision's id. */
    readonly id?: string;
    /** Ties together the records of one decision. */
    readonly correlation?: string;
  },
): { [attribute: string]: Json } {
  return {
    category_uid: what.category,
    class_uid: what.uid,
    activity_id: what.activity,
    ...(what.activityName === undefined ? {} : { activity_name: what.activityName }),
    type_uid: what.uid * 100 + what.activity,
    time: what.time,
    severity_id: what.severity[0],
    severity: what.severity[1],
    status_id: what.status[0],
    status: what.status[1],
    message: what.message,
    metadata: {
      version: OCSF_VERSION,
      product: { name: "Postern", vendor_name: "Postern", version: origin.version },
      log_name: what.kind,
      log_provider: `${origin.role}:${origin.name}`,
      ...(what.profiles.length === 0 ? {} : { profiles: what.profiles }),
      ...(what.id === undefined ? {} : { uid: what.id }),
      ...(what.correlation === undefined ? {} : { correlation_uid: what.correlation }),
    },
    unmapped: { postern: { kind: what.kind, ...what.postern } },
  };
}

/** The client as an OCSF network endpoint. A request over the owner's socket has no address; it is named for what it is. */
export function sourceEndpoint(source: RequestSource): Json {
  if (source.ip === undefined) return { name: "local" };
  return { ip: source.ip, ...(source.port === undefined ? {} : { port: source.port }) };
}

/** HTTP methods that OCSF names, and their `activity_id` in HTTP Activity (4002). */
const METHODS: ReadonlyMap<string, number> = new Map([
  ["CONNECT", 1],
  ["DELETE", 2],
  ["GET", 3],
  ["HEAD", 4],
  ["OPTIONS", 5],
  ["POST", 6],
  ["PUT", 7],
  ["TRACE", 8],
  ["PATCH", 9],
]);

/** Class 4002, HTTP Activity, for a method. */
export function httpActivity(method: string): EventClass {
  const activity = METHODS.get(method);
  const known = { category: 4, uid: 4002 };
  return activity === undefined ? { ...known, activity: 99, activityName: method } : { ...known, activity };
}

/** The request as OCSF's `http_request`. A method that OCSF does not name stands in `activity_name` alone. */
export function httpRequest(
  http: { readonly method: string; readonly url: string },
  source: RequestSource,
): Json {
  return {
    ...(METHODS.has(http.method) ? { http_method: http.method } : {}),
    url: url(http.url),
    ...(source.userAgent === undefined ? {} : { user_agent: source.userAgent }),
  };
}

function url(text: string): Json {
  const parsed = URL.parse(text);
  if (parsed === null) return { url_string: text };
  return {
    url_string: text,
    scheme: parsed.protocol.slice(0, -1),
    hostname: parsed.hostname,
    path: parsed.pathname,
    ...(parsed.port === "" ? {} : { port: Number(parsed.port) }),
    ...(parsed.search === "" ? {} : { query_string: parsed.search.slice(1) }),
  };
}
