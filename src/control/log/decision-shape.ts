import { z } from "zod";
import type { Decision } from "#policy";

const REFERENCE = { rule: z.string(), source: z.string() };

/** A decision as it stands in an event, under `unmapped.postern.decision`. */
export const DECISION: z.ZodType<Decision> = z
  .object({
    id: z.string().min(1),
    effect: z.enum(["allow", "deny", "step_up"]),
    version: z.string(),
    rules: z.array(z.object(REFERENCE)),
    reasons: z.array(z.object({ ...REFERENCE, message: z.string() })),
    obligations: z.record(z.string(), z.unknown()),
    failed: z
      .array(z.object({ fact: z.string(), plain: z.string(), actual: z.string(), source: z.string() }))
      .optional(),
    trust: z
      .object({
        score: z.number(),
        required: z.number(),
        factors: z.array(
          z.object({ name: z.string(), weight: z.number(), contribution: z.number(), source: z.string() }),
        ),
      })
      .optional(),
  })
  .transform(({ failed, trust, ...rest }) => ({
    ...rest,
    ...(failed === undefined ? {} : { failed }),
    ...(trust === undefined ? {} : { trust }),
  }));
