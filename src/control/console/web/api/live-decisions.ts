import { useEffect, useState } from "react";
import type { DecisionFilter } from "#api";
import { readDecisionEvent, suits } from "./decision-event.ts";

/** What has come since the list was read, and whether the stream is there to tell. */
export interface Live {
  readonly ids: ReadonlySet<string>;
  readonly connected: boolean;
}

const RETRY_MS = 10_000;
const NONE: Live = { ids: new Set(), connected: true };

/**
 * Listens for decisions that suit a filter while `on`; `since` begins anew. What is being read stays where it
 * is: only ids are collected. It asks for nothing, since each request of the console is itself a decision.
 */
export function useLiveDecisions(filter: DecisionFilter, on: boolean, since: number): Live {
  const { effect, subject, resource, search } = filter;
  const [live, setLive] = useState(NONE);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the list was read anew, or is another
  useEffect(
    () => setLive(({ connected }) => ({ ...NONE, connected })),
    [effect, subject, resource, search, since],
  );
  useEffect(() => {
    if (!on) return;
    let source: EventSource;
    let again: ReturnType<typeof setTimeout> | undefined;
    const open = (): void => {
      source = new EventSource("/api/v1/events/stream?kind=decision");
      source.onopen = () => setLive((before) => ({ ...before, connected: true }));
      source.onerror = () => {
        setLive((before) => ({ ...before, connected: false }));
        // the browser tries again by itself after silence, but not after a refusal
        if (source.readyState === EventSource.CLOSED) again = setTimeout(open, RETRY_MS);
      };
      source.onmessage = (message: MessageEvent<unknown>) => {
        const decision = readDecisionEvent(message.data);
        if (decision === undefined || !suits(decision, { effect, subject, resource, search })) return;
        setLive((before) => ({ ...before, ids: new Set(before.ids).add(decision.id) }));
      };
    };
    open();
    return () => {
      clearTimeout(again);
      source.close();
    };
  }, [effect, subject, resource, search, on]);
  return live;
}
