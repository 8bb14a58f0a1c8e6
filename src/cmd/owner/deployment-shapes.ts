/** What the command line reads of the API's answers about the parts of the instance. */
import { z } from "zod";
import type {
  AuthorityStatus,
  Component,
  Deployment,
  DeploymentFinding,
  MemberRevoked,
  MemberToken,
  MemberTokenItem,
  Page,
} from "#api";
import { check, checkPage } from "./check.ts";
import type { Check } from "./server-events.ts";

const role = z.enum(["gateway", "agent"]);

const node: z.ZodType<Deployment["controls"][number]> = z.looseObject({
  name: z.string(),
  version: z.string(),
  boot: z.string(),
  url: z.string().exactOptional(),
  startedAt: z.number(),
  lastSeenAt: z.number(),
  live: z.boolean(),
  number: z.number(),
  self: z.boolean(),
});

const component: z.ZodType<Component> = z.looseObject({
  role,
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
  joinedAt: z.number().exactOptional(),
  revokedAt: z.number().exactOptional(),
  version: z.string().exactOptional(),
  hostname: z.string().exactOptional(),
  osRelease: z.string().exactOptional(),
  connectedSince: z.number().exactOptional(),
  lastSeenAt: z.number().exactOptional(),
  node: z.string().exactOptional(),
  address: z.string().exactOptional(),
  reportedAt: z.number().exactOptional(),
  viewAgeSeconds: z.number().exactOptional(),
  lag: z.number().exactOptional(),
  skewSeconds: z.number().exactOptional(),
  blocked: z.string().exactOptional(),
  liveConnections: z.number().exactOptional(),
  unshippedRecords: z.number().exactOptional(),
  certificate: z.looseObject({ serial: z.string(), notAfter: z.number() }).exactOptional(),
  clone: z.looseObject({ since: z.number(), addresses: z.array(z.string()) }).exactOptional(),
});

const finding: z.ZodType<DeploymentFinding> = z.looseObject({
  severity: z.enum(["error", "warning"]),
  about: z.looseObject({ role: z.enum(["control", "gateway", "agent"]), name: z.string() }).exactOptional(),
  message: z.string(),
  at: z.number().exactOptional(),
  remedy: z.string(),
});

export const deployment: z.ZodType<Deployment> = z.looseObject({
  controls: z.array(node),
  gateways: z.array(component),
  agents: z.array(component),
  findings: z.array(finding),
});

const memberToken: z.ZodType<MemberToken> = z.looseObject({
  role,
  name: z.string(),
  token: z.string(),
  command: z.string(),
  expiresAt: z.number(),
  pin: z.string(),
  urls: z.array(z.string()),
  replaces: z.boolean(),
});

const tokenItem: z.ZodType<MemberTokenItem> = z.looseObject({
  role,
  name: z.string(),
  createdAt: z.number(),
  createdBy: z.string(),
  expiresAt: z.number(),
  usedAt: z.number().exactOptional(),
});

const authority: z.ZodType<AuthorityStatus> = z.looseObject({
  trustDomain: z.string(),
  pin: z.string(),
  phase: z.enum(["steady", "published", "members", "control"]),
  since: z.number(),
  waitingFor: z.array(z.string()),
  authorities: z.array(z.looseObject({ id: z.string(), notAfter: z.number() })),
});

export const checkDeployment: Check<Deployment> = check("the deployment", deployment);
export const checkMemberToken: Check<MemberToken> = check("the token", memberToken);
export const checkMemberTokens: Check<Page<MemberTokenItem>> = checkPage("the tokens", tokenItem);
export const checkRevoked: Check<MemberRevoked> = check(
  "the revocation",
  z.looseObject({ role, name: z.string(), revokedAt: z.number() }),
);
export const checkAuthority: Check<AuthorityStatus> = check("the authority", authority);
