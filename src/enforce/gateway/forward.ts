import type { ClientRequest, IncomingMessage, ServerResponse } from "node:http";
import type { Schedule } from "#kernel";
import { isDropped } from "./client-headers.ts";
import { connect, type UpstreamRequest } from "./connect.ts";
import type { Exchange } from "./exchange.ts";
import { LET_GO } from "./limits.ts";
import { answeredHeaders, isUpstreamDropped } from "./upstream-headers.ts";
import type { Upstream } from "./upstreams.ts";

/** How a forwarded request ended. */
export interface Ending {
  /** What the client was told; 0 when nothing. */
  readonly status: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Why it ended early. */
  readonly ended?: string;
}

export interface Forwarding {
  readonly upstream: Upstream;
  readonly asked: UpstreamRequest;
  /** The host that the client asked, without port. */
  readonly hostname: string;
  readonly from: "application" | "control";
  readonly schedule: Schedule;
  /** Most bytes of a body; more ends the request. */
  readonly mostBytesIn?: number;
  /** The upstream failed before it answered; answers in its place. */
  readonly onFailure: (error: Error) => void;
  /** Called once, when all is over. */
  readonly onEnd: (ending: Ending) => void;
}

/** A request on its way. */
export interface Forwarded {
  /** Ends it on both sides at once, and why. */
  abort(why: string): void;
}

/** Requests that can be sent a second time without harm when a kept connection turns out to be closed (RFC 9110 §9.2.2). */
const REPEATABLE: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

/** Passes a request to its upstream and the answer back, streaming both ways; each side is read as fast as the other takes it. */
export function forward(exchange: Exchange, forwarding: Forwarding): Forwarded {
  const { request, response } = exchange;
  const hasBody =
    request.headers["transfer-encoding"] !== undefined || (request.headers["content-length"] ?? "0") !== "0";
  let ended: string | undefined;
  let bytesIn = 0;
  let bytesOut = 0;
  let over = false;
  let failed = false;
  let sent: ClientRequest;

  function send(mayRepeat: boolean): void {
    sent = connect(forwarding.upstream, forwarding.asked, forwarding.schedule);
    const current = sent;
    current.on("error", (error) => {
      if (over || current !== sent) return;
      if (mayRepeat && current.reusedSocket && !response.headersSent && isReset(error)) {
        send(false);
        return;
      }
      fail(error);
    });
    current.on("response", answer);
    current.on("information", (information) => passInformation(information, response));
    // one that no listener is there for would be cut, and shown as the upstream's failure
    current.on("upgrade", (_answer, socket) => {
      socket.destroy();
      fail(new Error("the upstream upgraded a connection that nobody asked to"));
    });
    if (!hasBody) current.end();
  }

  function fail(error: Error): void {
    if (over || failed) return;
    failed = true;
    ended ??= "upstream-failed";
    sent.destroy();
    if (response.headersSent) response.destroy();
    else forwarding.onFailure(error);
  }

  function answer(upstreamAnswer: IncomingMessage): void {
    const { statusCode = 502, rawHeaders } = upstreamAnswer;
    try {
      const headers = answeredHeaders({
        rawHeaders,
        hostname: forwarding.hostname,
        from: forwarding.from,
      });
      for (let i = 0; i + 1 < headers.length; i += 2)
        response.appendHeader(headers[i] ?? "", headers[i + 1] ?? "");
      response.writeHead(statusCode);
    } catch (error) {
      // a name or value that Node's server would not write
      for (const name of response.getHeaderNames()) response.removeHeader(name);
      fail(error instanceof Error ? error : new Error("the upstream's headers cannot be passed on"));
      return;
    }
    // events and slow pages: the client sees that there is an answer before its first byte
    response.flushHeaders();
    upstreamAnswer.on("data", (chunk: Buffer) => {
      bytesOut += chunk.length;
    });
    upstreamAnswer.on("error", fail);
    upstreamAnswer.on("close", () => {
      if (!upstreamAnswer.complete) fail(new Error("the upstream cut its answer off"));
    });
    upstreamAnswer.on("end", () => {
      passTrailers(upstreamAnswer.rawTrailers, isUpstreamDropped, response);
      response.end();
    });
    upstreamAnswer.pipe(response, { end: false });
  }

  response.on("close", () => {
    if (over) return;
    over = true;
    if (!response.writableFinished) ended ??= "client-closed";
    sent.destroy();
    if (!request.complete) letGo();
    const status = response.headersSent ? response.statusCode : 0;
    forwarding.onEnd({ status, bytesIn, bytesOut, ...(ended === undefined ? {} : { ended }) });
  });
  response.on("error", () => response.destroy());
  // the client's half; that it is cut off shows when the response closes
  request.on("error", () => response.destroy());

  if (!hasBody) request.resume();
  send(!hasBody && REPEATABLE.has(forwarding.asked.method));
  if (exchange.expectsContinue) response.writeContinue();
  if (hasBody) passBody();

  function passBody(): void {
    request.on("data", (chunk: Buffer) => {
      bytesIn += chunk.length;
      if (bytesIn > (forwarding.mostBytesIn ?? Number.POSITIVE_INFINITY)) abort("too-large");
    });
    request.on("end", () => {
      passTrailers(request.rawTrailers, isDropped, sent);
      sent.end();
    });
    request.pipe(sent, { end: false });
  }

  /** The answer came before the whole body: the client gets a moment to read the one while it still sends the other. */
  function letGo(): void {
    request.unpipe();
    request.resume();
    forwarding.schedule.after(LET_GO, () => {
      if (!request.complete) request.destroy();
    });
  }

  function abort(why: string): void {
    if (over) return;
    ended ??= why;
    sent.destroy();
    response.destroy();
  }
  return { abort };
}

/** Interim answers are the client's (RFC 9110 §15.2); 100 was given when the request was let through. */
function passInformation(
  information: { readonly statusCode: number; readonly rawHeaders: readonly string[] },
  response: ServerResponse,
): void {
  if (response.headersSent || response.destroyed) return;
  if (information.statusCode === 102) response.writeProcessing();
  if (information.statusCode !== 103) return;
  const link = information.rawHeaders.filter(
    (_, i) => i % 2 === 1 && information.rawHeaders[i - 1]?.toLowerCase() === "link",
  );
  // Node throws for a link that it cannot read; a hint is not worth a request
  if (
    link.length > 0 &&
    link.every((value) => /^<[^<>"\s]+>(?:; *[a-z]+(?:="?[a-z0-9-]+"?)?)*$/i.test(value))
  )
    response.writeEarlyHints({ link: [...link] });
}

function passTrailers(
  rawTrailers: readonly string[],
  isKeptBack: (name: string) => boolean,
  to: ServerResponse | ClientRequest,
): void {
  const trailers: [string, string][] = [];
  for (let i = 0; i + 1 < rawTrailers.length; i += 2) {
    const name = rawTrailers[i] ?? "";
    if (!isKeptBack(name) && name.toLowerCase() !== "set-cookie")
      trailers.push([name, rawTrailers[i + 1] ?? ""]);
  }
  if (trailers.length > 0) to.addTrailers(trailers);
}

function isReset(error: Error): boolean {
  return "code" in error && (error.code === "ECONNRESET" || error.code === "EPIPE");
}
