import type { EventKind, OcsfEvent } from "#events";
import type { Json } from "#kernel";
import { DECISION } from "./decision-shape.ts";

/** What is taken out of an event into columns, to find it again. */
export interface EventColumns {
  readonly time: number;
  readonly class_uid: number;
  readonly kind: EventKind;
  readonly decision_id: string | null;
  readonly effect: string | null;
  readonly resource: string | null;
  readonly subject: string | null;
}

const KINDS: ReadonlySet<string> = new Set<EventKind>([
  "decision",
  "completion",
  "login",
  "administration",
  "component",
]);

/**
 * Reads the columns of an event; what it lacks is null. Undefined for what is not an event of ours: without a time,
 * a class or one of our kinds, or a decision that says not what was decided.
 */
export function columnsOf(event: OcsfEvent): EventColumns | undefined {
  const { time, class_uid } = event;
  const postern = member(event["unmapped"], "postern");
  const kind = text(member(postern, "kind"));
  if (!isWhole(time) || !isWhole(class_uid) || !isKind(kind)) return undefined;
  const decision = member(postern, "decision");
  if (kind === "decision" && !DECISION.safeParse(decision).success) return undefined;
  const input = member(postern, "input");
  return {
    time,
    class_uid,
    kind,
    decision_id: text(decision) ?? text(member(decision, "id")),
    effect: text(member(decision, "effect")),
    resource:
      text(member(member(input, "resource"), "name")) ??
      text(member(postern, "application")) ??
      text(member(postern, "act")) ??
      text(member(postern, "name")),
    subject:
      text(member(member(input, "subject"), "name")) ??
      text(member(member(member(event, "actor"), "user"), "name")) ??
      text(member(member(event, "user"), "name")),
  };
}

function isKind(value: string | null): value is EventKind {
  return value !== null && KINDS.has(value);
}

function isWhole(value: Json | undefined): value is number {
  return Number.isSafeInteger(value);
}

/** A member of a JSON object, or undefined. */
export function member(value: Json | undefined, name: string): Json | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  return Object.hasOwn(value, name) ? (value as { readonly [name: string]: Json })[name] : undefined;
}

export function text(value: Json | undefined): string | null {
  return typeof value === "string" ? value : null;
}
