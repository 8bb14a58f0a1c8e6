import assert from "node:assert/strict";
import { test } from "node:test";
import { outcome } from "./golden-of-test.test.ts";
import { HASHES } from "./hashes.ts";

const CASES: readonly (readonly [call: string, operands: readonly string[], result: string | boolean])[] = [
  ["crypto.md5", [""], "d41d8cd98f00b204e9800998ecf8427e"],
  ["crypto.sha1", ["lorem ipsum"], "bfb7759a67daeb65410490b4d98bb9da7d1ea2ce"],
  ["crypto.sha256", ["é"], "4a99557e4033c3539de2eb65472017cad5f9557f7a0625a09f1c3f6e2ba69c4c"],
  ["crypto.hmac.md5", ["a", "k"], "ddcf3d210049e7135f61affae73731cd"],
  ["crypto.hmac.sha1", ["a", "k"], "40e7d441cadb17b07f050341aa23a6820ed81c8b"],
  ["crypto.hmac.sha256", ["a", "k"], "78da91511e675587f5b9df78bedebaf5560da2abb88162ee875dcdf744951d9e"],
  [
    "crypto.hmac.sha512",
    ["😀", ""],
    "8f145f4cb080b34386dd8e41c90b0fa0bcf1abe1f3ef5bfa708998f97b921e7139e3d98204473cda3be365ec16d97b9abed294e6473266fdf03c1fef57a6c20d",
  ],
  ["crypto.hmac.equal", ["a", "a"], true],
  ["crypto.hmac.equal", ["a", "b"], false],
  ["crypto.hmac.equal", ["a", "aa"], false],
];

for (const [call, operands, result] of CASES)
  test(`${call}(${operands.join(", ")})`, () => assert.equal(outcome(HASHES, call, operands), result));

test("operands that are no strings are refused", () => {
  for (const call of Object.keys(HASHES))
    assert.deepEqual(outcome(HASHES, call, [1, 1]), { failed: "eval_type_error" });
});
