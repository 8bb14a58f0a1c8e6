import type { EventKind } from "#events";
import type { Schedule } from "#kernel";
import type { EventLog, LoggedEvent } from "#log";

/** A comment this often keeps proxies from closing a quiet stream, and asks again whether it may go on. */
const HEARTBEAT_MS = 15_000;
/** A reader that is this many messages behind is let go; it comes back with `Last-Event-ID`. */
const MOST_WAITING = 1_000;

export interface StreamWanted {
  readonly kind?: EventKind;
  /** Begins after this place; with the next event when absent. */
  readonly after?: number;
  /** Throws when the reader may not read on. */
  readonly stillAllowed: () => Promise<void>;
}

/** Events as they come, as `text/event-stream` (WHATWG HTML §9.2). */
export async function eventStream(
  { log, schedule }: { readonly log: EventLog; readonly schedule: Schedule },
  wanted: StreamWanted,
): Promise<Response> {
  const { kind, stillAllowed } = wanted;
  const head = (await log.events({ limit: 1 }))[0]?.id ?? 0;
  // a log that was restored may end before the place that the reader has seen
  const from = Math.min(wanted.after ?? head, head);
  const encoder = new TextEncoder();
  let stop = (): void => undefined;

  const body = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        let open = true;
        const send = (text: string): void => {
          if (!open) return;
          controller.enqueue(encoder.encode(text));
          if ((controller.desiredSize ?? 0) <= -MOST_WAITING) end();
        };
        const end = (): void => {
          if (!open) return;
          stop();
          controller.close();
        };
        send(": following\n\n");
        const unfollow = log.follow(from, (event) => {
          if (kind === undefined || event.kind === kind) send(messageOf(event));
        });
        const unbeat = schedule.every(HEARTBEAT_MS, () => {
          stillAllowed().then(() => send(": still here\n\n"), end);
        });
        stop = () => {
          open = false;
          unfollow();
          unbeat();
        };
      },
      cancel: () => stop(),
    },
    new CountQueuingStrategy({ highWaterMark: 1 }),
  );
  return new Response(body, {
    headers: {
      "content-type": "text/event-stream",
      "cache-control": "no-store",
      // asks proxies not to gather what is to arrive at once
      "x-accel-buffering": "no",
    },
  });
}

/** JSON text has no line breaks, so that one `data` line holds it. */
function messageOf(event: LoggedEvent): string {
  return `id: ${event.id}\ndata: ${JSON.stringify(event)}\n\n`;
}
