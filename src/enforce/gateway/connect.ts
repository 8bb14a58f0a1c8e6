import { type ClientRequest, request as plainRequest } from "node:http";
import { request as tlsRequest } from "node:https";
import type { Schedule } from "#kernel";
import { CONNECT_TIMEOUT } from "./limits.ts";
import type { Upstream } from "./upstreams.ts";

export interface UpstreamRequest {
  readonly method: string;
  /** Byte for byte. */
  readonly target: string;
  /** Names and values in turn, `host` among them. */
  readonly headers: readonly string[];
}

export interface Connecting {
  readonly upstream: Upstream;
  readonly asked: UpstreamRequest;
  readonly schedule: Schedule;
  /** Over a connection that nobody used before. */
  readonly fresh: boolean;
}

/** Begins a request to an upstream, which fails when no connection is there in time. */
export function connect({ upstream, asked, schedule, fresh }: Connecting): ClientRequest {
  const make = upstream.secure ? tlsRequest : plainRequest;
  const sent = make({
    ...(fresh ? upstream.fresh : upstream.options),
    method: asked.method,
    path: asked.target,
    headers: [...asked.headers],
    setDefaultHeaders: false,
  });
  sent.on("socket", (socket) => {
    if (!socket.connecting) return;
    const cancel = schedule.after(CONNECT_TIMEOUT, () =>
      sent.destroy(new Error("the upstream takes no connection")),
    );
    socket.once("close", cancel);
    socket.once(upstream.secure ? "secureConnect" : "connect", cancel);
  });
  return sent;
}
