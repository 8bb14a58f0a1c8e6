import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { PosternError, parseJson } from "#kernel";

/** Where the outside cases stand beside a checkout of this project. */
export const OCSF_FOLDER: string = fileURLToPath(
  new URL("../../../shared/conformance/ocsf", import.meta.url),
);

const FILE = "schema_v1.8.0.json";

/** An attribute of a class or an object, as the compiled schema describes it. */
export interface Attribute {
  readonly type: string;
  readonly requirement: "required" | "recommended" | "optional";
  /** The attribute belongs to these profiles, and is allowed only in an event that names one of them. */
  readonly profiles?: readonly string[] | null | undefined;
  readonly is_array?: boolean | undefined;
  readonly object_type?: string | undefined;
  /** Allowed values, by their text, with their captions. */
  readonly enum?: { readonly [value: string]: { readonly caption: string } } | undefined;
  /** The attribute that holds this one's caption. */
  readonly sibling?: string | undefined;
  readonly "@deprecated"?: unknown;
}

/** A class of events, or an object inside them. */
export interface Shape {
  readonly attributes: { readonly [name: string]: Attribute };
  readonly constraints?:
    | {
        readonly at_least_one?: readonly string[] | undefined;
        readonly just_one?: readonly string[] | undefined;
      }
    | undefined;
  readonly profiles?: readonly string[] | null | undefined;
  readonly uid?: number | undefined;
}

/** A data type of the dictionary; `type` names the one that it narrows. */
export interface DataType {
  readonly type?: string | undefined;
  readonly regex?: string | undefined;
  readonly max_len?: number | undefined;
  readonly range?: readonly number[] | undefined;
}

export interface OcsfSchema {
  readonly version: string;
  readonly classes: { readonly [name: string]: Shape };
  readonly objects: { readonly [name: string]: Shape };
  readonly dictionary: { readonly types: { readonly attributes: { readonly [name: string]: DataType } } };
}

const shape: z.ZodType<Shape> = z.object({
  attributes: z.record(
    z.string(),
    z.object({
      type: z.string(),
      requirement: z.enum(["required", "recommended", "optional"]),
      profiles: z.array(z.string()).nullish(),
      is_array: z.boolean().optional(),
      object_type: z.string().optional(),
      enum: z.record(z.string(), z.object({ caption: z.string() })).optional(),
      sibling: z.string().optional(),
      "@deprecated": z.unknown().optional(),
    }),
  ),
  constraints: z
    .object({ at_least_one: z.array(z.string()).optional(), just_one: z.array(z.string()).optional() })
    .optional(),
  profiles: z.array(z.string()).nullish(),
  uid: z.number().optional(),
});

const SCHEMA: z.ZodType<OcsfSchema> = z.object({
  version: z.literal("1.8.0"),
  classes: z.record(z.string(), shape),
  objects: z.record(z.string(), shape),
  dictionary: z.object({
    types: z.object({
      attributes: z.record(
        z.string(),
        z.object({
          type: z.string().optional(),
          regex: z.string().optional(),
          max_len: z.number().optional(),
          range: z.array(z.number()).length(2).optional(),
        }),
      ),
    }),
  }),
});

/**
 * Reads the compiled OCSF 1.8.0 schema from its file, or from the folder that holds it.
 * @throws PosternError `not_found` or `input.invalid`
 */
export function loadSchema(path: string): OcsfSchema {
  let text: string;
  try {
    text = readFileSync(statSync(path).isDirectory() ? join(path, FILE) : path, "utf8");
  } catch (cause) {
    throw new PosternError("not_found", `no OCSF schema (${FILE}) here`, { where: path, cause });
  }
  const parsed = SCHEMA.safeParse(parseJson(text, FILE));
  if (!parsed.success)
    throw new PosternError("input.invalid", "not the compiled OCSF 1.8.0 schema", {
      where: path,
      cause: parsed.error,
    });
  return parsed.data;
}
