import type { Case } from "../suite.ts";
import { samples } from "./samples.ts";
import { loadSchema } from "./schema.ts";
import { validateOcsf } from "./validate.ts";

/** Our own events, each held to the compiled OCSF schema in `folder`. @throws PosternError `not_found` or `input.invalid` */
export function ocsfSuite(folder: string): readonly Case[] {
  const schema = loadSchema(folder);
  return samples().map(({ name, event }) => ({
    name,
    findings: validateOcsf(schema, event).map(({ path, code, message }) => `${path}: ${code}: ${message}`),
  }));
}
