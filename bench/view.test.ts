import assert from "node:assert/strict";
import { test } from "node:test";
import type { Measurement } from "./measurement.ts";
import { measureView } from "./view.ts";
import { LARGE } from "./view-state.ts";

/** A busy machine may be this much slower than a quiet one, and no more. */
const LEEWAY = 10;

test("a view of a large instance is within reach of what it aims at, and not far from its peer", async () => {
  const measured = await measureView(LARGE, 1);
  const of = (metric: string): Required<Measurement> => {
    const found = measured.find((each) => each.metric === metric);
    assert.ok(found?.peer !== undefined && found.ratio !== undefined, metric);
    return { ...found, peer: found.peer, ratio: found.ratio };
  };
  assert.ok(of("bytes-per-worker").value <= 100_000_000, `${of("bytes-per-worker").value} bytes`);
  assert.ok(of("apply-changes-per-s").value >= 20_000 / LEEWAY);
  assert.ok(of("bytes-per-worker").ratio < 2, "it is heavier than what it was made of");
  for (const metric of ["apply-changes-per-s", "lookups-per-s"])
    assert.ok(of(metric).ratio > 1 / LEEWAY, `${metric} ${of(metric).ratio}`);
  assert.ok(of("snapshot-load-ms").ratio < LEEWAY);
});
