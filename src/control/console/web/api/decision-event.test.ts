import assert from "node:assert/strict";
import { test } from "node:test";
import { readDecisionEvent, suits } from "./decision-event.ts";

const message = JSON.stringify({
  id: 7,
  kind: "decision",
  event: {
    unmapped: {
      postern: {
        kind: "decision",
        decision: { id: "dec_1", effect: "deny" },
        input: { subject: { name: "ada" }, resource: { name: "payroll" }, request: { path: "/salaries" } },
      },
    },
  },
});

test("a decision is read from the stream, and nothing else is", () => {
  assert.deepEqual(readDecisionEvent(message), {
    id: "dec_1",
    effect: "deny",
    subject: "ada",
    resource: "payroll",
    path: "/salaries",
  });
  for (const other of ["", "{", "null", "[]", '{"event":{"unmapped":null}}', 7])
    assert.equal(readDecisionEvent(other), undefined);
});

test("a decision counts as new only where the filter would show it", () => {
  const seen = readDecisionEvent(message);
  assert.ok(seen);
  assert.ok(suits(seen, {}));
  assert.ok(suits(seen, { effect: "deny", subject: "ada", resource: "payroll", search: "SALAR" }));
  assert.ok(!suits(seen, { effect: "allow" }));
  assert.ok(!suits(seen, { subject: "bob" }));
  assert.ok(!suits(seen, { resource: "wiki" }));
  assert.ok(!suits(seen, { search: "wiki" }));
});
