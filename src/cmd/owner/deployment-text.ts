import type { Component, Deployment, DeploymentFinding } from "#api";
import { ago, duration } from "../terminal/moments.ts";
import type { Paint } from "../terminal/paint.ts";

/** How the parts of an instance are said to people: by sign and word, and only then by colour. */

const WELL = "✓";
const BAD = "✕";
const WARNING = "!";
const UNKNOWN = "?";

/** Of each condition: its sign, its words, and since when. */
const CONDITIONS: {
  readonly [condition in Component["condition"]]: readonly [
    sign: string,
    words: string,
    since: (component: Component) => number | undefined,
  ];
} = {
  well: [WELL, "connected", ({ connectedSince }) => connectedSince],
  skewed: [WARNING, "clock differs", () => undefined],
  silent: [WARNING, "silent", ({ reportedAt, connectedSince }) => reportedAt ?? connectedSince],
  stale: [BAD, "out of date", () => undefined],
  blocked: [BAD, "blocked", () => undefined],
  cloned: [BAD, "in two places", ({ clone }) => clone?.since],
  away: [WARNING, "not connected", ({ lastSeenAt }) => lastSeenAt],
  expected: [UNKNOWN, "not started yet", ({ joinedAt }) => joinedAt],
  revoked: [BAD, "revoked", ({ revokedAt }) => revokedAt],
};

/** The state of a gateway or agent, such as `✓ connected, 3 hours`. */
export function conditionText(component: Component, colours: Paint, now: number): string {
  const [sign, words, since] = CONDITIONS[component.condition];
  return painted(sign, withTime(words, since(component), now), colours);
}

/** The state of a control node. */
export function nodeText(node: Deployment["controls"][number], colours: Paint, now: number): string {
  return node.live
    ? painted(WELL, withTime("running", node.startedAt, now), colours)
    : painted(WARNING, withTime("not heard of", node.lastSeenAt, now), colours);
}

function withTime(words: string, since: number | undefined, now: number): string {
  return since === undefined || now - since < 1_000 ? words : `${words}, ${duration(now - since)}`;
}

function painted(sign: string, words: string, colours: Paint): string {
  const text = `${sign} ${words}`;
  if (sign === WELL) return colours.good(text);
  return sign === BAD ? colours.bad(text) : colours.warn(text);
}

/** Of these, the changes that came since their report are not the ones that they wait for. */
const KEEPING_UP: ReadonlySet<Component["condition"]> = new Set(["well", "skewed"]);

/** How old what a component knows is, such as `0.4 s`, and how many changes it is behind when it does not keep up. */
export function viewText({ condition, connectedSince, viewAgeSeconds, lag = 0 }: Component): string {
  // what somebody said who is gone says nothing of now
  if (connectedSince === undefined || viewAgeSeconds === undefined) return "";
  const age = viewAgeSeconds < 10 ? viewAgeSeconds.toFixed(1) : String(Math.round(viewAgeSeconds));
  return `${age} s${lag === 0 || KEEPING_UP.has(condition) ? "" : `, ${lag} behind`}`;
}

/** When its certificate ends; those beside control have none. */
export function certificateText({ certificate, state }: Component, now: number): string {
  if (state === "local") return "none needed";
  if (certificate === undefined) return "none";
  return certificate.notAfter <= now
    ? `ended ${ago(certificate.notAfter, now)}`
    : `for ${duration(certificate.notAfter - now)}`;
}

/** The machine that it runs on and where that connects from. */
export function hostText({ hostname, address }: Component): string {
  if (hostname === undefined) return address ?? "";
  return address === undefined ? hostname : `${hostname} (${address})`;
}

/** What is wrong, each with what to do under it. */
export function findingLines(findings: readonly DeploymentFinding[], colours: Paint, now: number): string {
  return findings
    .map(({ severity, message, at, remedy }) => {
      const sign = severity === "error" ? colours.bad(BAD) : colours.warn(WARNING);
      return `  ${sign} ${message}${whenText(at, now)}\n    try: ${remedy}\n`;
    })
    .join("");
}

function whenText(at: number | undefined, now: number): string {
  if (at === undefined) return "";
  return at > now ? ` in ${duration(at - now)}` : ` (${ago(at, now)})`;
}

/** What of the deployment is worth an operator's look, in a clause; empty when nothing is. */
export function verdict({ findings }: Pick<Deployment, "findings">): string {
  const errors = findings.filter(({ severity }) => severity === "error").length;
  const all = findings.length;
  if (all === 0) return "";
  const things = `${all} ${all === 1 ? "thing needs" : "things need"} attention`;
  return errors === 0 || errors === all ? things : `${things}, ${errors} of them now`;
}
