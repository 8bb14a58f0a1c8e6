/** Answers of the API about a large deployment on a bad day, for looking at how the console shows one. */
import type { AuthorityStatus, Component, Deployment } from "#api";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export function troubledDeployment(now: number): Deployment {
  const well: Omit<Component, "role" | "name"> = {
    state: "joined",
    condition: "well",
    version: "0.1.0",
    joinedAt: now - 9 * DAY,
    connectedSince: now - 3 * HOUR,
    lastSeenAt: now - 2_000,
    node: "control-a",
    address: "192.0.2.11",
    reportedAt: now - 2_000,
    viewAgeSeconds: 0.42,
    lag: 0,
    skewSeconds: 0.02,
    liveConnections: 132,
    unshippedRecords: 3,
    certificate: { serial: "5f1e0a9b33c2d4e6f7a8b9c0d1e2f304", notAfter: now + 17 * HOUR },
  };
  const { connectedSince: _, ...gone } = well;
  const node = { version: "0.1.0", boot: "boot_1", number: 4_120 };
  return {
    controls: [
      {
        ...node,
        name: "control-a",
        url: "https://control-a.example.net:7443",
        startedAt: now - 4 * DAY,
        lastSeenAt: now,
        live: true,
        self: true,
      },
      {
        ...node,
        name: "control-b",
        url: "https://control-b.example.net:7443",
        startedAt: now - 2 * DAY,
        lastSeenAt: now - 42 * MINUTE,
        live: false,
        self: false,
      },
    ],
    gateways: [
      { ...well, role: "gateway", name: "edge-1" },
      { ...well, role: "gateway", name: "edge-2", condition: "stale", viewAgeSeconds: 43.2, lag: 118 },
      {
        ...well,
        role: "gateway",
        name: "edge-3",
        condition: "cloned",
        clone: { since: now - 11 * MINUTE, addresses: ["192.0.2.13", "198.51.100.77"] },
      },
      {
        ...well,
        role: "gateway",
        name: "edge-frankfurt-with-a-rather-long-name-4",
        condition: "blocked",
        blocked: "change 4101: unknown kind seal",
        viewAgeSeconds: 301,
      },
      { ...gone, role: "gateway", name: "edge-5", condition: "away", lastSeenAt: now - 2 * DAY },
      {
        ...gone,
        role: "gateway",
        name: "edge-6",
        state: "revoked",
        condition: "revoked",
        revokedAt: now - DAY,
      },
    ],
    agents: [
      { ...well, role: "agent", name: "web-1", hostname: "web-1.example.net", osRelease: "6.12.0" },
      { ...well, role: "agent", name: "web-2", condition: "skewed", skewSeconds: -12 },
    ],
    findings: [
      {
        severity: "error",
        about: { role: "gateway", name: "edge-2" },
        message:
          "what gateway edge-2 knows is 43 s old, 118 changes behind, and it denies what needs fresher",
        remedy:
          "see the network between it and control, and the load of both; on its machine: postern doctor",
      },
      {
        severity: "error",
        about: { role: "gateway", name: "edge-3" },
        message: "the certificate of gateway edge-3 is used from two places (192.0.2.13, 198.51.100.77)",
        at: now - 11 * MINUTE,
        remedy:
          "shut both out: postern gateway revoke edge-3; then join the true one again: postern gateway token edge-3",
      },
      {
        severity: "error",
        about: { role: "gateway", name: "edge-frankfurt-with-a-rather-long-name-4" },
        message:
          "gateway edge-frankfurt-with-a-rather-long-name-4 takes no more changes, and denies once its bounds have passed: change 4101: unknown kind seal",
        remedy: "update it to the version of control, and start it again",
      },
      {
        severity: "warning",
        about: { role: "control", name: "control-b" },
        message: "control node control-b has not been heard of",
        at: now - 42 * MINUTE,
        remedy: "start it again; one that is gone for good leaves this list after a day",
      },
      {
        severity: "warning",
        about: { role: "gateway", name: "edge-5" },
        message: "gateway edge-5 is not connected",
        at: now - 2 * DAY,
        remedy: "start it there: postern gateway run; if it is gone for good: postern gateway revoke edge-5",
      },
      {
        severity: "warning",
        about: { role: "agent", name: "web-2" },
        message: "the clock of agent web-2 and control's are 12 s apart",
        remedy: "see the time service of both machines, such as: chronyc tracking",
      },
    ],
  };
}

export function rotatingAuthority(now: number): AuthorityStatus {
  return {
    trustDomain: "apps.example.com",
    pin: `sha256:${"94dfb1e7".repeat(8)}`,
    phase: "members",
    since: now - MINUTE,
    waitingFor: [
      "gateway edge-5 to come with a certificate of it, or its old one to end at 2026-11-24T09:56:43.000Z",
    ],
    authorities: [
      { id: "8b6fd87f".repeat(8), notAfter: now + 200 * DAY },
      { id: "dba760fa".repeat(8), notAfter: now + 365 * DAY },
    ],
  };
}
