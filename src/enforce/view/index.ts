/**
 * The view: all state that an enforcement point may need to decide, in maps in memory, built from a snapshot and then
 * the changes in order (DESIGN: "One change log"). Nothing is asked over a network while a request waits.
 *
 * It promises: changes are applied in the order of their numbers, none left out and none twice; a policy set takes
 * effect whole or not at all; and `ageSeconds` never says younger than true, so that whoever decides can refuse to
 * decide from old knowledge.
 */
export * from "./view.ts";
