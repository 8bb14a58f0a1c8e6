/**
 * The gateway: an identity-aware reverse proxy, the single public listener of an instance and its policy enforcement
 * point for people (NIST SP 800-207 §3.2). Each request is read once into a canonical form, tied to a session, decided
 * by the policy set in the view, recorded, and only then forwarded; whatever fails on the way denies.
 *
 * It promises: applications see no request that was not allowed and recorded; nothing the client says about its own
 * identity reaches them, but a signed `Postern-Assertion` does; signed-out visitors get the same answer whether an
 * application exists or not; and a connection that is open ends when what allowed it no longer holds.
 */
export { type Gateway, type GatewayOptions, startGateway } from "./server.ts";
