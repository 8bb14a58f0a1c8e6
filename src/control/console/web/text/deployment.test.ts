import assert from "node:assert/strict";
import { test } from "node:test";
import { inventory, partName, rankOf, shownCondition, verdict, viewAge } from "./deployment.ts";

test("the age of a view is shown of whoever is connected, and what it is behind when it is", () => {
  const well = { condition: "well", connectedSince: 1, viewAgeSeconds: 0.44 } as const;
  assert.equal(viewAge(well), "0.4 s");
  assert.equal(viewAge({ ...well, lag: 3 }), "0.4 s", "what came since its report");
  const stale = { ...well, condition: "stale", viewAgeSeconds: 1234.4, lag: 1200 } as const;
  assert.equal(viewAge(stale), "1,234 s, 1,200 behind");
  assert.equal(viewAge({ condition: "away", viewAgeSeconds: 3 }), undefined);
  assert.equal(viewAge({ condition: "silent", connectedSince: 1 }), undefined);
});

test("every condition has a glyph and words, and what denies ranks after what does not", () => {
  assert.deepEqual(shownCondition({ condition: "cloned" }), {
    kind: "deny",
    glyph: "✕",
    word: "In two places",
  });
  assert.ok(rankOf({ condition: "blocked" }) > rankOf({ condition: "silent" }));
  assert.ok(rankOf({ condition: "away" }) > rankOf({ condition: "well" }));
});

test("what there is does not count those who are revoked", () => {
  const edge = { role: "gateway", name: "edge-1", state: "joined", condition: "well" } as const;
  const gone = { ...edge, name: "edge-2", state: "revoked", condition: "revoked" } as const;
  assert.equal(
    inventory({ controls: [], gateways: [edge, gone], agents: [], findings: [] }),
    "0 control nodes, 1 gateway, 0 agents",
  );
  assert.equal(partName(edge), "Gateway edge-1");
});

test("the whole is well only with a gateway and without a finding", () => {
  const edge = { role: "gateway", name: "edge-1", state: "joined", condition: "well" } as const;
  const whole = { controls: [], gateways: [edge], agents: [], findings: [] };
  const warning = { severity: "warning", message: "x", remedy: "y" } as const;
  const error = { ...warning, severity: "error" } as const;
  assert.equal(verdict(whole).word, "All is well");
  assert.equal(verdict({ ...whole, gateways: [] }).kind, "unknown");
  assert.deepEqual(verdict({ ...whole, findings: [warning] }), {
    kind: "step-up",
    glyph: "!",
    word: "1 thing needs attention",
  });
  assert.equal(verdict({ ...whole, findings: [error, warning] }).kind, "deny");
});
