import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { type Clock, type Notify, PosternError, parseJson, type Schedule } from "#kernel";
import type { LinkHandlers, StateSource } from "./handlers.ts";
import { LINK_HEADERS, LINK_MINOR, LINK_PATHS, LINK_VERSION, type StreamRequest } from "./messages.ts";
import { type LinkPeer, statedPeer } from "./peer.ts";
import { linkPosts, type Post } from "./posts.ts";
import { answerJson, answerProblem, bodyOf } from "./problem.ts";
import { rememberPlacements } from "./slice.ts";
import { type StateStreamParts, streamState } from "./state-stream.ts";

export interface LinkServerOptions {
  readonly source: StateSource;
  readonly handlers: LinkHandlers;
  readonly clock: Clock;
  readonly schedule: Schedule;
  readonly notify: Notify;
}

/** Handles requests of the link. `peer` is who sends them, undefined for somebody without a certificate that counts. */
export type LinkHandler = (
  request: IncomingMessage,
  response: ServerResponse,
  peer: LinkPeer | undefined,
) => void;

/** A new epoch makes every enforcement point load all state: not more often than this, whoever asks. */
const EPOCH_PAUSE_MS = 60_000;
/** Bodies of people without a certificate that are read at the same time. */
const MOST_STRANGERS = 8;

/** Control's end of the link. */
export function linkServer(options: LinkServerOptions): LinkHandler {
  const { handlers } = options;
  const posts = linkPosts(handlers);
  const parts = streamParts(options);
  let strangers = 0;

  async function take(post: Post, request: IncomingMessage, peer: LinkPeer | undefined): Promise<unknown> {
    if (peer !== undefined) return await post.handle(await readBody(request, post), peer, request);
    if (strangers === MOST_STRANGERS)
      throw new PosternError("rate_limited", "too many are joining at this moment", {
        remedy: "try again soon",
      });
    strangers += 1;
    try {
      return await post.handle(await readBody(request, post), peer, request);
    } finally {
      strangers -= 1;
    }
  }

  /** @throws PosternError why nothing is to be had */
  function route(request: IncomingMessage, response: ServerResponse, peer: LinkPeer | undefined): void {
    const url = URL.parse(request.url ?? "/", "http://control");
    const path = url?.pathname ?? "/";
    const version = /^\/link\/v(\d+)\//.exec(path)?.[1];
    if (version !== undefined && version !== String(LINK_VERSION))
      throw new PosternError(
        "version.unsupported",
        `control speaks version ${LINK_VERSION} of the link, and not ${version}`,
        { remedy: "run control and its gateways and agents in versions that share one" },
      );
    const stream = request.method === "GET" && path === LINK_PATHS.state;
    const post = request.method === "POST" ? posts.get(path) : undefined;
    if (post?.strangers !== true) {
      if (peer === undefined)
        throw new PosternError("unauthenticated", "this needs a certificate of this instance", {
          remedy: "join with a token first",
        });
      const boot = bootOf(request);
      handlers.admit(peer, boot, stream ? "stream" : (post?.what ?? "nothing"));
      if (stream && url !== null) {
        const who = parseStreamRequest(url.searchParams, peer);
        streamState(parts, { who, peer, boot, minor: minorOf(request) }, response);
        return;
      }
      if (post?.roles.includes(peer.role) === false)
        throw new PosternError("denied", `this is not for ${peer.role}s`);
    }
    if (post === undefined) throw new PosternError("not_found", `no ${request.method} ${path}`);
    take(post, request, peer).then(
      (value) => answerJson(response, 200, value),
      (error: unknown) => answerProblem(request, response, error),
    );
  }

  return (request, response, peer) => {
    response.setHeader(LINK_HEADERS.minor, String(LINK_MINOR));
    try {
      route(request, response, peer);
    } catch (error) {
      answerProblem(request, response, error);
    }
  };
}

/** Handles the link over a Unix socket, where who asks is whom it says that it is. */
export function localLink(handler: LinkHandler): RequestListener {
  return (request, response) => handler(request, response, statedPeer(request));
}

/** What the streams of this server share. */
function streamParts({ source, handlers, clock, schedule, notify }: LinkServerOptions): StateStreamParts {
  let epochAt = -Infinity;
  let unread = false;
  return {
    source,
    handlers,
    clock,
    schedule,
    placements: rememberPlacements(),
    async seenAhead(who) {
      const now = clock.monotonic();
      if (now - epochAt < EPOCH_PAUSE_MS) return;
      epochAt = now;
      await source.startEpoch(`${who} has seen changes that the database does not hold`);
    },
    read(failure) {
      if (failure !== undefined && !unread)
        notify({
          event: "warning",
          message: `enforcement points get nothing new while state cannot be read: ${bodyOf(failure).message}`,
        });
      unread = failure !== undefined;
    },
  };
}

/** @throws PosternError `input.invalid` when it does not say which start of a process it is of */
function bootOf(request: IncomingMessage): string {
  const boot = request.headers[LINK_HEADERS.boot];
  if (typeof boot === "string" && /^[\w-]{1,64}$/.test(boot)) return boot;
  throw new PosternError("input.invalid", `the request has no ${LINK_HEADERS.boot}`);
}

/** 0 is from before it was said. */
function minorOf(request: IncomingMessage): number {
  const minor = request.headers[LINK_HEADERS.minor];
  return typeof minor === "string" && /^\d{1,6}$/.test(minor) ? Number(minor) : 0;
}

/** @throws PosternError `input.invalid` when it does not say who asks, `denied` when that is somebody else */
function parseStreamRequest(query: URLSearchParams, peer: LinkPeer): StreamRequest {
  const role = query.get("role");
  const after = query.get("after");
  const epoch = query.get("epoch");
  const hostname = query.get("hostname");
  const osRelease = query.get("osRelease");
  const [name, boot, version] = [query.get("name"), query.get("boot"), query.get("version")];
  if ((role !== "gateway" && role !== "agent") || !name || !boot || !version)
    throw new PosternError("input.invalid", "the stream is asked for without saying by whom");
  if (role !== peer.role || name !== peer.name)
    throw new PosternError("denied", `${peer.role} ${peer.name} asks for the state of ${role} ${name}`);
  return {
    role,
    name,
    boot,
    version,
    ...(hostname === null ? {} : { hostname }),
    ...(osRelease === null ? {} : { osRelease }),
    ...(epoch === null ? {} : { epoch }),
    ...(after === null || !/^\d{1,15}$/.test(after) ? {} : { after: Number(after) }),
  };
}

/** Reads no further than it must; the request itself stays open, so that an answer can still be sent. */
async function readBody(request: IncomingMessage, { most }: Post): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  const read = request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
  for await (const chunk of read) {
    size += chunk.length;
    if (size > most) throw new PosternError("input.too_large", `the message is over ${most / 1_024} KiB`);
    chunks.push(chunk);
  }
  return parseJson(Buffer.concat(chunks).toString("utf8"), "the message");
}
