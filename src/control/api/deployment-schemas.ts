/** The forms of `deployment-types.ts` for checks at run time and for the API's documentation. */
import { z } from "@hono/zod-openapi";
import type {
  AuthorityStatus,
  Component,
  CreateMemberToken,
  Deployment,
  DeploymentFinding,
  MemberRevoked,
  MemberToken,
  MemberTokenItem,
} from "./deployment-types.ts";
import type { MemberRole, NodeItem } from "./shapes.ts";

const moment = z.number().int().nonnegative().openapi({ description: "Milliseconds since the Unix epoch" });
const whole = z.number().int().nonnegative();
const pin = z
  .string()
  .openapi({ description: "`sha256:` and the hash of the authority's public key, in hex" });
export const MEMBER_ROLE: z.ZodType<MemberRole> = z.enum(["gateway", "agent"]);

const node: z.ZodType<NodeItem> = z
  .object({
    name: z.string(),
    version: z.string(),
    boot: z.string(),
    url: z.string().exactOptional(),
    startedAt: moment,
    lastSeenAt: moment,
    live: z.boolean(),
    number: whole.openapi({ description: "Head of the change log as this node last read it" }),
    self: z.boolean().openapi({ description: "The node that answers" }),
  })
  .openapi("ControlNode");

const component: z.ZodType<Component> = z
  .object({
    role: MEMBER_ROLE,
    name: z.string(),
    state: z.enum(["joined", "revoked", "local"]),
    condition: z.enum([
      "revoked",
      "cloned",
      "expected",
      "away",
      "blocked",
      "silent",
      "stale",
      "skewed",
      "well",
    ]),
    joinedAt: moment.exactOptional(),
    revokedAt: moment.exactOptional(),
    version: z.string().exactOptional(),
    hostname: z.string().exactOptional(),
    osRelease: z.string().exactOptional(),
    connectedSince: moment.exactOptional(),
    lastSeenAt: moment.exactOptional(),
    node: z.string().exactOptional(),
    address: z.string().exactOptional(),
    reportedAt: moment.exactOptional(),
    viewAgeSeconds: z.number().exactOptional(),
    lag: whole.exactOptional(),
    skewSeconds: z.number().exactOptional(),
    blocked: z.string().exactOptional(),
    liveConnections: whole.exactOptional(),
    unshippedRecords: whole.exactOptional(),
    certificate: z.object({ serial: z.string(), notAfter: moment }).exactOptional(),
    clone: z.object({ since: moment, addresses: z.array(z.string()) }).exactOptional(),
  })
  .openapi("Component");

const finding: z.ZodType<DeploymentFinding> = z
  .object({
    severity: z.enum(["error", "warning"]),
    about: z.object({ role: z.enum(["control", "gateway", "agent"]), name: z.string() }).exactOptional(),
    message: z.string(),
    at: moment.exactOptional(),
    remedy: z.string(),
  })
  .openapi("DeploymentFinding");

export const DEPLOYMENT: z.ZodType<Deployment> = z
  .object({
    controls: z.array(node),
    gateways: z.array(component),
    agents: z.array(component),
    findings: z.array(finding),
  })
  .openapi("Deployment");

export const CREATE_MEMBER_TOKEN: z.ZodType<CreateMemberToken> = z
  .strictObject({ role: MEMBER_ROLE, name: z.string().min(1).max(63) })
  .openapi("CreateMemberToken");

export const MEMBER_TOKEN: z.ZodType<MemberToken> = z
  .object({
    role: MEMBER_ROLE,
    name: z.string(),
    token: z.string(),
    command: z.string(),
    expiresAt: moment,
    pin,
    urls: z.array(z.string()),
    replaces: z.boolean(),
  })
  .openapi("MemberToken");

export const MEMBER_TOKEN_ITEM: z.ZodType<MemberTokenItem> = z
  .object({
    role: MEMBER_ROLE,
    name: z.string(),
    createdAt: moment,
    createdBy: z.string(),
    expiresAt: moment,
    usedAt: moment.exactOptional(),
  })
  .openapi("MemberTokenItem");

export const MEMBER_REVOKED: z.ZodType<MemberRevoked> = z
  .object({ role: MEMBER_ROLE, name: z.string(), revokedAt: moment })
  .openapi("MemberRevoked");

export const AUTHORITY_STATUS: z.ZodType<AuthorityStatus> = z
  .object({
    trustDomain: z.string(),
    pin,
    phase: z.enum(["steady", "published", "members", "control"]),
    since: moment,
    waitingFor: z.array(z.string()),
    authorities: z.array(z.object({ id: z.string(), notAfter: moment })),
  })
  .openapi("Authority");
