/**
 * Certificates, by two authorities that have nothing to do with each other.
 *
 * Control's authority vouches for the parts of this instance to one another: X.509-SVIDs (SPIFFE) of a day each, in one
 * trust domain, which is all that it may vouch for (RFC 5280 §4.2.1.10). Its key rests sealed; it is rotated while
 * everybody goes on working, each half of a year or when an administrator says so.
 *
 * The authority for development is for browsers, for serving TLS where no public one can vouch. It may vouch for the
 * hosts that it was made for and for nothing else, so that a person who trusts it trusts it for those alone.
 */
export { readBundle, readControlSigner } from "./authorities.ts";
export * from "./authority.ts";
export * from "./development.ts";
export * from "./types.ts";
export { checkMemberName, LEAF_LIFE, serialKey } from "./x509-svid.ts";
