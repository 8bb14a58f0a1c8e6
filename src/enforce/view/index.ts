/**
 * The view: all state that an enforcement point may need to decide, in maps in memory, built from a snapshot and then
 * the changes in order (DESIGN: "One change log"). Nothing is asked over a network while a request waits.
 *
 * It promises: changes are applied in the order of their numbers, none left out and none twice; a change, a snapshot and a policy
 * set take effect whole or not at all; what cannot be applied ends its freshness until it is whole again, and is
 * reported; and `ageSeconds` never says younger than true, so that whoever decides can refuse to decide from old knowledge.
 */
export { type ReportOptions, reportView } from "./report.ts";
export * from "./types.ts";
export { openView, type ViewOptions } from "./view.ts";
