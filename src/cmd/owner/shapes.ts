import { z } from "zod";
import type {
  ApplicationItem,
  Applied,
  DecisionDetail,
  EventItem,
  Invited,
  Overview,
  Page,
  Person,
  PolicyActive,
  SessionItem,
  SetupLink,
} from "#api";
import { check, checkPage as page } from "./check.ts";
import { deployment } from "./deployment-shapes.ts";
import type { Check } from "./server-events.ts";

/**
 * What the command line reads of the API's answers. The instance that answers may be of another version than this
 * program (updated, not yet restarted), so answers are checked; members that we do not know are let through.
 */

/** The part of `T` that commands read. */
type Read<T, K extends keyof T> = Pick<T, K>;

const diagnostic = z.looseObject({
  code: z.string(),
  severity: z.enum(["error", "warning"]),
  file: z.string(),
  line: z.number(),
  column: z.number(),
  length: z.number(),
  message: z.string(),
  hint: z.string().exactOptional(),
});
const classification = z.enum(["public", "internal", "confidential", "restricted"]);

export type ApplicationRow = Read<
  ApplicationItem,
  "name" | "title" | "url" | "upstream" | "classification" | "source"
>;
const application: z.ZodType<ApplicationRow> = z.looseObject({
  name: z.string(),
  title: z.string(),
  url: z.string(),
  upstream: z.string(),
  classification,
  source: z.string(),
});

const person: z.ZodType<Person> = z.looseObject({
  id: z.string(),
  name: z.string(),
  displayName: z.string(),
  role: z.string(),
  groups: z.array(z.string()),
  disabled: z.boolean(),
  passkeys: z.number(),
  invitedUntil: z.number().exactOptional(),
  createdAt: z.number(),
});

export type SessionRow = Read<SessionItem, "id" | "user" | "createdAt" | "lastSeenAt" | "sourceIp" | "hosts">;
const session: z.ZodType<SessionRow> = z.looseObject({
  id: z.string(),
  user: z.looseObject({ id: z.string(), name: z.string(), displayName: z.string() }),
  createdAt: z.number(),
  lastSeenAt: z.number(),
  sourceIp: z.string().exactOptional(),
  hosts: z.array(z.string()),
});

const overview: z.ZodType<Overview> = z.looseObject({
  applications: z.number(),
  people: z.number(),
  sessions: z.number(),
  policy: z.looseObject({ version: z.string(), activation: z.number(), activatedAt: z.number() }),
  decisions: z.array(z.looseObject({ from: z.number(), allowed: z.number(), denied: z.number() })),
  components: deployment,
});

const applied: z.ZodType<Applied> = z.looseObject({
  version: z.string(),
  activation: z.number(),
  changed: z.boolean(),
  files: z.array(
    z.looseObject({ path: z.string(), change: z.enum(["added", "changed", "removed", "same"]) }),
  ),
  warnings: z.array(diagnostic),
});

export type PolicyShown = Read<
  PolicyActive,
  "version" | "activation" | "activatedAt" | "actor" | "timeZone" | "files"
>;
const policy: z.ZodType<PolicyShown> = z.looseObject({
  version: z.string(),
  activation: z.number(),
  activatedAt: z.number(),
  actor: z.string(),
  timeZone: z.string().exactOptional(),
  files: z.array(z.looseObject({ path: z.string(), text: z.string() })),
});

const ruleReference = { rule: z.string(), source: z.string() };
const decision = z.looseObject({
  id: z.string(),
  effect: z.enum(["allow", "deny", "step_up"]),
  version: z.string(),
  rules: z.array(z.looseObject(ruleReference)),
  reasons: z.array(z.looseObject({ ...ruleReference, message: z.string() })),
  obligations: z.record(z.string(), z.unknown()),
  failed: z
    .array(z.looseObject({ fact: z.string(), plain: z.string(), actual: z.string(), source: z.string() }))
    .exactOptional(),
});
const explanation = z.looseObject({
  decision,
  trace: z.array(
    z.looseObject({
      ...ruleReference,
      effect: z.enum(["allow", "deny"]),
      text: z.string(),
      fired: z.boolean(),
      steps: z.array(
        z.looseObject({
          source: z.string(),
          text: z.string(),
          result: z.enum(["true", "false", "undefined", "error"]),
          facts: z.array(z.looseObject({ fact: z.string(), value: z.string() })),
        }),
      ),
    }),
  ),
});
const decisionDetail: z.ZodType<DecisionDetail> = z.looseObject({
  item: z.looseObject({
    id: z.string(),
    time: z.number(),
    effect: z.enum(["allow", "deny", "step_up"]),
    subject: z.string().exactOptional(),
    resource: z.string(),
    action: z.string(),
    method: z.string().exactOptional(),
    path: z.string().exactOptional(),
    sourceIp: z.string().exactOptional(),
    reason: z.string(),
    status: z.number().exactOptional(),
    durationMs: z.number().exactOptional(),
  }),
  decision,
  input: z.unknown(),
  explanation: explanation.exactOptional(),
  event: z.unknown(),
});

const event: z.ZodType<EventItem> = z.looseObject({
  id: z.number(),
  time: z.number(),
  kind: z.string(),
  source: z.string(),
  event: z.unknown(),
});

export const checkApplication: Check<ApplicationRow> = check("an application", application);
export const checkApplications: Check<Page<ApplicationRow>> = page("applications", application);
export const checkPeople: Check<Page<Person>> = page("people", person);
export const checkSessions: Check<Page<SessionRow>> = page("sessions", session);
export const checkEvent: Check<EventItem> = check("an event", event);
export const checkEvents: Check<Page<EventItem>> = page("events", event);
export const checkOverview: Check<Overview> = check("the overview", overview);
export const checkApplied: Check<Applied> = check("the policy", applied);
export const checkPolicy: Check<PolicyShown> = check("the policy", policy);
export const checkDecision: Check<DecisionDetail> = check("a decision", decisionDetail);
export const checkInvited: Check<Invited> = check(
  "the invitation",
  z.looseObject({ person, url: z.string(), expiresAt: z.number() }),
);
export const checkSetupLink: Check<SetupLink> = check(
  "the setup link",
  z.looseObject({ url: z.string(), expiresAt: z.number() }),
);
/** For answers that are passed on as they are. */
export const checkNothing: Check<unknown> = (candidate) => candidate;
