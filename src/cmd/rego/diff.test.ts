import assert from "node:assert/strict";
import { test } from "node:test";
import { unifiedDiff } from "./diff.ts";

test("a diff has each change with three lines around it", () => {
  const before = "a\nb\nc\nd\ne\nf\ng\nh\ni\n";
  assert.equal(unifiedDiff("x", before, before), "");
  assert.equal(
    unifiedDiff("x", before, before.replace("e\n", "E\n")),
    "--- x\n+++ x\n@@ -2,7 +2,7 @@\n b\n c\n d\n-e\n+E\n f\n g\n h\n",
  );
  assert.equal(unifiedDiff("x", "a\n", "a\nb\n"), "--- x\n+++ x\n@@ -1,1 +1,2 @@\n a\n+b\n");
  const apart = before.replace("a\n", "A\n").replace("i\n", "");
  assert.equal(unifiedDiff("x", before, apart).match(/^@@/gm)?.length, 2);
});
