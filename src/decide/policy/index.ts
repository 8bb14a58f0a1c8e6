/**
 * The policy engine: forms of policy compiled to one pure, synchronous decision function. Deny wins, at
 * least one allow is needed, nothing matched is a deny, and an error is a deny (NIST SP 800-207 §3, the
 * policy engine's part of the policy decision point).
 */
export * from "./types.ts";
