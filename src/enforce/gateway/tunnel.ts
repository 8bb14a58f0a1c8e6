import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { Schedule } from "#kernel";
import { connect, type UpstreamRequest } from "./connect.ts";
import type { Exchange } from "./exchange.ts";
import type { Ending, Forwarded } from "./forward.ts";
import { OPENING_TIMEOUT } from "./limits.ts";
import { answeredHeaders } from "./upstream-headers.ts";
import type { Upstream } from "./upstreams.ts";

export interface Tunnelling {
  readonly upstream: Upstream;
  /** Its headers ask for the upgrade. */
  readonly asked: UpstreamRequest;
  readonly hostname: string;
  readonly schedule: Schedule;
  /** The upstream would not open one, or failed; answers in its place. */
  readonly onFailure: (error: Error) => void;
  readonly onEnd: (ending: Ending) => void;
}

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
): Forwarded {
  const { response } = exchange;
  const { socket } = client;
  let status = 0;
  let ended: string | undefined;
  let over = false;
  let bytesIn = 0;
  let bytesOut = 0;
  const sent = connect(tunnelling.upstream, tunnelling.asked, tunnelling.schedule);

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
    socket.on("data", (chunk: Buffer) => {
      bytesIn += chunk.length;
    });
    upstream.on("data", (chunk: Buffer) => {
      bytesOut += chunk.length;
    });
    upstream.on("error", () => socket.destroy());
    upstream.on("close", () => socket.destroy());
    socket.on("close", () => upstream.destroy());
    // what came with the opening, before either was listened to
    if (client.head.length > 0) socket.unshift(client.head);
    if (head.length > 0) upstream.unshift(head);
    socket.pipe(upstream);
    upstream.pipe(socket);
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

  return {
    abort(why) {
      ended ??= why;
      socket.destroy();
    },
  };
}

/** The upstream's answer, in bytes: there is no response object for a connection that is no HTTP any more. */
function switching({ rawHeaders }: IncomingMessage, hostname: string): string {
  const headers = answeredHeaders({ rawHeaders, hostname, from: "application" });
  let text = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n";
  for (let i = 0; i + 1 < headers.length; i += 2) text += `${headers[i]}: ${headers[i + 1]}\r\n`;
  return `${text}\r\n`;
}
