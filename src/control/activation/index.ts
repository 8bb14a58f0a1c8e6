/**
 * Activation: which policy set is in force, and how it came to be (NIST SP 800-207 §3, the policy administrator's
 * part). A set is immutable and named by the hash of its files; an activation puts one in force under the next
 * number. A rollback is a new activation.
 *
 * It promises: what does not compile, or would lock out everybody who could mend it, never activates, and the last good set stays;
 * a set, its number, the ports of its applications, the change for enforcement points and the event in the log are one write.
 *
 * Several control nodes may do so at once: what is active is read from the database each time it is asked for, and inside
 * that one write again, which is alone on all nodes. So sets land one on top of the other in the order of their numbers, and
 * what one node has put in force is what the others decide by from then on. Only compiled sets are kept in a process, by
 * the hash of their files.
 */
export * from "./activation.ts";
export type { Address, Addresses } from "./addresses.ts";
export { type Actor, PolicyRefused } from "./candidate.ts";
export { type PersonRow, personInput, type SessionFacts } from "./person-input.ts";
