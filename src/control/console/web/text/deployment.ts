import type { Component, Deployment } from "#api";
import { count } from "./rows.ts";

/** A state as it is shown: the colour's name, a glyph and words. */
export interface Shown {
  readonly kind: "allow" | "deny" | "step-up" | "unknown";
  readonly glyph: string;
  readonly word: string;
}

/** How each condition of a gateway or agent is said, the worst last. */
const CONDITIONS: { readonly [condition in Component["condition"]]: Shown } = {
  well: { kind: "allow", glyph: "✓", word: "Connected" },
  expected: { kind: "unknown", glyph: "?", word: "Not started yet" },
  revoked: { kind: "unknown", glyph: "✕", word: "Revoked" },
  skewed: { kind: "step-up", glyph: "!", word: "Clock differs" },
  silent: { kind: "step-up", glyph: "!", word: "Silent" },
  away: { kind: "step-up", glyph: "!", word: "Not connected" },
  stale: { kind: "deny", glyph: "✕", word: "Out of date" },
  blocked: { kind: "deny", glyph: "✕", word: "Blocked" },
  cloned: { kind: "deny", glyph: "✕", word: "In two places" },
};

const ORDER = Object.keys(CONDITIONS);

/** How a gateway or agent is. */
export function shownCondition({ condition }: Pick<Component, "condition">): Shown {
  return CONDITIONS[condition];
}

/** For sorting: what is worse comes later. */
export function rankOf({ condition }: Pick<Component, "condition">): number {
  return ORDER.indexOf(condition);
}

/** How a control node is. */
export function shownNode({ live }: Deployment["controls"][number]): Shown {
  return live
    ? { kind: "allow", glyph: "✓", word: "Running" }
    : { kind: "step-up", glyph: "!", word: "Not heard of" };
}

/** Of these, the changes that came since their report are not the ones that they wait for. */
const KEEPING_UP: ReadonlySet<Component["condition"]> = new Set(["well", "skewed"]);

/** How old what a component knows is: "0.4 s", "14 s, 3 behind". Nothing of one that is not connected. */
export function viewAge({
  condition,
  connectedSince,
  viewAgeSeconds,
  lag = 0,
}: Pick<Component, "condition" | "connectedSince" | "viewAgeSeconds" | "lag">): string | undefined {
  if (connectedSince === undefined || viewAgeSeconds === undefined) return undefined;
  const age =
    viewAgeSeconds < 10 ? viewAgeSeconds.toFixed(1) : Math.round(viewAgeSeconds).toLocaleString("en");
  if (lag === 0 || KEEPING_UP.has(condition)) return `${age} s`;
  return `${age} s, ${lag.toLocaleString("en")} behind`;
}

/** How the whole is, at a glance. */
export function verdict(deployment: Deployment): Shown {
  const { findings } = deployment;
  if (findings.length > 0) {
    const word = `${count(findings.length, "thing needs", "things need")} attention`;
    const denies = findings.some(({ severity }) => severity === "error");
    return denies ? { kind: "deny", glyph: "✕", word } : { kind: "step-up", glyph: "!", word };
  }
  return deployment.gateways.some(({ condition }) => condition !== "revoked")
    ? { kind: "allow", glyph: "✓", word: "All is well" }
    : { kind: "unknown", glyph: "?", word: "No gateway has joined yet" };
}

/** Of what there is, and how it is, in one line: "1 control node, 2 gateways, 1 agent". */
export function inventory({ controls, gateways, agents }: Deployment): string {
  const present = (components: readonly Component[]): number =>
    components.filter(({ condition }) => condition !== "revoked").length;
  return [
    count(controls.length, "control node"),
    count(present(gateways), "gateway"),
    count(present(agents), "agent"),
  ].join(", ");
}

/** "Gateway edge-1". */
export function partName({ role, name }: { readonly role: string; readonly name: string }): string {
  const word = role === "control" ? "Control node" : role === "gateway" ? "Gateway" : "Agent";
  return `${word} ${name}`;
}
