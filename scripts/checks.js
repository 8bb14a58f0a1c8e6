// The gates of `npm run check`, each one tool. All run, whatever fails, so that one run shows everything.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("..", import.meta.url));

const WEB = "src/control/console/web/tsconfig.json";

/** @type {readonly { name: string, run: readonly string[] }[]} each runs under this Node, from the root */
const GATES = [
  { name: "types and floors", run: ["node_modules/typescript/bin/tsc", "-b"] },
  { name: "types of tests", run: ["node_modules/typescript/bin/tsc", "-b", "tsconfig.tests.json"] },
  { name: "types of pages", run: ["node_modules/typescript/bin/tsc", "-b", WEB] },
  { name: "format", run: ["node_modules/@biomejs/biome/bin/biome", "ci", "--colors=off", "."] },
  { name: "lint", run: ["node_modules/oxlint/bin/oxlint", "--type-aware", "--deny-warnings"] },
  { name: "dead code", run: ["node_modules/knip/bin/knip.js", "--no-progress"] },
  { name: "walls", run: ["--conditions=development", "--test", "test/walls.test.ts"] },
];

/**
 * Runs the gates and says which failed.
 * @param {{ without?: string }} [options] a gate that the caller runs in its own way
 * @returns {readonly string[]} the names of those that failed
 */
export function runGates(options = {}) {
  const failed = [];
  for (const { name, run } of GATES) {
    if (name === options.without) continue;
    const started = performance.now();
    const { status, stdout, stderr } = spawnSync(process.execPath, run, {
      cwd: ROOT,
      encoding: "utf8",
      env: { ...process.env, NO_COLOR: "1" },
      maxBuffer: 64 * 1024 * 1024,
    });
    const seconds = ((performance.now() - started) / 1_000).toFixed(1);
    if (status === 0) {
      console.log(`✓ ${name} (${seconds} s)`);
      continue;
    }
    failed.push(name);
    console.log(`✕ ${name} (${seconds} s)\n${stdout}${stderr}`);
  }
  if (failed.length > 0)
    console.error(`error: failed: ${failed.join(", ")}\n  try: npm run check, after mending what is above`);
  return failed;
}
