import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { MemberItem, NodeItem } from "#members";
import { deploymentOf } from "./deployment.ts";
import type { Deployment } from "./index.ts";

const NOW = Date.UTC(2026, 2, 4, 10, 30);
const SECOND = 1_000;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

const EDGE: MemberItem = {
  role: "gateway",
  name: "edge-1",
  state: "joined",
  joinedAt: NOW - DAY,
  version: "0.1.0",
  connectedSince: NOW - HOUR,
  lastSeenAt: NOW - SECOND,
  node: "control-a",
  reportedAt: NOW - 2 * SECOND,
  viewAgeSeconds: 0.4,
  lag: 0,
  skewSeconds: 0.01,
  liveConnections: 3,
  unshippedRecords: 0,
  certificate: { serial: "a1", notAfter: NOW + 18 * HOUR },
};
const NODE: NodeItem = {
  name: "control-a",
  version: "0.1.0",
  boot: "boot_a",
  url: "https://control-a.example.net:7443",
  startedAt: NOW - DAY,
  lastSeenAt: NOW - SECOND,
  live: true,
  number: 40,
  self: true,
};
const ROTATION = { phase: "steady", authorities: [{ id: "aa", notAfter: NOW + 300 * DAY }] } as const;

/** A deployment of one gateway that is as the first one, but for this. */
function withEdge(changes: Partial<MemberItem>, without: readonly (keyof MemberItem)[] = []): Deployment {
  const edge = Object.fromEntries(
    Object.entries({ ...EDGE, ...changes }).filter(([name]) => !without.some((each) => each === name)),
  ) as unknown;
  const standby = { ...EDGE, name: "edge-0" };
  return deploymentOf({ members: [standby, edge as MemberItem], nodes: [NODE], rotation: ROTATION }, NOW);
}

function said({ findings }: Deployment): string[] {
  return findings.map(({ severity, message }) => `${severity}: ${message}`);
}

function conditionOf({ gateways }: Deployment): string | undefined {
  return gateways.find(({ name }) => name === "edge-1")?.condition;
}

test("a deployment that is well has nothing to say", () => {
  const deployment = withEdge({});
  assert.equal(conditionOf(deployment), "well");
  assert.deepEqual(said(deployment), []);
  assert.deepEqual(deployment.controls, [NODE]);
  assert.deepEqual(deployment.agents, []);
});

test("gateways and agents are told apart", () => {
  const host: MemberItem = { ...EDGE, role: "agent", name: "host-1" };
  const { gateways, agents } = deploymentOf(
    { members: [host, EDGE], nodes: [NODE], rotation: ROTATION },
    NOW,
  );
  assert.deepEqual(
    [gateways.map(({ name }) => name), agents.map(({ name }) => name)],
    [["edge-1"], ["host-1"]],
  );
});

