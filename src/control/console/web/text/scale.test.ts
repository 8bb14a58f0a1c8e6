import assert from "node:assert/strict";
import { test } from "node:test";
import { countScale } from "./scale.ts";

test("a scale starts at zero, holds the most, and has round whole steps", () => {
  assert.deepEqual(countScale(0), { top: 1, ticks: [0, 1] });
  assert.deepEqual(countScale(3), { top: 3, ticks: [0, 1, 2, 3] });
  assert.deepEqual(countScale(5), { top: 6, ticks: [0, 2, 4, 6] });
  assert.deepEqual(countScale(137), { top: 150, ticks: [0, 50, 100, 150] });
  for (const most of [1, 9, 99, 1234, 98_765]) {
    const { top, ticks } = countScale(most);
    assert.ok(top >= most && ticks.length <= 5 && ticks.at(-1) === top, String(most));
  }
});
