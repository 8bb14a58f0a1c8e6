import { ocsfSuite } from "./ocsf/suite.ts";
import { regoSuite } from "./rego/suite.ts";
import type { Suite } from "./suite.ts";

/** The suites by name. */
export const SUITES: ReadonlyMap<string, Suite> = new Map<string, Suite>([
  ["ocsf", ocsfSuite],
  ["rego", regoSuite],
]);
