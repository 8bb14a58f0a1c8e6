import type { ClientRequest, IncomingMessage, ServerResponse } from "node:http";
import type { Schedule } from "#kernel";
import { isDropped } from "./client-headers.ts";
import { connect, type UpstreamRequest } from "./connect.ts";
import type { Exchange } from "./exchange.ts";
import { LET_GO, MOST_CONTROL_REPEATS } from "./limits.ts";
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
  /** Milliseconds from the end of the request until an answer must have begun. */
  readonly firstByteWithin?: number;
  /** The upstream failed before it answered; answers in its place. */
  readonly onFailure: (error: Error) => void;
  /** Called once, when all is over. */
  readonly onEnd: (ending: Ending) => void;
}

/** A request on its way. */
export interface Forwarded<Why = string> {
  /** Ends it on both sides at once, and why. */
  abort(why: Why): void;
}

/** Requests that can be sent a second time without harm when a connection turns out to be closed (RFC 9110 §9.2.2). */
const REPEATABLE: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

/** The upstream did not begin to answer in time. */
class Silence extends Error {
  constructor() {
    super("the upstream does not begin to answer");
  }
}

/** Passes a request to its upstream and the answer back, streaming both ways; each side is read as fast as the other takes it. */
export function forward(exchange: Exchange, forwarding: Forwarding): Forwarded {
  const { request, response } = exchange;
  const hasBody =
    request.headers["transfer-encoding"] !== undefined || (request.headers["content-length"] ?? "0") !== "0";
  const safe = !hasBody && REPEATABLE.has(forwarding.asked.method);
  let ended: string | undefined;
  let bytesIn = 0;
  let bytesOut = 0;
  let over = false;
  let failed = false;
  /** Whether anything of an answer has come, so that nothing may be sent again. */
  let begun = false;
  let sent: ClientRequest;
  let cancelSilence: () => void = () => undefined;

  function send(fresh: boolean, repeats: number): void {
    const { upstream, asked, schedule } = forwarding;
    sent = connect({ upstream, asked, schedule, fresh });
    const current = sent;
    current.on("error", (error) => {
      if (over || current !== sent) return;
      cancelSilence();
      if (repeats > 0 && !begun && !response.headersSent && mayRepeat(error, current)) {
        send(true, error instanceof Silence ? 0 : repeats - 1);
        return;
      }
      fail(error);
    });
    current.on("response", (upstreamAnswer) => {
      begin();
      answer(upstreamAnswer);
    });
    current.on("information", (information) => {
      begin();
      passInformation(information, response);
    });
    // one that no listener is there for would be cut, and shown as the upstream's failure
    current.on("upgrade", (_answer, socket) => {
      socket.destroy();
      fail(new Error("the upstream upgraded a connection that nobody asked to"));
    });
    if (hasBody) return;
    current.end();
    expectAnswer();
  }

  /** Whether what failed before any answer can be sent again: a kept connection that had closed, or a control node that had. */
  function mayRepeat(error: Error, current: ClientRequest): boolean {
    if (forwarding.upstream.isControl) return isReset(error) || error instanceof Silence;
    return current.reusedSocket && isReset(error);
  }

  function begin(): void {
    begun = true;
    cancelSilence();
  }

  /** The whole request is on its way: from now on the upstream is waited for. */
  function expectAnswer(): void {
    const { firstByteWithin, schedule } = forwarding;
    if (firstByteWithin === undefined) return;
    const current = sent;
    cancelSilence();
    cancelSilence = schedule.after(firstByteWithin, () => current.destroy(new Silence()));
  }

  function fail(error: Error): void {
    if (over || failed) return;
    failed = true;
    ended ??= "upstream-failed";
    cancelSilence();
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
    cancelSilence();
    sent.destroy();
    if (!request.complete) letGo();
    const status = response.headersSent ? response.statusCode : 0;
    forwarding.onEnd({ status, bytesIn, bytesOut, ...(ended === undefined ? {} : { ended }) });
  });
  response.on("error", () => response.destroy());
  // the client's half; that it is cut off shows when the response closes
  request.on("error", () => response.destroy());

  if (!hasBody) request.resume();
  // what must not be sent twice goes to control over a connection that cannot have closed meanwhile
  if (forwarding.upstream.isControl) send(!safe, safe ? MOST_CONTROL_REPEATS : 0);
  else send(false, safe ? 1 : 0);
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
      if (!begun) expectAnswer();
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