describe("a gateway", () => {
  const cases: readonly (readonly [
    what: string,
    changes: Partial<MemberItem>,
    without: readonly (keyof MemberItem)[],
    condition: string,
    findings: readonly RegExp[],
  ])[] = [
    [
      "in two places",
      { clone: { since: NOW - HOUR, addresses: ["192.0.2.1", "198.51.100.7"] } },
      [],
      "cloned",
      [
        /^error: the certificate of gateway edge-1 is used from two places \(192\.0\.2\.1, 198\.51\.100\.7\)$/,
      ],
    ],
    [
      "in two places and away",
      { clone: { since: NOW - HOUR, addresses: [] } },
      ["connectedSince"],
      "cloned",
      [/^error: the certificate of gateway edge-1 is used from two places$/],
    ],
    [
      "never connected",
      {},
      ["lastSeenAt", "connectedSince"],
      "expected",
      [/^warning: .*has not been connected yet/],
    ],
    ["away", {}, ["connectedSince"], "away", [/^warning: gateway edge-1 is not connected$/]],
    [
      "away for longer than its certificate lives",
      { certificate: { serial: "a1", notAfter: NOW - 1 } },
      ["connectedSince"],
      "away",
      [/^warning: gateway edge-1 is not connected, and its certificate has ended$/],
    ],
    [
      "blocked",
      { blocked: "change 41: unknown kind", viewAgeSeconds: 60 },
      [],
      "blocked",
      [/^error: gateway edge-1 takes no more changes.*: change 41: unknown kind$/],
    ],
    ["silent", { reportedAt: NOW - 21 * SECOND }, [], "silent", [/^warning: .*has not said how it is$/]],
    ["silent from the first", {}, ["reportedAt"], "silent", [/^warning: .*has not said how it is$/]],
    [
      "stale",
      { viewAgeSeconds: 14.4, lag: 3 },
      [],
      "stale",
      [/^error: what gateway edge-1 knows is 14 s old, 3 changes behind, and it denies/],
    ],
    ["stale at the same number", { viewAgeSeconds: 12 }, ["lag"], "stale", [/is 12 s old, and it denies/]],
    ["without any view", {}, ["viewAgeSeconds"], "stale", [/knows nothing yet, and denies everything$/]],
    ["of another clock", { skewSeconds: -6 }, [], "skewed", [/^warning: the clock of .* are 6 s apart$/]],
    [
      "of quite another clock",
      { skewSeconds: 31 },
      [],
      "skewed",
      [/^error: the clock of .* 31 s apart, so it denies/],
    ],
    [
      "that does not renew",
      { certificate: { serial: "a1", notAfter: NOW + 5 * HOUR } },
      [],
      "well",
      [/^warning: the certificate of gateway edge-1 should have been renewed, and ends$/],
    ],
    [
      "with many records",
      { unshippedRecords: 12_000 },
      [],
      "well",
      [/^warning: gateway edge-1 holds 12,000 records/],
    ],
    [
      "revoked",
      { state: "revoked", clone: { since: NOW, addresses: [] } },
      ["connectedSince"],
      "revoked",
      [],
    ],
  ];
  for (const [what, changes, without, condition, findings] of cases) {
    test(`${what} is told so, once`, () => {
      const deployment = withEdge(changes, without);
      assert.equal(conditionOf(deployment), condition);
      assert.equal(deployment.findings.length, findings.length, said(deployment).join("\n"));
      for (const [i, finding] of findings.entries()) assert.match(said(deployment)[i] ?? "", finding);
      for (const { about, remedy } of deployment.findings) {
        assert.deepEqual(about, { role: "gateway", name: "edge-1" });
        assert.notEqual(remedy, "");
      }
    });
  }

  for (const [what, changes, without] of [
    [
      "just connected has a while to say something",
      { connectedSince: NOW - SECOND },
      ["reportedAt", "viewAgeSeconds"],
    ],
    [
      "a while ago reported, and connected anew",
      { connectedSince: NOW - SECOND, reportedAt: NOW - HOUR },
      [],
    ],
    [
      "at the edge of what is fresh",
      { viewAgeSeconds: 10, skewSeconds: 5, reportedAt: NOW - 20 * SECOND },
      [],
    ],
  ] as const) {
    test(`${what}: nothing is wrong`, () => {
      const deployment = withEdge(changes, without);
      assert.equal(conditionOf(deployment), "well");
      assert.deepEqual(said(deployment), []);
    });
  }

  test("beside control is not to be revoked", () => {
    const [finding] = withEdge({ state: "local" }, ["connectedSince", "certificate", "joinedAt"]).findings;
    assert.match(finding?.remedy ?? "", /^see what is wrong where control runs: postern doctor$/);
  });
});

describe("of the whole", () => {
  test("no gateway is connected, or none ever was", () => {
    const { connectedSince: _, ...away } = EDGE;
    const parts = { nodes: [NODE], rotation: ROTATION };
    assert.match(
      said(deploymentOf({ ...parts, members: [away] }, NOW))[0] ?? "",
      /^error: no gateway is connected/,
    );
    assert.deepEqual(said(deploymentOf({ ...parts, members: [] }, NOW)), []);
    const revoked = { ...away, state: "revoked" } as const;
    assert.deepEqual(said(deploymentOf({ ...parts, members: [revoked] }, NOW)), []);
  });

  test("nobody listens for those who have joined", () => {
    const { url: _, ...deaf } = NODE;
    const [finding] = deploymentOf({ members: [EDGE], nodes: [deaf], rotation: ROTATION }, NOW).findings;
    assert.equal(finding?.severity, "error");
    assert.match(finding?.remedy ?? "", /--link-url/);
    const local = { ...EDGE, state: "local" } as const;
    assert.deepEqual(said(deploymentOf({ members: [local], nodes: [deaf], rotation: ROTATION }, NOW)), []);
  });

  test("a control node is gone; errors come before warnings", () => {
    const gone = { ...NODE, name: "control-b", live: false, self: false, lastSeenAt: NOW - HOUR };
    const stale = { ...EDGE, viewAgeSeconds: 30 };
    const { findings } = deploymentOf({ members: [stale], nodes: [NODE, gone], rotation: ROTATION }, NOW);
    assert.deepEqual(
      findings.map(({ severity, about }) => [severity, about?.name]),
      [
        ["error", "edge-1"],
        ["warning", "control-b"],
      ],
    );
    assert.equal(findings[1]?.at, NOW - HOUR);
  });

  test("the authority should have been rotated, unless it is being", () => {
    const authorities = [{ id: "aa", notAfter: NOW + 29 * DAY }];
    const parts = { members: [EDGE], nodes: [NODE] };
    const late = deploymentOf({ ...parts, rotation: { phase: "steady", authorities } }, NOW);
    assert.deepEqual(
      late.findings.map(({ severity, remedy }) => [severity, remedy]),
      [["error", "postern authority rotate"]],
    );
    const rotating = deploymentOf({ ...parts, rotation: { phase: "published", authorities } }, NOW);
    assert.deepEqual(said(rotating), []);
  });
});
