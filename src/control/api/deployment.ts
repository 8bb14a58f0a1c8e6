import type { Rotation } from "#authority";
import { REPORT_MS } from "#link";
import type { MemberItem, NodeItem } from "#members";
import type { Component, Condition, Deployment, DeploymentFinding } from "./deployment-types.ts";

/** What the rooms of control say of the parts of the instance. */
export interface DeploymentParts {
  readonly members: readonly MemberItem[];
  readonly nodes: readonly NodeItem[];
  readonly rotation: Pick<Rotation, "phase" | "authorities">;
}

const HOUR = 3_600_000;
/** Reports come every `REPORT_MS` and are written as often; twice as long is silence. */
const SILENT = 4 * REPORT_MS;
/** The tightest bound there is by default: beyond it, requests for restricted applications are denied. */
const OLD_VIEW_SECONDS = 10;
/** Clocks this far apart are worth a word; beyond the second, everything is denied. */
const SKEW_SECONDS = 5;
const SKEW_DENIES_SECONDS = 30;
/** A certificate lives for a day and is renewed at half of it: one that ends this soon was not. */
const ENDS_SOON = 6 * HOUR;
/** An authority lives for a year and is rotated at half of it. */
const AUTHORITY_ENDS_SOON = 30 * 24 * HOUR;
/** A busy gateway has some hundred records on their way at any time. */
const MANY_RECORDS = 10_000;

/** What the instance consists of, and what an operator should see to. */
export function deploymentOf({ members, nodes, rotation }: DeploymentParts, now: number): Deployment {
  const components = members.map((member) => ({ ...member, condition: conditionOf(member, now) }));
  const findings = [
    ...authorityFindings(rotation, now),
    ...nodes.filter(({ live }) => !live).map(nodeFinding),
    ...wholeFindings(components, nodes),
    ...components.flatMap((component) => CHECKS.flatMap((look) => look(component, now) ?? [])),
  ];
  return {
    controls: nodes,
    gateways: components.filter(({ role }) => role === "gateway"),
    agents: components.filter(({ role }) => role === "agent"),
    findings: (["error", "warning"] as const).flatMap((wanted) =>
      findings.filter(({ severity }) => severity === wanted),
    ),
  };
}

/** In the order in which they matter: the first that holds. */
const CONDITIONS: readonly (readonly [Condition, (member: MemberItem, now: number) => boolean])[] = [
  ["revoked", ({ state }) => state === "revoked"],
  ["cloned", ({ clone }) => clone !== undefined],
  ["expected", ({ lastSeenAt }) => lastSeenAt === undefined],
  ["away", ({ connectedSince }) => connectedSince === undefined],
  ["blocked", ({ blocked }) => blocked !== undefined],
  ["silent", isSilent],
  ["stale", isStale],
  ["skewed", ({ skewSeconds = 0 }) => Math.abs(skewSeconds) > SKEW_SECONDS],
];

function conditionOf(member: MemberItem, now: number): Condition {
  return CONDITIONS.find(([, holds]) => holds(member, now))?.[0] ?? "well";
}

/** Whoever has just connected is given the time to say something. */
function isSilent({ connectedSince = 0, reportedAt = 0 }: MemberItem, now: number): boolean {
  return now - Math.max(connectedSince, reportedAt) > SILENT;
}

function isStale({ connectedSince = 0, viewAgeSeconds }: MemberItem, now: number): boolean {
  if (viewAgeSeconds === undefined) return now - connectedSince > SILENT;
  return viewAgeSeconds > OLD_VIEW_SECONDS;
}

/** Each looks for one thing that may be wrong with a gateway or agent. */
const CHECKS: readonly ((component: Component, now: number) => DeploymentFinding | undefined)[] = [
  clonedFinding,
  expectedFinding,
  awayFinding,
  blockedFinding,
  silentFinding,
  staleFinding,
  skewFinding,
  certificateFinding,
  recordsFinding,
];

/** Whether what it last said of itself is still so. */
function isPresent({ connectedSince, state }: Component): boolean {
  return connectedSince !== undefined && state !== "revoked";
}

function clonedFinding({ role, name, clone, state }: Component): DeploymentFinding | undefined {
  if (clone === undefined || state === "revoked") return undefined;
  const from = clone.addresses.length === 0 ? "" : ` (${clone.addresses.join(", ")})`;
  return {
    severity: "error",
    about: { role, name },
    message: `the certificate of ${role} ${name} is used from two places${from}`,
    at: clone.since,
    remedy: `shut both out: postern ${role} revoke ${name}; then join the true one again: postern ${role} token ${name}`,
  };
}

function expectedFinding({ role, name, condition, joinedAt }: Component): DeploymentFinding | undefined {
  if (condition !== "expected") return undefined;
  return {
    severity: "warning",
    about: { role, name },
    message: `${role} ${name} has joined, and has not been connected yet`,
    ...(joinedAt === undefined ? {} : { at: joinedAt }),
    remedy: `start it on its machine: postern ${role} run`,
  };
}

function awayFinding(component: Component, now: number): DeploymentFinding | undefined {
  const { role, name, condition, state, lastSeenAt, certificate } = component;
  if (condition !== "away") return undefined;
  const ended = certificate !== undefined && certificate.notAfter <= now;
  const back = ended ? `join it again: postern ${role} token ${name}` : `start it there: postern ${role} run`;
  return {
    severity: "warning",
    about: { role, name },
    message: `${role} ${name} is not connected${ended ? ", and its certificate has ended" : ""}`,
    ...(lastSeenAt === undefined ? {} : { at: lastSeenAt }),
    remedy:
      state === "local"
        ? "see what is wrong where control runs: postern doctor"
        : `${back}; if it is gone for good: postern ${role} revoke ${name}`,
  };
}

