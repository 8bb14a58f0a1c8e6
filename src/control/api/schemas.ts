/** The forms of `types.ts` for checks at run time and for the API's documentation. Long because it is a table of forms. */
import { z } from "@hono/zod-openapi";
import type { EventKind } from "#events";
import { CLASSIFICATIONS } from "#policy";
import { DEPLOYMENT, MEMBER_TOKEN_ITEM } from "./deployment-schemas.ts";
import type { MemberTokenItem } from "./deployment-types.ts";
import type {
  AddApplication,
  ApplicationItem,
  Applied,
  Apply,
  DecisionDetail,
  DecisionItem,
  EventItem,
  Invite,
  Invited,
  Me,
  Overview,
  Page,
  Person,
  PolicyActive,
  PolicyVersionItem,
  Problem,
  SessionItem,
  SetupLink,
} from "./types.ts";

/** No list gives more at a time. */
export const MOST = 200;
/** What fills a screen. */
export const SCREEN = 50;

const text = (most: number): z.ZodString => z.string().min(1).max(most);
const moment = z.number().int().nonnegative().openapi({ description: "Milliseconds since the Unix epoch" });
const effect = z.enum(["allow", "deny", "step_up"]);
const wholeText = z.string().regex(/^\d{1,15}$/);

const diagnostic = z.object({
  code: z.string(),
  severity: z.enum(["error", "warning"]),
  file: z.string(),
  line: z.number().int(),
  column: z.number().int(),
  length: z.number().int(),
  message: z.string(),
  hint: z.string().exactOptional(),
});
const reference = { rule: z.string(), source: z.string().openapi({ example: "policy.rules:12" }) };
const sourceFile = z.strictObject({ path: text(255), text: z.string() });

export const PROBLEM: z.ZodType<Problem> = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    detail: z.string().exactOptional(),
    code: z.string().openapi({ description: "Stable error code" }),
    decision: z.string().exactOptional(),
    remedy: z.string().exactOptional(),
    where: z.string().exactOptional(),
    diagnostics: z.array(diagnostic.extend({ rendered: z.string().exactOptional() })).exactOptional(),
  })
  .openapi("Problem");

export const ME: z.ZodType<Me> = z
  .object({
    id: z.string(),
    name: z.string(),
    displayName: z.string(),
    role: z.string(),
    session: z.string().exactOptional(),
    csrf: z.string(),
    loginOrigin: z.string(),
    version: z.string(),
  })
  .openapi("Me");

export const OVERVIEW: z.ZodType<Overview> = z
  .object({
    applications: z.number().int(),
    people: z.number().int(),
    sessions: z.number().int(),
    policy: z.object({ version: z.string(), activation: z.number().int(), activatedAt: moment }),
    decisions: z.array(z.object({ from: moment, allowed: z.number().int(), denied: z.number().int() })),
    components: DEPLOYMENT,
  })
  .openapi("Overview");

export const APPLICATION: z.ZodType<ApplicationItem> = z
  .object({
    name: z.string(),
    title: z.string(),
    description: z.string().exactOptional(),
    url: z.string(),
    upstream: z.string(),
    classification: z.enum(CLASSIFICATIONS),
    env: z.string().exactOptional(),
    source: z.string(),
  })
  .openapi("Application");

export const ADD_APPLICATION: z.ZodType<AddApplication> = z
  .strictObject({
    name: text(63),
    upstream: text(2_048),
    classification: z.enum(CLASSIFICATIONS),
    title: text(200).exactOptional(),
    env: text(200).exactOptional(),
    pathPrefix: text(1_000).exactOptional(),
  })
  .openapi("AddApplication");

const decisionItem: z.ZodType<DecisionItem> = z
  .object({
    id: z.string(),
    time: moment,
    effect,
    subject: z.string().exactOptional(),
    resource: z.string(),
    action: z.string(),
    method: z.string().exactOptional(),
    path: z.string().exactOptional(),
    sourceIp: z.string().exactOptional(),
    reason: z.string(),
    status: z.number().int().exactOptional(),
    durationMs: z.number().exactOptional(),
  })
  .openapi("DecisionItem");

const decision = z.object({
  id: z.string(),
  effect,
  version: z.string(),
  rules: z.array(z.object(reference)),
  reasons: z.array(z.object({ ...reference, message: z.string() })),
  obligations: z.record(z.string(), z.unknown()),
  trust: z
    .object({
      score: z.number(),
      required: z.number(),
      factors: z.array(
        z.object({ name: z.string(), weight: z.number(), contribution: z.number(), source: z.string() }),
      ),
    })
    .exactOptional(),
  failed: z
    .array(z.object({ fact: z.string(), plain: z.string(), actual: z.string(), source: z.string() }))
    .exactOptional(),
});
const traceStep = z.object({
  source: z.string(),
  text: z.string(),
  result: z.enum(["true", "false", "undefined", "error"]),
  facts: z.array(z.object({ fact: z.string(), value: z.string() })),
});
const ruleTrace = z.object({
  ...reference,
  effect: z.enum(["allow", "deny"]),
  text: z.string(),
  fired: z.boolean(),
  steps: z.array(traceStep),
});

