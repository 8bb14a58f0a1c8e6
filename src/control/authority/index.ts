/**
 * The authority for development: a certificate authority of the instance's own, for serving TLS where no
 * public one can vouch. It may vouch for the hosts that it was made for and for nothing else (RFC 5280
 * §4.2.1.10), so that a person who trusts it trusts it for those alone.
 */
export * from "./development.ts";
export * from "./types.ts";
