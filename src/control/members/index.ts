/**
 * Members: which gateways and agents belong to this instance, and which control nodes it has.
 *
 * A member joins with a one-use token, made for one role and one name, and from then on is whom its certificate says
 * (X.509-SVID), until that ends or is revoked. It promises: a token admits once; what is revoked is refused by every
 * control node within a second; a node that cannot read the database refuses everybody after 30; a certificate in
 * use from two places is reported; nothing in the database is of use to somebody who reads it.
 */
export { type MembersOptions, openMembers } from "./members.ts";
export * from "./types.ts";
