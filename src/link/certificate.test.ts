import assert from "node:assert/strict";
import { test } from "node:test";
import { LINK_PATHS, parseServerCertificate } from "./index.ts";
import { control } from "./rig.test.ts";

test("a gateway gets the certificate that control makes, and none where control makes none", async () => {
  const made = { certificate: "CERTIFICATE", key: "KEY" };
  const { client } = await control({ certificate: () => made });
  assert.deepEqual(parseServerCertificate(await client.send(LINK_PATHS.certificate, {})), made);
  const without = await control();
  await assert.rejects(without.client.send(LINK_PATHS.certificate, {}), { code: "not_found" });
  for (const answer of [null, {}, { certificate: "x" }, { certificate: 1, key: "x" }])
    assert.throws(() => parseServerCertificate(answer), { code: "input.invalid" });
});
