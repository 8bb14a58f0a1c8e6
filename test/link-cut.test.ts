/**
 * The link cut while both ends live, in a network namespace of the test's own: packets from control are lost, or those to
 * control, or both. In each case the gateway finds out by itself, denies at the bound and recovers when packets pass.
 * The tests run in a child process inside the namespace, where everything is loopback and nobody else's traffic is.
 */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const INSIDE = fileURLToPath(new URL("harness/link-cut-inside.ts", import.meta.url));

function reasonToSkip(): string | undefined {
  if (process.getuid?.() !== 0) return "needs root, for a network namespace";
  if (spawnSync("nft", ["--version"]).status !== 0) return "needs nft (Debian package nftables)";
  const able = spawnSync("unshare", [
    "--net",
    "sh",
    "-c",
    "ip link set lo up && nft add table inet postern_try",
  ]);
  return able.status === 0
    ? undefined
    : "this machine does not let root make a network namespace with nftables";
}
const skip = reasonToSkip();

test("the link is cut one way, the other, and both: the gateway denies at its bound and recovers", {
  timeout: 400_000,
  ...(skip === undefined ? {} : { skip }),
}, async () => {
  const child = spawn(
    "unshare",
    [
      "--net",
      "--",
      "sh",
      "-c",
      'ip link set lo up && exec "$@"',
      "sh",
      process.execPath,
      "--conditions=development",
      INSIDE,
    ],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
  }
  const [code] = (await once(child, "close")) as [number | null];
  assert.equal(code, 0, said);
  for (const way of ["from control", "to control", "both ways"])
    assert.match(said, new RegExp(`recovered after a cut ${way}`));
});
