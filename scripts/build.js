// Builds what `npm start` runs: the JavaScript of every floor, then the console's pages.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Runs a tool of this project's node_modules; a failure ends the build with its exit code. */
function run(tool, args) {
  const result = spawnSync(process.execPath, [`${root}node_modules/${tool}`, ...args], {
    cwd: root,
    stdio: "inherit",
  });
  if (result.status !== 0) process.exit(result.status ?? 1);
}

if (!existsSync(`${root}node_modules/typescript`)) {
  console.error(
    "postern: development packages are not installed, so nothing was built; run: npm ci --include=dev",
  );
  process.exit(0);
}
run("typescript/bin/tsc", ["-b"]);
run("vite/bin/vite.js", [
  "build",
  "--config",
  "src/control/console/web/vite.config.ts",
  "--logLevel",
  "warn",
]);
