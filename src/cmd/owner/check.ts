import { z } from "zod";
import type { Page } from "#api";
import { PosternError } from "#kernel";
import type { Check } from "./server-events.ts";

/** Checks an answer of the API against its shape. */
export function check<T>(what: string, schema: z.ZodType<T>): Check<T> {
  return (candidate) => {
    const result = schema.safeParse(candidate);
    if (result.success) return result.data;
    const [issue] = result.error.issues;
    throw new PosternError("input.invalid", `Postern's answer about ${what} is of another shape`, {
      where: `${issue?.path.join(".") ?? ""}: ${issue?.message ?? ""}`,
      remedy: "restart Postern, so that both are of one version",
      cause: result.error,
    });
  };
}

/** Checks one page of a list. */
export function checkPage<T>(what: string, item: z.ZodType<T>): Check<Page<T>> {
  return check(what, z.looseObject({ items: z.array(item), next: z.string().exactOptional() }));
}
