/** Every built-in's implementation by name: one line a group. */
import { AGGREGATES } from "./aggregates.ts";
import { ARRAYS } from "./arrays.ts";
import type { Implementations } from "./builtin.ts";
import { COMPARISON } from "./comparison.ts";
import { HASHES } from "./hashes.ts";
import { JWT } from "./jwt/index.ts";
import { NUMBERS } from "./numbers.ts";
import { SETS } from "./sets.ts";
import { TYPES } from "./types.ts";

const GROUPS: readonly Implementations[] = [
  AGGREGATES,
  ARRAYS,
  COMPARISON,
  HASHES,
  JWT,
  NUMBERS,
  SETS,
  TYPES,
];

export const IMPLEMENTATIONS: ReadonlyMap<string, Implementations[string]> = new Map(
  GROUPS.flatMap((group) => Object.entries(group)),
);