export const DECISION_DETAIL: z.ZodType<DecisionDetail> = z
  .object({
    item: decisionItem,
    decision,
    input: z.unknown(),
    explanation: z.object({ decision, trace: z.array(ruleTrace) }).exactOptional(),
    event: z.unknown(),
  })
  .openapi("DecisionDetail");

const event: z.ZodType<EventItem> = z
  .object({
    id: z.number().int(),
    time: moment,
    kind: z.string(),
    source: z.string(),
    event: z.unknown().openapi({ description: "OCSF 1.8.0" }),
  })
  .openapi("Event");

export const PERSON: z.ZodType<Person> = z
  .object({
    id: z.string(),
    name: z.string(),
    displayName: z.string(),
    role: z.string(),
    groups: z.array(z.string()),
    disabled: z.boolean(),
    passkeys: z.number().int(),
    invitedUntil: moment.exactOptional(),
    createdAt: moment,
  })
  .openapi("Person");

export const INVITE: z.ZodType<Invite> = z
  .strictObject({
    name: text(64),
    displayName: text(200).exactOptional(),
    role: text(64).exactOptional(),
    groups: z.array(text(64)).max(100).exactOptional(),
  })
  .openapi("Invite");

export const INVITED: z.ZodType<Invited> = z
  .object({ person: PERSON, url: z.string(), expiresAt: moment })
  .openapi("Invited");

const session: z.ZodType<SessionItem> = z
  .object({
    id: z.string(),
    user: z.object({ id: z.string(), name: z.string(), displayName: z.string() }),
    createdAt: moment,
    authenticatedAt: moment,
    lastSeenAt: moment,
    idleExpiresAt: moment,
    absoluteExpiresAt: moment,
    sourceIp: z.string().exactOptional(),
    userAgent: z.string().exactOptional(),
    hosts: z.array(z.string()),
    current: z.boolean(),
  })
  .openapi("Session");

export const POLICY: z.ZodType<PolicyActive> = z
  .object({
    version: z.string(),
    activation: z.number().int(),
    activatedAt: moment,
    actor: z.string(),
    timeZone: z.string().exactOptional(),
    files: z.array(sourceFile),
    rules: z.array(z.object({ ...reference, effect: z.enum(["allow", "deny"]), text: z.string() })),
    warnings: z.array(diagnostic),
  })
  .openapi("Policy");

const policyVersion: z.ZodType<PolicyVersionItem> = z
  .object({ version: z.string(), activation: z.number().int(), at: moment, actor: z.string() })
  .openapi("PolicyVersion");

export const APPLY: z.ZodType<Apply> = z
  .strictObject({ files: z.array(sourceFile).max(10_000), mode: z.enum(["merge", "replace"]) })
  .openapi("Apply");

export const APPLIED: z.ZodType<Applied> = z
  .object({
    version: z.string(),
    activation: z.number().int(),
    changed: z.boolean(),
    files: z.array(z.object({ path: z.string(), change: z.enum(["added", "changed", "removed", "same"]) })),
    warnings: z.array(diagnostic),
  })
  .openapi("Applied");

export const SETUP_LINK: z.ZodType<SetupLink> = z
  .object({ url: z.string(), expiresAt: moment })
  .openapi("SetupLink");

/** Of a request that says everything by its path. */
export const NOTHING: z.ZodType<object> = z.strictObject({});

function page<T>(item: z.ZodType<T>): z.ZodType<Page<T>> {
  return z.object({ items: z.array(item), next: z.string().exactOptional() });
}
export const APPLICATIONS: z.ZodType<Page<ApplicationItem>> = page(APPLICATION);
export const DECISIONS: z.ZodType<Page<DecisionItem>> = page(decisionItem);
export const EVENTS: z.ZodType<Page<EventItem>> = page(event);
export const PEOPLE: z.ZodType<Page<Person>> = page(PERSON);
export const SESSIONS: z.ZodType<Page<SessionItem>> = page(session);
export const MEMBER_TOKENS: z.ZodType<Page<MemberTokenItem>> = page(MEMBER_TOKEN_ITEM);
export const VERSIONS: z.ZodType<Page<PolicyVersionItem>> = page(policyVersion);

/** Members of queries: names and ids, numbers as they stand in an address, and how many of a list are wanted. */
export const NAME: z.ZodType<string> = text(200);
export const CURSOR: z.ZodType<string> = wholeText;
export const WHOLE: z.ZodType<number> = wholeText.transform(Number);
export const KIND: z.ZodType<EventKind> = z.enum([
  "decision",
  "completion",
  "login",
  "administration",
  "component",
]);
export const EFFECT: z.ZodType<DecisionItem["effect"]> = effect;

/** @param usual how many a list gives that nobody asked for a number of */
export function limit(usual: number): z.ZodType<number> {
  return z.coerce.number().int().min(1).max(MOST).default(usual);
}
