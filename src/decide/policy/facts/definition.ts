import type { Input, TimeFacts } from "../types.ts";
import type { ZoneClock } from "./time-zone.ts";

export type FactType = "text" | "number" | "boolean" | "texts" | "nanoseconds" | "classification" | "date";

/** An input as readers see it: also without the moment, which is how a lock-out is looked for at any time of day. */
export type Facts = Omit<Input, "time"> & { readonly time: Partial<TimeFacts> };

/** A fact that rules may name. */
export interface FactDefinition {
  /** As rules write it. For a map, ends in `.NAME`. */
  readonly name: string;
  readonly type: FactType;
  readonly unit?: "hours" | "minutes" | "seconds" | "nanoseconds since 1970" | "points" | "hour of the day";
  /** The closed list of values, where there is one. */
  readonly values?: readonly string[];
  /** Smallest and largest value, where there is one; whole numbers only when `whole`. */
  readonly range?: { readonly least: number; readonly most: number; readonly whole?: boolean };
  /** Who says so. */
  readonly source: string;
  /** When it is not known. */
  readonly whenAbsent: string;
  readonly description: string;
  /** `always`: every input has it. `with`: every input that has its group (`user`, `session` …) has it. */
  readonly required?: "always" | "with";
  /** Worked out from `time.now_ns` in the policy set's time zone; never part of an input. */
  readonly derived?: boolean;
  /** Says which resource or act a rule speaks of, rather than what a person could mend. */
  readonly selects?: boolean;
  /** What it is called to people: "Your role". A list is plural. */
  readonly noun: string;
  /** For a boolean: the sentence when it is true, and when it is false. */
  readonly sentences?: readonly [string, string];
  /** For an age: the sentence when it is at most so much, with `…` where the amount stands. */
  readonly within?: string;
  /** Undefined when absent; whatever stands there otherwise, whose type the rule's own check decides about. */
  readonly read: (facts: Facts, zone: ZoneClock | undefined) => unknown;
}
