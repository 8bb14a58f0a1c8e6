import type { DecisionFilter } from "#api";

/** What the access log's filters read of a decision. */
export interface DecisionSeen {
  readonly id: string;
  readonly effect: string;
  readonly subject: string;
  readonly resource: string;
  readonly path: string;
}

/** Reads one message of the event stream; anything that is not a decision is nothing. */
export function readDecisionEvent(message: unknown): DecisionSeen | undefined {
  if (typeof message !== "string") return undefined;
  let event: unknown;
  try {
    event = JSON.parse(message);
  } catch {
    // a line that is not JSON tells of no decision
    return undefined;
  }
  const postern = dig(event, "event", "unmapped", "postern");
  const id = dig(postern, "decision", "id");
  if (typeof id !== "string") return undefined;
  const input = dig(postern, "input");
  return {
    id,
    effect: text(dig(postern, "decision", "effect")),
    subject: text(dig(input, "subject", "name") ?? dig(input, "user", "name")),
    resource: text(dig(input, "resource", "name")),
    path: text(dig(input, "request", "path")),
  };
}

/** Whether a decision belongs into the list that a filter gives. */
export function suits(seen: DecisionSeen, filter: Partial<Record<keyof DecisionFilter, unknown>>): boolean {
  const { effect, subject, resource, search } = filter;
  if (effect !== undefined && effect !== seen.effect) return false;
  if (subject !== undefined && subject !== seen.subject) return false;
  if (resource !== undefined && resource !== seen.resource) return false;
  if (typeof search !== "string") return true;
  const texts = [seen.subject, seen.resource, seen.path, seen.id];
  return texts.some((value) => value.toLowerCase().includes(search.toLowerCase()));
}

function dig(value: unknown, ...path: readonly string[]): unknown {
  let at = value;
  for (const name of path) {
    if (typeof at !== "object" || at === null) return undefined;
    at = (at as Readonly<Record<string, unknown>>)[name];
  }
  return at;
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
