import assert from "node:assert/strict";
import { test } from "node:test";
import { manualClock } from "#kernel";
import { rateLimit } from "./rate-limit.ts";

test("a source has its number at once and gets them back over a minute", () => {
  const clock = manualClock(0);
  const limit = rateLimit(3, clock);
  for (let i = 0; i < 3; i++) assert.equal(limit.take("192.0.2.1"), undefined);
  assert.equal(limit.take("192.0.2.1"), 20);
  assert.equal(limit.take("192.0.2.2"), undefined);
  clock.advance(20_000);
  assert.equal(limit.take("192.0.2.1"), undefined);
  assert.equal(limit.take("192.0.2.1"), 20);
  limit.giveBack("192.0.2.1");
  assert.equal(limit.take("192.0.2.1"), undefined);
});

test("what is given back never adds up to more than the number", () => {
  const limit = rateLimit(1, manualClock(0));
  for (let i = 0; i < 5; i++) limit.giveBack("192.0.2.1");
  assert.equal(limit.take("192.0.2.1"), undefined);
  assert.notEqual(limit.take("192.0.2.1"), undefined);
});

test("a /64 of IPv6 is one source, however it is written", () => {
  const limit = rateLimit(1, manualClock(0));
  assert.equal(limit.take("2001:db8::1"), undefined);
  for (const address of ["2001:db8::2", "2001:0db8:0:0:1:2:3:4", "2001:db8:0:0::", "2001:DB8::ffff:1.2.3.4"])
    assert.notEqual(limit.take(address), undefined, address);
  for (const address of ["2001:db8:0:1::1", "::1", "fe80::1%eth0", "1::", "1:2:3:4:5:6:7:8"])
    assert.equal(limit.take(address), undefined, address);
});

test("ten thousand sources are remembered, and the one seen longest ago is forgotten first", () => {
  const limit = rateLimit(1, manualClock(0));
  limit.take("first");
  limit.take("second");
  for (let i = 0; i < 9_998; i++) limit.take(`source ${i}`);
  assert.notEqual(limit.take("first"), undefined);
  limit.take("one more");
  assert.notEqual(limit.take("first"), undefined);
  assert.equal(limit.take("second"), undefined);
});
