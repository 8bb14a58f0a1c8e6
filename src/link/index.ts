/**
 * The link: what control and the enforcement points say to each other. State goes down as a snapshot
 * and then changes in order, with heartbeats that prove freshness; records go up in batches that are
 * acknowledged once they rest in control's log.
 *
 * Every message is versioned by `LINK_VERSION` in the path. Over a Unix socket the socket's folder
 * (0700) is the authentication.
 */

export * from "./answers.ts";
export * from "./client.ts";
export * from "./messages.ts";
export type { LinkCredentials, LinkPeer } from "./peer.ts";
export * from "./records.ts";
export * from "./server.ts";
