/**
 * The link: what control and the enforcement points say to each other. State goes down as a snapshot
 * and then changes in order, with heartbeats that prove freshness; records go up in batches that are
 * acknowledged once they rest in control's log.
 *
 * It is HTTP/1.1, over a Unix socket, whose folder (0700) is the authentication, or over mutual TLS 1.3, where both ends
 * go by X.509-SVIDs (SPIFFE) of the instance's own authority. Messages are versioned by `LINK_VERSION` in the path;
 * within it, `LINK_MINOR` says what was added.
 */

export * from "./answers.ts";
export * from "./client.ts";
export { type ControlDialer, dialInto, dialingAgent, unixDialer } from "./dialer.ts";
export type { LinkHandlers, PageRequest, StatePage, StateSource } from "./handlers.ts";
export * from "./messages.ts";
export type { LinkCredentials, LinkPeer } from "./peer.ts";
export * from "./records.ts";
export { type LinkHandler, type LinkServerOptions, linkServer, localLink } from "./server.ts";
export { type Identity, identityOf } from "./spiffe.ts";
export { type TlsDialerOptions, tlsDialer } from "./tls-dialer.ts";
export { type LinkTlsListener, type LinkTlsListenerOptions, linkTlsListener } from "./tls-listener.ts";
