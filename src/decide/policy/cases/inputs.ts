import { compileSet } from "../compile-set.ts";
import { decide } from "../decide.ts";
import type { Decision, Input, PolicySet, SourceFile } from "../types.ts";

/** What the tests of this room decide about. */
export const ZONE: SourceFile = zoneFile("UTC");

export function zoneFile(timeZone: string): SourceFile {
  const text = `apiVersion: postern.dev/v1\nkind: PolicySet\nmetadata: { name: zone }\nspec: { timeZone: ${timeZone} }\n`;
  return { path: "zone.yaml", text };
}

/** Ada, an engineer with a managed device, at an internal application in staging. 2026-11-23 05:50 UTC, a Monday. */
export const ADA: Input = {
  type: "user",
  user: {
    id: "usr_ada",
    name: "ada",
    email: "ada@example.org",
    role: "engineer",
    groups: ["ops", "readers"],
    mfa_verified: true,
    mfa_age_hours: 1.5,
    approval_expiry_ns: 1_795_413_000_000_000_001n,
  },
  subject: { type: "user", id: "usr_ada", name: "ada", role: "engineer", groups: ["ops", "readers"] },
  device: {
    id: "dev_1",
    managed: true,
    posture: "compliant",
    compliance_score: 90,
    disk_encrypted: true,
    os_patched: true,
  },
  session: { id: "ses_1", age_hours: 2, idle_minutes: 3 },
  action: "read",
  resource: {
    name: "notes",
    kind: "application",
    classification: "internal",
    env: "staging",
    sensitivity_score: 40,
    labels: { owner: "ada", team: "ops" },
  },
  request: {
    method: "GET",
    path: "/plans",
    host: "notes.postern.localhost",
    source_ip: "127.0.0.1",
    user_agent: "test",
  },
  tls: { verified: false, version: "TLSv1.3" },
  context: { view_age_seconds: 1 },
  time: { now_ns: 1_795_413_000_000_000_000n },
};

export function setOf(rules: string, zone: SourceFile = ZONE): PolicySet {
  return compileSet([zone, { path: "a.rules", text: rules }]);
}

export function decideBy(rules: string, input: Input = ADA): Decision {
  return decide(input, setOf(rules), "dec_test");
}
