import assert from "node:assert/strict";
import { test } from "node:test";
import { duration, exactTime, hourOf, lasted, relativeTime } from "./time.ts";

const NOW = Date.UTC(2026, 2, 14, 12, 0, 0);

test("relative times read like speech, past and future", () => {
  const cases: [number, string][] = [
    [0, "just now"],
    [-44_000, "just now"],
    [4_000, "just now"],
    [20_000, "in a moment"],
    [-60_000, "1 minute ago"],
    [-59 * 60_000, "59 minutes ago"],
    [-59.9 * 60_000, "1 hour ago"],
    [-26 * 3_600_000, "1 day ago"],
    [15 * 60_000, "in 15 minutes"],
    [8 * 3_600_000, "in 8 hours"],
    [-45 * 86_400_000, "Jan 28, 2026"],
  ];
  for (const [offset, text] of cases) assert.equal(relativeTime(NOW + offset, NOW, "UTC"), text);
});

test("how long something lasted never rounds up", () => {
  assert.equal(lasted(59_999), "under a minute");
  assert.equal(lasted(60_000), "1 minute");
  assert.equal(lasted(119 * 60_000), "1 hour");
  assert.equal(lasted(49 * 3_600_000), "2 days");
});

test("exact times carry seconds and zone", () => {
  assert.match(exactTime(NOW, "UTC"), /14 Mar 2026.*12:00:00 UTC/);
  assert.equal(hourOf(NOW, "UTC"), "12:00");
});

test("durations of requests", () => {
  assert.equal(duration(0.42), "0.4 ms");
  assert.equal(duration(12.4), "12 ms");
  assert.equal(duration(1240), "1.2 s");
  assert.equal(duration(240_000), "4 min");
});
