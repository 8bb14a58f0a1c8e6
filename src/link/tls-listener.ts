import { constants, X509Certificate } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { type SecureContextOptions, TLSSocket } from "node:tls";
import { type Clock, PosternError } from "#kernel";
import { certifiedPeer, type LinkCredentials, type LinkPeer } from "./peer.ts";
import { answerProblem } from "./problem.ts";
import type { LinkHandler } from "./server.ts";

/** Connections of nobody in particular: only joining is open to them. */
const MOST_STRANGERS = 64;
const STRANGER_MS = 15_000;
const HANDSHAKE_MS = 5_000;
const HEADERS_MS = 10_000;
const REQUEST_MS = 60_000;
const IDLE_MS = 30_000;
/** A connection is not kept beyond so long before its certificate ends: the next one is made with the renewed. */
const LAST_HOUR_MS = 3_600_000;

export interface LinkTlsListenerOptions {
  readonly credentials: LinkCredentials;
  /** Takes what comes for the host `control`. */
  readonly handler: LinkHandler;
  /** Takes what comes for any other host, which people ask for through a gateway. */
  readonly people: (request: IncomingMessage, response: ServerResponse, peer: LinkPeer) => void;
  /** @throws PosternError when the peer may not go on */
  readonly admit: (peer: LinkPeer, boot: string, what: string) => void;
  readonly clock: Clock;
  readonly address: string;
  /** 0 for any that is free. */
  readonly port: number;
}

export interface LinkTlsListener {
  readonly port: number;
  /**
   * Goes by other credentials from the next handshake on. Connections stay, but for those whose certificate no authority
   * vouches for that still counts.
   */
  replace(credentials: LinkCredentials): void;
  /** Stops listening, gives requests under way `graceMs`, then ends them; streams end at once. */
  close(graceMs: number): Promise<void>;
}

/**
 * Listens for gateways and agents of other machines, over TLS 1.3. A certificate is asked for and checked, but not
 * demanded by the handshake: whoever joins has none yet, and whoever is refused is to read why.
 * @throws PosternError `port.busy` when something else listens there
 */
export async function linkTlsListener(options: LinkTlsListenerOptions): Promise<LinkTlsListener> {
  const { clock } = options;
  let credentials = options.credentials;
  const members = new Map<TLSSocket, LinkPeer>();
  const strangers = new Set<TLSSocket>();
  const streams = new Set<ServerResponse>();

  const server = createServer({
    ...secureContext(credentials),
    requestCert: true,
    rejectUnauthorized: false,
    ALPNProtocols: ["http/1.1"],
    handshakeTimeout: HANDSHAKE_MS,
    maxHeaderSize: 32 * 1_024,
    headersTimeout: HEADERS_MS,
    requestTimeout: REQUEST_MS,
    keepAliveTimeout: IDLE_MS,
  });

  server.on("secureConnection", (socket) => {
    const peer = peerOf(socket, credentials.trustDomain);
    if (peer !== undefined) members.set(socket, peer);
    else if (strangers.size < MOST_STRANGERS) strangers.add(socket);
    else socket.destroy();
    socket.on("close", () => {
      members.delete(socket);
      strangers.delete(socket);
    });
  });

  server.on("request", (request, response) => {
    const socket = request.socket;
    const peer = socket instanceof TLSSocket ? members.get(socket) : undefined;
    if (peer === undefined) {
      // one message, and not for long
      response.shouldKeepAlive = false;
      request.socket.setTimeout(STRANGER_MS, () => request.socket.destroy());
    } else if ((peer.notAfter ?? 0) - clock.now() < LAST_HOUR_MS) response.shouldKeepAlive = false;
    if (request.headers.host !== "control") {
      passToPeople(request, response, peer);
      return;
    }
    if (request.method === "GET") {
      streams.add(response);
      response.on("close", () => streams.delete(response));
    }
    options.handler(request, response, peer);
  });

  function passToPeople(
    request: IncomingMessage,
    response: ServerResponse,
    peer: LinkPeer | undefined,
  ): void {
    try {
      if (peer?.role !== "gateway")
        throw new PosternError("denied", "people come through a gateway of this instance");
      // a browser's request says nothing of the start of the gateway that passes it on
      options.admit(peer, "", "stream.held");
    } catch (error) {
      answerProblem(request, response, error);
      return;
    }
    options.people(request, response, peer);
  }

  await listening(server, options);
  const address = server.address() as AddressInfo;
  return {
    port: address.port,
    replace(next) {
      credentials = next;
      server.setSecureContext(secureContext(next));
      const authorities = next.authorities.map((pem) => new X509Certificate(pem));
      for (const socket of members.keys()) if (!isVouchedFor(socket, authorities)) socket.destroy();
    },
    async close(graceMs) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(() => server.closeAllConnections(), graceMs);
        server.close(() => {
          clearTimeout(timer);
          resolve();
        });
        for (const stream of streams) stream.end();
        server.closeIdleConnections();
      });
    },
  };
}

function secureContext({ certificate, key, authorities }: LinkCredentials): SecureContextOptions {
  return {
    cert: certificate,
    key,
    ca: [...authorities],
    minVersion: "TLSv1.3",
    // a session taken up again would go by a certificate that was checked in another time
    secureOptions: constants.SSL_OP_NO_TICKET,
  };
}

function peerOf(socket: TLSSocket, trustDomain: string): LinkPeer | undefined {
  const certificate = socket.authorized ? socket.getPeerX509Certificate() : undefined;
  return certificate === undefined
    ? undefined
    : certifiedPeer(certificate, trustDomain, socket.remoteAddress);
}

function isVouchedFor(socket: TLSSocket, authorities: readonly X509Certificate[]): boolean {
  const certificate = socket.getPeerX509Certificate();
  return authorities.some(
    (authority) => certificate?.checkIssued(authority) === true && certificate.verify(authority.publicKey),
  );
}

async function listening(
  server: ReturnType<typeof createServer>,
  { address, port }: LinkTlsListenerOptions,
): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen({ host: address, port }, () => {
        server.off("error", reject);
        resolve();
      });
    });
  } catch (cause) {
    const busy = cause instanceof Error && "code" in cause && cause.code === "EADDRINUSE";
    if (!busy) throw cause;
    throw new PosternError("port.busy", `port ${port} is in use`, {
      where: `${address}:${port}`,
      remedy: "stop what listens there, or name another address for the link",
      cause,
    });
  }
}
