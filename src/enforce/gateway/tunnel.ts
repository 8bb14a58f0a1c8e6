import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { Schedule } from "#kernel";
import { connect, type UpstreamRequest } from "./connect.ts";
import type { Exchange } from "./exchange.ts";
import type { Ending, Forwarded } from "./forward.ts";
import { CLOSE_GRACE, OPENING_TIMEOUT } from "./limits.ts";
import type { EndReason } from "./live.ts";
import { answeredHeaders } from "./upstream-headers.ts";
import type { Upstream } from "./upstreams.ts";
import { type CloseCode, closeFrame, FrameReader } from "./websocket-frames.ts";

export interface Tunnelling {
  readonly upstream: Upstream;
  /** Its headers ask for the upgrade. */
  readonly asked: UpstreamRequest;
  readonly hostname: string;
  readonly schedule: Schedule;
  /** The upstream would not open one, or failed; answers in its place. */
  readonly onFailure: (error: Error) => void;
  /** The client sent data, and not only signs of life. */
  readonly onUse: () => void;
  readonly onEnd: (ending: Ending) => void;
}

/** What a WebSocket that the gateway ends is told, as its application would say it. */
const CLOSING: { readonly [why in EndReason]: readonly [CloseCode, string] } = {
  "session-ended": [1008, "Your session has ended. Sign in again."],
  "policy-changed": [1008, "You may not open this any longer."],
  "view-stale": [1013, "Whether you may still open this can't be checked right now. Try again in a moment."],
  "membership-ended": [1013, "This gateway may not let anybody in any longer. Try again in a moment."],
  "gateway-stopped": [1001, "The gateway is stopping. Try again in a moment."],
};

/** What a WebSocket's opening must have (RFC 6455 §4.1), so that both ends take what follows for frames. */
export function isWebSocketOpening({ method, headers, httpVersion }: IncomingMessage): boolean {
  return (
    method === "GET" &&
    httpVersion === "1.1" &&
    isWebSocketUpgrade(headers.upgrade) &&
    headers["sec-websocket-version"] === "13" &&
    /^[A-Za-z0-9+/]{22}==$/.test(headers["sec-websocket-key"] ?? "") &&
    headers["transfer-encoding"] === undefined &&
    (headers["content-length"] ?? "0") === "0"
  );
}

export function isWebSocketUpgrade(upgrade: string | undefined): boolean {
  return upgrade?.trim().toLowerCase() === "websocket";
}

/** Opens a WebSocket to the upstream and joins both connections; each is read as fast as the other takes it. */
export function tunnel(
  exchange: Exchange,
  client: { readonly socket: Duplex; readonly head: Buffer },
  tunnelling: Tunnelling,
): Forwarded<EndReason> {
  const { response } = exchange;
  const { socket } = client;
  let status = 0;
  let ended: string | undefined;
  let over = false;
  let bytesIn = 0;
  let bytesOut = 0;
  const toClient = new FrameReader();
  const fromClient = new FrameReader();
  let joined: Duplex | undefined;
  const { upstream: to, asked, schedule } = tunnelling;
  const sent = connect({ upstream: to, asked, schedule, fresh: true });

  const cancel = tunnelling.schedule.after(OPENING_TIMEOUT, () =>
    sent.destroy(new Error("the upstream did not answer the opening of a WebSocket")),
  );
  sent.on("error", refuse);
  sent.on("response", (answer) => {
    answer.destroy();
    refuse(new Error(`the upstream answered ${answer.statusCode ?? 0} to the opening of a WebSocket`));
  });
  sent.on("upgrade", (answer, upstream, head) => {
    if (over) {
      upstream.destroy();
      return;
    }
    if (!isWebSocketUpgrade(answer.headers.upgrade)) {
      upstream.destroy();
      refuse(new Error("the upstream upgraded to something else"));
      return;
    }
    cancel();
    status = 101;
    response.detachSocket(exchange.request.socket);
    socket.write(switching(answer, tunnelling.hostname));
    join(upstream, head);
  });
  sent.end();

  socket.on("close", end);
  socket.on("error", () => socket.destroy());

  function join(upstream: Duplex, head: Buffer): void {
    joined = upstream;
    socket.on("data", (chunk: Buffer) => {
      bytesIn += chunk.length;
      const before = fromClient.dataFrames;
      fromClient.take(chunk);
      if (fromClient.dataFrames > before && ended === undefined) tunnelling.onUse();
    });
    upstream.on("data", (chunk: Buffer) => {
      bytesOut += chunk.length;
      toClient.take(chunk);
    });
    upstream.on("error", onUpstreamClosed);
    upstream.on("close", onUpstreamClosed);
    socket.on("close", () => upstream.destroy());
    // what came with the opening, before either was listened to
    if (client.head.length > 0) socket.unshift(client.head);
    if (head.length > 0) upstream.unshift(head);
    socket.pipe(upstream);
    upstream.pipe(socket);
  }

  function onUpstreamClosed(): void {
    socket.destroy();
  }

  function refuse(error: Error): void {
    if (over || status !== 0) return;
    ended ??= "upstream-failed";
    tunnelling.onFailure(error);
  }

  function end(): void {
    if (over) return;
    over = true;
    cancel();
    sent.destroy();
    if (status === 0 && response.headersSent) status = response.statusCode;
    if (status === 0) ended ??= "client-closed";
    tunnelling.onEnd({ status, bytesIn, bytesOut, ...(ended === undefined ? {} : { ended }) });
  }

  /**
   * Cuts the upstream off, and tells the client by a Close frame (RFC 6455 §7.4) where one can follow what was sent: between
   * two frames, and only when nothing waits before it.
   */
  function abort(why: EndReason): void {
    if (over || ended !== undefined) return;
    ended = why;
    const upstream = joined;
    if (upstream === undefined || !toClient.atBoundary || toClient.closed || socket.writableLength > 0) {
      socket.destroy();
      return;
    }
    // what the application sends from here on reaches nobody, and neither does what the client sends
    upstream.unpipe(socket);
    socket.unpipe(upstream);
    upstream.off("close", onUpstreamClosed);
    upstream.off("error", onUpstreamClosed);
    upstream.on("error", () => undefined);
    upstream.destroy();
    socket.resume();
    const cancelCut = tunnelling.schedule.after(CLOSE_GRACE, () => socket.destroy());
    socket.once("close", cancelCut);
    socket.once("end", () => socket.destroy());
    const [code, reason] = CLOSING[why];
    socket.end(closeFrame(code, reason));
  }

  return { abort };
}

/** The upstream's answer, in bytes: there is no response object for a connection that is no HTTP any more. */
function switching({ rawHeaders }: IncomingMessage, hostname: string): string {
  const headers = answeredHeaders({ rawHeaders, hostname, from: "application" });
  let text = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n";
  for (let i = 0; i + 1 < headers.length; i += 2) text += `${headers[i]}: ${headers[i + 1]}\r\n`;
  return `${text}\r\n`;
}
