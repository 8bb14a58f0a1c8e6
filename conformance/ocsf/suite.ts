import type { Case } from "../suite.ts";
import { samples } from "./samples.ts";
import { readSchema } from "./schema.ts";
import { validateOcsf } from "./validate.ts";

/** Our own events, each held to the compiled OCSF schema in `folder`. @throws PosternError `not_found` or `input.invalid` */
export function ocsfSuite(folder: string): readonly Case[] {
  const schema = readSchema(folder);
  return samples().map(({ name, event }) => ({
    name,
    findings: validateOcsf(event, schema).map(({ path, rule, message }) => `${path}: ${rule}: ${message}`),
  }));
}
