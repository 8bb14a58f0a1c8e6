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
    decision_id: column(decision, member(decision, "id")),
    effect: column(member(decision, "effect")),
    resource: column(
      member(member(input, "resource"), "name"),
      member(postern, "application"),
      member(postern, "act"),
      member(postern, "name"),
    ),
    subject: column(
      member(member(input, "subject"), "name"),
      member(member(member(event, "actor"), "user"), "name"),
      member(member(event, "user"), "name"),
    ),
  };
}

/** The first of these that is text, as a column takes it. */
function column(...values: readonly (Json | undefined)[]): string | null {
  const found = values.find((value) => typeof value === "string");
  return found === undefined ? null : columnText(found);
}

/** PostgreSQL has no U+0000 in its text, nor half a surrogate pair: what holds one is found by what stands for it. */
export function columnText(value: string): string {
  return value.toWellFormed().replaceAll("\0", "\uFFFD");
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
