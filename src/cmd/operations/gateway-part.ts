import { gauge, type Part } from "./part.ts";

export interface GatewayPartOptions {
  readonly listen: string;
  /** The port that it listens on; undefined until it does. */
  readonly port: () => number | undefined;
  readonly liveConnections: () => number | undefined;
}

/** The one public listener. */
export function gatewayPart({ listen, port, liveConnections }: GatewayPartOptions): Part {
  return {
    checks: [
      {
        name: "listener",
        look() {
          const at = port();
          return at === undefined
            ? {
                ok: false,
                why: "it does not listen yet",
                remedy: "wait; or see what it says: postern doctor",
              }
            : { ok: true, found: `listening on ${listen}, port ${at}` };
        },
      },
    ],
    metrics(meter) {
      gauge(
        meter,
        "postern.gateway.live.connections",
        { description: "Connections that were let through and are still open." },
        liveConnections,
      );
    },
    facts() {
      const at = port();
      return at === undefined ? {} : { listen, port: at };
    },
  };
}
