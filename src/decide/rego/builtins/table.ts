/** Every built-in's implementation by name: one line a group. */
import { AGGREGATES } from "./aggregates.ts";
import { ARRAYS } from "./arrays.ts";
import { AWS } from "./aws.ts";
import { BITS } from "./bits.ts";
import type { Implementations } from "./builtin.ts";
import { COMPARISON } from "./comparison.ts";
import { ENCODING } from "./encoding.ts";
import { GLOB } from "./glob.ts";
import { GRAPHQL } from "./graphql.ts";
import { GRAPHS } from "./graphs.ts";
import { HASHES } from "./hashes.ts";
import { HTTP } from "./http.ts";
import { JSON_DOCUMENTS } from "./json-documents.ts";
import { JSON_SCHEMA } from "./json-schema.ts";
import { JSON_TEXT } from "./json-text.ts";
import { JWT } from "./jwt/index.ts";
import { MODULES } from "./modules.ts";
import { NET } from "./net.ts";
import { NUMBERS } from "./numbers.ts";
import { REGEX } from "./regex.ts";
import { RUNTIME } from "./runtime.ts";
import { SEMVER } from "./semver.ts";
import { SETS } from "./sets.ts";
import { SPRINTF } from "./sprintf.ts";
import { STRINGS } from "./strings.ts";
import { TEMPLATE } from "./template.ts";
import { TEMPLATES } from "./templates.ts";
import { TESTING } from "./testing.ts";
import { TIME } from "./time.ts";
import { TYPES } from "./types.ts";
import { UNITS } from "./units.ts";
import { URI } from "./uri.ts";
import { UUID } from "./uuid.ts";
import { X509 } from "./x509.ts";
import { YAML } from "./yaml.ts";

const GROUPS: readonly Implementations[] = [
  AGGREGATES,
  ARRAYS,
  AWS,
  BITS,
  COMPARISON,
  ENCODING,
  GRAPHQL,
  GRAPHS,
  HASHES,
  HTTP,
  JSON_DOCUMENTS,
  JSON_SCHEMA,
  JSON_TEXT,
  JWT,
  TIME,
  REGEX,
  GLOB,
  MODULES,
  NET,
  RUNTIME,
  SEMVER,
  UUID,
  URI,
  YAML,
  NUMBERS,
  SETS,
  SPRINTF,
  TEMPLATE,
  TEMPLATES,
  STRINGS,
  TESTING,
  TYPES,
  UNITS,
  X509,
];

export const IMPLEMENTATIONS: ReadonlyMap<string, Implementations[string]> = new Map(
  GROUPS.flatMap((group) => Object.entries(group)),
);
