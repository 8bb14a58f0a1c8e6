import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { TLSSocket } from "node:tls";
import type { RequestSource } from "#events";

/** One request with the answer to it, or with the raw connection when it asks for a WebSocket. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly upgrade?: { readonly socket: Duplex; readonly head: Buffer };
  readonly source: RequestSource;
  /** Present over TLS. */
  readonly tls?: { readonly version?: string };
  /** The port that it came in by. */
  readonly port: number;
  /** Whether the client sent `Expect: 100-continue`, and still waits. */
  readonly expectsContinue: boolean;
  /** When it came in, on the monotonic clock. */
  readonly startedAt: number;
}

export interface ExchangeOptions {
  readonly port: number;
  readonly startedAt: number;
  readonly expectsContinue?: boolean;
  readonly upgrade?: Exchange["upgrade"];
}

const MOST_USER_AGENT_CHARACTERS = 512;

export function makeExchange(
  request: IncomingMessage,
  response: ServerResponse,
  { port, startedAt, expectsContinue = false, upgrade }: ExchangeOptions,
): Exchange {
  const { socket } = request;
  const version = socket instanceof TLSSocket ? socket.getProtocol() : undefined;
  const userAgent = request.headers["user-agent"]?.slice(0, MOST_USER_AGENT_CHARACTERS);
  return {
    request,
    response,
    port,
    startedAt,
    expectsContinue,
    ...(upgrade === undefined ? {} : { upgrade }),
    ...(socket instanceof TLSSocket ? { tls: typeof version === "string" ? { version } : {} } : {}),
    source: {
      ...(socket.remoteAddress === undefined ? {} : { ip: plainAddress(socket.remoteAddress) }),
      ...(socket.remotePort === undefined ? {} : { port: socket.remotePort }),
      ...(userAgent === undefined ? {} : { userAgent }),
    },
  };
}

/** An IPv4 address as such, also on a socket of both families. */
function plainAddress(address: string): string {
  return address.startsWith("::ffff:") && address.includes(".") ? address.slice("::ffff:".length) : address;
}
