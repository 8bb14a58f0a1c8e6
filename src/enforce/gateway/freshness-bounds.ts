import type { Classification } from "#policy";

/** The bound on the age of the view, in seconds (DESIGN: "State: the change log and the views"). Beyond it everything is denied. */
export const FRESHNESS: { readonly [classification in Classification]: number } = {
  public: 300,
  internal: 300,
  confidential: 60,
  restricted: 10,
};
