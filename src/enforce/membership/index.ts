/**
 * Membership: who this machine is in its instance, and how control knows.
 *
 * It joins once, with a one-use token that it gives to nobody but a control whose authority is the pinned one, and from
 * then on proves itself by an X.509-SVID (SPIFFE) of a day, renewed at its half-life. It promises: the private key never
 * leaves the machine; the file of it is whole whenever the machine stops; whoever an authority stopped vouching for is
 * trusted no longer than the view takes to know.
 */
export { joinControl } from "./join.ts";
export { openMembership } from "./membership.ts";
export * from "./types.ts";
