// npm test: builds, runs the gates, then every test; ends with one line of counts for people and programs.
// `npm test -- src/kernel` runs only the test files whose path contains one of the words, without build and gates.
import { spawnSync } from "node:child_process";
import { globSync } from "node:fs";
import { join } from "node:path";
import { run } from "node:test";
import { spec } from "node:test/reporters";
import { ROOT, runGates } from "./checks.js";

/** A file that takes longer hangs. */
const FILE_MS = 15 * 60_000;

const counts = { passed: 0, failed: 0, skipped: 0 };
const skips = [];
const wanted = process.argv.slice(2);

if (wanted.length === 0) {
  const built = spawnSync(process.execPath, [join(ROOT, "scripts/build.js")], {
    cwd: ROOT,
    stdio: "inherit",
  });
  if (built.status !== 0) counts.failed++;
  counts.failed += runGates({ without: "walls" }).length;
}

// what starts whole instances and browsers runs one file at a time: the tests watch the clock
await runFiles(["src/**/*.test.ts", "conformance/**/*.test.ts", "bench/**/*.test.ts"], 2);
await runFiles(["test/*.test.ts"], 1);

for (const { name, file, reason } of skips) console.log(`skipped: ${file}: ${name}: ${reason}`);
console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
process.exitCode = counts.failed === 0 && counts.passed > 0 ? 0 : 1;

/** Runs the files that match, and adds to the counts. */
async function runFiles(patterns, concurrency) {
  const files = globSync(patterns, { cwd: ROOT, exclude: ["**/node_modules/**"] })
    .filter((file) => wanted.length === 0 || wanted.some((word) => file.includes(word)))
    .sort();
  if (files.length === 0) return;
  const stream = run({
    files: files.map((file) => join(ROOT, file)),
    cwd: ROOT,
    concurrency,
    timeout: FILE_MS,
    execArgv: ["--conditions=development"],
  });
  stream.on("test:pass", (event) => note(event, "passed"));
  stream.on("test:fail", (event) => note(event, "failed"));
  for await (const text of stream.compose(new spec())) process.stdout.write(text);
}

/** Counts tests, not the suites and files around them; but a file that fails by itself counts, and so does a suite that is skipped. */
function note(event, outcome) {
  const { name, file, details, skip, todo, nesting } = event;
  if (skip !== undefined || todo !== undefined) {
    counts.skipped++;
    skips.push({ name, file: file ?? "", reason: String(skip ?? todo) });
    return;
  }
  const container = details.type === "suite" || (nesting === 0 && name === file);
  if (container && outcome === "passed") return;
  if (container && details.error?.failureType === "subtestsFailed") return;
  counts[outcome]++;
}
