import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerOptions,
  ServerResponse,
} from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { type Clock, PosternError } from "#kernel";
import { type Exchange, makeExchange } from "./exchange.ts";
import {
  CHECK_TIMEOUTS_EVERY,
  HEADERS_TIMEOUT,
  KEEP_ALIVE,
  MOST_CONNECTIONS,
  MOST_HEADER_BYTES,
  MOST_HEADERS,
} from "./limits.ts";
import { isWebSocketUpgrade } from "./tunnel.ts";

export interface ListenerOptions {
  /** `127.0.0.1` also takes `::1` where there is one. */
  readonly listen: string;
  /** 0 for any. */
  readonly port: number;
  readonly tls?: { readonly cert: string; readonly key: string };
  readonly clock: Clock;
  readonly handle: (exchange: Exchange) => void;
}

/** One open port. */
export interface Listener {
  readonly port: number;
  /** Takes no more connections; resolves when the last has ended. */
  close(): Promise<void>;
  closeIdle(): void;
  /** Ends every connection at once. */
  destroy(): void;
}

/** Opens a port. @throws PosternError `port.busy`, `tls.invalid` */
export async function openListener(options: ListenerOptions): Promise<Listener> {
  const first = await bind(options, options.listen, options.port);
  const { port } = first.address() as AddressInfo;
  const servers = [first];
  if (options.listen === "127.0.0.1") {
    try {
      servers.push(await bind({ ...options, port }, "::1", port));
    } catch (error) {
      // a machine without IPv6; everything else is an error
      if (!(error instanceof NoSuchAddress)) {
        first.close();
        throw error;
      }
    }
  }
  return {
    port,
    async close() {
      await Promise.all(
        servers.map(async (server) => {
          await new Promise<void>((resolve) => server.close(() => resolve()));
        }),
      );
    },
    closeIdle: () => {
      for (const server of servers) server.closeIdleConnections();
    },
    destroy: () => {
      for (const server of servers) server.closeAllConnections();
    },
  };
}

class NoSuchAddress extends Error {}

async function bind(options: ListenerOptions, host: string, port: number): Promise<Server> {
  const server = makeServer(options);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port, ipv6Only: host.includes(":") && host !== "::" }, () => {
      server.off("error", reject);
      resolve();
    });
  }).catch((cause: unknown) => {
    throw bindError(cause, host, port);
  });
  return server;
}

function bindError(cause: unknown, host: string, port: number): Error {
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  const where = `${host.includes(":") ? `[${host}]` : host}:${port}`;
  if (code === "EADDRINUSE")
    return new PosternError("port.busy", `port ${port} is taken by another program`, {
      where,
      remedy: "choose another with --port",
      cause,
    });
  if (code === "EACCES")
    return new PosternError("port.busy", `port ${port} is not open to this user`, {
      where,
      remedy: "choose one above 1023 with --port",
      cause,
    });
  if ((code === "EADDRNOTAVAIL" || code === "EAFNOSUPPORT") && host === "::1") return new NoSuchAddress();
  return new PosternError("usage.invalid", `cannot listen on ${where}`, { where, cause });
}

function makeServer({ tls, clock, handle, port: asked }: ListenerOptions): Server {
  const limits: ServerOptions = {
    maxHeaderSize: MOST_HEADER_BYTES,
    headersTimeout: HEADERS_TIMEOUT,
    // bodies may stream for hours
    requestTimeout: 0,
    connectionsCheckingInterval: CHECK_TIMEOUTS_EVERY,
    keepAliveTimeout: KEEP_ALIVE,
    insecureHTTPParser: false,
    // ours to refuse, by a page or a problem
    requireHostHeader: false,
    shouldUpgradeCallback: (request) => isWebSocketUpgrade(request.headers.upgrade),
  };
  const server = tls === undefined ? createServer(limits) : makeTlsServer(limits, tls);
  const port = (): number => {
    const address = server.address();
    return typeof address === "object" && address !== null ? address.port : asked;
  };
  // one more than is taken, so that too many are seen and not silently cut
  server.maxHeadersCount = MOST_HEADERS + 1;
  server.maxConnections = MOST_CONNECTIONS;
  const take = (request: IncomingMessage, response: ServerResponse, expectsContinue: boolean): void =>
    handle(makeExchange(request, response, { port: port(), startedAt: clock.monotonic(), expectsContinue }));
  server.on("request", (request, response) => take(request, response, false));
  server.on("checkContinue", (request, response) => take(request, response, true));
  server.on("upgrade", (request, socket, head) =>
    handle(
      makeExchange(request, responseOn(request, socket), {
        port: port(),
        startedAt: clock.monotonic(),
        upgrade: { socket, head },
      }),
    ),
  );
  server.on("connect", (_request, socket) => refuseRaw(socket, "405 Method Not Allowed"));
  server.on("clientError", (error, socket) => refuseRaw(socket, statusFor(error)));
  return server;
}

function makeTlsServer(limits: ServerOptions, tls: { readonly cert: string; readonly key: string }): Server {
  try {
    return createTlsServer({ ...limits, ...tls, minVersion: "TLSv1.2" });
  } catch (cause) {
    throw new PosternError("tls.invalid", "the TLS certificate and its key do not work together", { cause });
  }
}

/** For an upgrade Node hands out the bare connection; answers that are no WebSocket go by this. */
function responseOn(request: IncomingMessage, socket: Duplex): ServerResponse {
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  response.assignSocket(request.socket);
  response.on("finish", () => socket.end(() => socket.destroy()));
  socket.on("error", () => socket.destroy());
  return response;
}

/** What no request could be read from gets the least that is an answer. */
function refuseRaw(socket: Duplex, status: string): void {
  if (!socket.writable || socket.destroyed) {
    socket.destroy();
    return;
  }
  socket.on("error", () => socket.destroy());
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

function statusFor(error: Error): string {
  const code = "code" in error ? error.code : undefined;
  if (code === "HPE_HEADER_OVERFLOW") return "431 Request Header Fields Too Large";
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") return "408 Request Timeout";
  return "400 Bad Request";
}
