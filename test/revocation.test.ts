/**
 * Three gateways on PostgreSQL with 1,000 open WebSockets: a session, a person, an application and a policy ended in turn,
 * at one control node while gateways hold their streams at another. Every socket that is touched closes, and every gateway
 * denies. The bounds are ten times the aims; `npm run bench -- revoke` gives the figures.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { KINDS, startRevocationRig } from "../bench/revocation.ts";

const SOCKETS = 1_000;
const FIRST_DENIED_MS = 10_000;
const LAST_CLOSED_MS = 20_000;

test("what is ended ends everywhere, open connections included", { timeout: 180_000 }, async () => {
  const rig = await startRevocationRig(3);
  try {
    const seen = await rig.round(SOCKETS);
    assert.deepEqual(
      seen.map(({ kind }) => kind),
      KINDS,
    );
    for (const { kind, firstDenied, lastClosed, sockets } of seen) {
      assert.ok(sockets >= SOCKETS / 20, `${kind} touched ${sockets} sockets only`);
      for (const ms of firstDenied) assert.ok(ms < FIRST_DENIED_MS, `${kind} was denied after ${ms} ms`);
      assert.ok(lastClosed < LAST_CLOSED_MS, `the last socket of ${kind} closed after ${lastClosed} ms`);
    }
  } finally {
    await rig.remove();
  }
});
