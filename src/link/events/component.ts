import { frame, SEVERITY, STATUS } from "./frame.ts";
import type { ComponentRecord, EventOrigin, OcsfEvent } from "./types.ts";

/** OCSF Application Lifecycle (6002) activities for what a process of ours says of itself. */
const ACTIVITIES: {
  readonly [state in ComponentRecord["state"]]: { readonly activity: number; readonly activityName?: string };
} = {
  started: { activity: 3 },
  report: { activity: 99, activityName: "Report" },
  connected: { activity: 99, activityName: "Connect" },
  disconnected: { activity: 99, activityName: "Disconnect" },
  "records-missing": { activity: 99, activityName: "Records missing" },
  joined: { activity: 99, activityName: "Join" },
  renewed: { activity: 99, activityName: "Renew" },
  revoked: { activity: 99, activityName: "Revoke" },
  cloned: { activity: 99, activityName: "Clone" },
  "authority-rotated": { activity: 99, activityName: "Rotate authority" },
};

/** What is wrong, rather than how it goes. */
const TROUBLE: ReadonlySet<ComponentRecord["state"]> = new Set(["records-missing", "cloned"]);

/** OCSF `os.type_id` and its caption, by the kernel's own name. */
const SYSTEMS: ReadonlyMap<string | undefined, { readonly type_id: number; readonly type: string }> = new Map(
  [
    ["Linux", { type_id: 200, type: "Linux" }],
    ["Darwin", { type_id: 300, type: "macOS" }],
    ["Windows_NT", { type_id: 100, type: "Windows" }],
  ],
);
const UNKNOWN = { type_id: 0, type: "Unknown" };

/** A gateway's or agent's word about itself, or control's about one: Application Lifecycle (6002), with the profile `host` where a host is named. */
export function componentEvent(origin: EventOrigin, record: ComponentRecord): OcsfEvent {
  const { component, state, hostname, osName, osRelease } = record;
  const trouble = TROUBLE.has(state);
  return {
    ...frame(origin, {
      category: 6,
      uid: 6002,
      ...ACTIVITIES[state],
      time: record.time,
      severity: trouble ? SEVERITY.medium : SEVERITY.informational,
      status: trouble ? STATUS.failure : STATUS.success,
      message: record.message ?? `${component.role} ${component.name} ${state}`,
      profiles: hostname === undefined ? [] : ["host"],
      kind: "component",
      postern: { state, role: component.role, name: component.name },
    }),
    app: {
      name: `postern ${component.role}`,
      uid: component.name,
      version: component.version,
      vendor_name: "Postern",
    },
    ...(hostname === undefined
      ? {}
      : {
          device: {
            hostname,
            type_id: 0,
            type: "Unknown",
            ...(osRelease === undefined
              ? {}
              : {
                  os: {
                    name: osName ?? UNKNOWN.type,
                    ...(SYSTEMS.get(osName) ?? UNKNOWN),
                    kernel_release: osRelease,
                  },
                }),
          },
        }),
  };
}