function blockedFinding(component: Component): DeploymentFinding | undefined {
  const { role, name, blocked } = component;
  if (blocked === undefined || !isPresent(component)) return undefined;
  return {
    severity: "error",
    about: { role, name },
    message: `${role} ${name} takes no more changes, and denies once its bounds have passed: ${blocked}`,
    remedy: "update it to the version of control, and start it again",
  };
}

function silentFinding(component: Component): DeploymentFinding | undefined {
  const { role, name, condition, connectedSince, reportedAt = connectedSince } = component;
  if (condition !== "silent") return undefined;
  return {
    severity: "warning",
    about: { role, name },
    message: `${role} ${name} is connected, and has not said how it is`,
    ...(reportedAt === undefined ? {} : { at: reportedAt }),
    remedy: "see what is wrong on its machine: postern doctor",
  };
}

function staleFinding(component: Component): DeploymentFinding | undefined {
  const { role, name, condition, viewAgeSeconds, lag } = component;
  if (condition !== "stale") return undefined;
  const age = viewAgeSeconds === undefined ? undefined : Math.round(viewAgeSeconds);
  const behind = lag === undefined || lag === 0 ? "" : `, ${lag} ${lag === 1 ? "change" : "changes"} behind`;
  return {
    severity: "error",
    about: { role, name },
    message:
      age === undefined
        ? `${role} ${name} knows nothing yet, and denies everything`
        : `what ${role} ${name} knows is ${age} s old${behind}, and it denies what needs fresher`,
    remedy: "see the network between it and control, and the load of both; on its machine: postern doctor",
  };
}

function skewFinding(component: Component): DeploymentFinding | undefined {
  const { role, name, skewSeconds = 0 } = component;
  const apart = Math.abs(skewSeconds);
  if (apart <= SKEW_SECONDS || !isPresent(component)) return undefined;
  const denies = apart > SKEW_DENIES_SECONDS;
  return {
    severity: denies ? "error" : "warning",
    about: { role, name },
    message: `the clock of ${role} ${name} and control's are ${apart.toFixed(0)} s apart${denies ? ", so it denies everything" : ""}`,
    remedy: "see the time service of both machines, such as: chronyc tracking",
  };
}

function certificateFinding(component: Component, now: number): DeploymentFinding | undefined {
  const { role, name, certificate } = component;
  if (certificate === undefined || !isPresent(component) || certificate.notAfter - now >= ENDS_SOON)
    return undefined;
  return {
    severity: "warning",
    about: { role, name },
    message: `the certificate of ${role} ${name} should have been renewed, and ends`,
    at: certificate.notAfter,
    remedy: `see what is wrong on its machine: postern doctor; once it has ended, join it again: postern ${role} token ${name}`,
  };
}

function recordsFinding(component: Component): DeploymentFinding | undefined {
  const { role, name, unshippedRecords = 0 } = component;
  if (unshippedRecords < MANY_RECORDS || !isPresent(component)) return undefined;
  return {
    severity: "warning",
    about: { role, name },
    message: `${role} ${name} holds ${unshippedRecords.toLocaleString("en")} records that control has not taken`,
    remedy: "see the load of control and its database: postern doctor",
  };
}

function nodeFinding({ name, lastSeenAt }: NodeItem): DeploymentFinding {
  return {
    severity: "warning",
    about: { role: "control", name },
    message: `control node ${name} has not been heard of`,
    at: lastSeenAt,
    remedy: "start it again; one that is gone for good leaves this list after a day",
  };
}

/** What no single part is to blame for. */
function wholeFindings(
  components: readonly Component[],
  nodes: readonly NodeItem[],
): readonly DeploymentFinding[] {
  const found: DeploymentFinding[] = [];
  const gateways = components.filter(({ role, state }) => role === "gateway" && state !== "revoked");
  if (gateways.length > 0 && !gateways.some(isPresent))
    found.push({
      severity: "error",
      message: "no gateway is connected, so no application can be reached, or soon none can",
      remedy: "start one: postern gateway run, or where control runs: postern doctor",
    });
  const listening = nodes.some(({ live, url }) => live && url !== undefined);
  if (!listening && components.some(({ state }) => state === "joined"))
    found.push({
      severity: "error",
      message: "no control node takes connections from other machines, and some have joined",
      remedy: LISTEN,
    });
  return found;
}

/** How control comes to take gateways and agents of other machines. */
export const LISTEN =
  "start control with --link 0.0.0.0:7443 --link-url https://HOST:7443, as a flag of postern up or of postern control run";

function authorityFindings(
  { phase, authorities }: DeploymentParts["rotation"],
  now: number,
): readonly DeploymentFinding[] {
  const newest = authorities.at(-1);
  if (newest === undefined || phase !== "steady" || newest.notAfter - now >= AUTHORITY_ENDS_SOON) return [];
  return [
    {
      severity: "error",
      message: "the authority that all parts know each other by should have been rotated, and ends",
      at: newest.notAfter,
      remedy: "postern authority rotate",
    },
  ];
}
