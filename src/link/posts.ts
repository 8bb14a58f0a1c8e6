import type { IncomingMessage } from "node:http";
import { PosternError } from "#kernel";
import type { LinkHandlers } from "./handlers.ts";
import {
  type ActivityReport,
  type ComponentReport,
  type EntryRequest,
  type JoinRequest,
  type KeyAnnouncement,
  LINK_PATHS,
  type MemberRole,
  type RenewRequest,
  type SpoolRecord,
} from "./messages.ts";
import type { LinkPeer } from "./peer.ts";

/** A message that comes up the link. */
export interface Post {
  /** As `admit` hears it. */
  readonly what: string;
  readonly roles: readonly MemberRole[];
  /** The longest body, in bytes. */
  readonly most: number;
  /** Also taken from somebody without a certificate. */
  readonly strangers?: true;
  handle(message: unknown, peer: LinkPeer | undefined, request: IncomingMessage): Promise<unknown>;
}

const SMALL = 64 * 1_024;
const LARGE = 16 * 1_024 * 1_024;
const EVERYBODY: readonly MemberRole[] = ["gateway", "agent"];
const GATEWAYS: readonly MemberRole[] = ["gateway"];

/** Which messages there are, by path: from whom, how long, and who takes them. */
export function linkPosts(handlers: LinkHandlers): ReadonlyMap<string, Post> {
  const { certificate, loginClient } = handlers;
  const posts = new Map<string, Post>([
    [
      LINK_PATHS.join,
      {
        what: "join",
        roles: EVERYBODY,
        most: SMALL,
        strangers: true,
        handle: async (message, _peer, request) =>
          await handlers.join(message as JoinRequest, request.socket.remoteAddress),
      },
    ],
    [
      LINK_PATHS.renew,
      of(
        "renew",
        EVERYBODY,
        SMALL,
        async (message, peer) => await handlers.renew(message as RenewRequest, peer),
      ),
    ],
    [
      LINK_PATHS.report,
      of("report", EVERYBODY, SMALL, async (message, peer) => {
        await handlers.report(message as ComponentReport, peer);
        return {};
      }),
    ],
    [
      LINK_PATHS.records,
      of("records", EVERYBODY, LARGE, async (message, peer) => {
        if (!areOf(`${peer.role}:${peer.name}`, message))
          throw new PosternError("denied", `${peer.role} ${peer.name} sends records that are not its own`);
        return await handlers.records(message, peer);
      }),
    ],
    [
      LINK_PATHS.entries,
      of(
        "entries",
        GATEWAYS,
        SMALL,
        async (message, peer) => await handlers.entry(message as EntryRequest, peer),
      ),
    ],
    [
      LINK_PATHS.activity,
      of("activity", GATEWAYS, LARGE, async (message, peer) => {
        await handlers.activity(message as ActivityReport, peer);
        return {};
      }),
    ],
    [
      LINK_PATHS.keys,
      of("keys", GATEWAYS, SMALL, async (message, peer) => {
        const named = isObject(message) ? message["gateway"] : undefined;
        if (named !== peer.name)
          throw new PosternError("denied", `gateway ${peer.name} announces a key that is not its own`);
        await handlers.key(message as KeyAnnouncement, peer);
        return {};
      }),
    ],
  ]);
  if (loginClient !== undefined)
    posts.set(
      LINK_PATHS.loginClient,
      of("login-client", GATEWAYS, SMALL, async () => await loginClient()),
    );
  if (certificate !== undefined)
    posts.set(
      LINK_PATHS.certificate,
      of("certificate", GATEWAYS, SMALL, async () => await Promise.resolve(certificate())),
    );
  return posts;
}

/** A message of a member. */
function of(
  what: string,
  roles: readonly MemberRole[],
  most: number,
  handle: (message: unknown, peer: LinkPeer) => Promise<unknown>,
): Post {
  return {
    what,
    roles,
    most,
    async handle(message, peer) {
      if (peer === undefined) throw new PosternError("unauthenticated", "nobody in particular sends this");
      return await handle(message, peer);
    },
  };
}

/** Whether these are records, and all of this source; what else they hold is for the log to check. */
function areOf(source: string, message: unknown): message is SpoolRecord[] {
  return Array.isArray(message) && message.every((record) => isObject(record) && record["source"] === source);
}

function isObject(value: unknown): value is { readonly [member: string]: unknown } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
