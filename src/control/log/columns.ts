import type { OcsfEvent } from "#events";
import type { Json } from "#kernel";

/** What is taken out of an event into columns, to find it again. */
export interface EventColumns {
  readonly time: number;
  readonly class_uid: number;
  readonly kind: string;
  readonly decision_id: string | null;
  readonly effect: string | null;
  readonly resource: string | null;
  readonly subject: string | null;
}

/** Reads the columns of an event; what it lacks is null. An event without a time or a class is not one of ours. */
export function columnsOf(event: OcsfEvent): EventColumns | undefined {
  const { time, class_uid } = event;
  const postern = member(event["unmapped"], "postern");
  const kind = text(member(postern, "kind"));
  if (typeof time !== "number" || typeof class_uid !== "number" || kind === null) return undefined;
  const decision = member(postern, "decision");
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

/** A member of a JSON object, or undefined. */
export function member(value: Json | undefined, name: string): Json | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  return Object.hasOwn(value, name) ? (value as { readonly [name: string]: Json })[name] : undefined;
}

export function text(value: Json | undefined): string | null {
  return typeof value === "string" ? value : null;
}
