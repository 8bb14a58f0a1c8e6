import type { z } from "zod";
import { PROBLEM } from "../schemas.ts";

/** Body and problem of a route, for its documentation. */
export function answers<T>(
  description: string,
  schema: z.ZodType<T>,
): {
  200: { description: string; content: { "application/json": { schema: z.ZodType<T> } } };
  default: { description: string; content: { "application/problem+json": { schema: typeof PROBLEM } } };
} {
  return {
    200: { description, content: { "application/json": { schema } } },
    default: {
      description: "What went wrong (RFC 9457)",
      content: { "application/problem+json": { schema: PROBLEM } },
    },
  };
}

/** A JSON body that a route cannot do without. */
export function body<T>(schema: z.ZodType<T>): {
  required: true;
  content: { "application/json": { schema: z.ZodType<T> } };
} {
  return { required: true, content: { "application/json": { schema } } };
}

/** The body of a request that says everything by its path: none, or an empty object. */
export function noBody(schema: z.ZodType<object>): {
  required: false;
  content: { "application/json": { schema: z.ZodType<object> } };
} {
  return { required: false, content: { "application/json": { schema } } };
}
