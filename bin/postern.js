#!/usr/bin/env node
// Plain JavaScript on purpose: it runs on whatever Node the machine has, finds Node 24 and hands over to it.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const NEEDED = 24;
const HOME = dirname(dirname(fileURLToPath(import.meta.url)));
const MAIN = join(HOME, "dist", "cmd", "main.js");

if (!existsSync(MAIN)) {
  fail("Postern is not built", MAIN, "npm run build");
} else if (Number(process.versions.node.split(".")[0]) >= NEEDED) {
  await import(pathToFileURL(MAIN).href);
} else {
  const node = installedNode();
  if (node !== undefined) handOver(node);
}

/** The Node 24 that npm installed, wherever it was hoisted to; says what to do when there is none. */
function installedNode() {
  const name = process.platform === "win32" ? "node.exe" : "node";
  let installed;
  for (let folder = HOME; ; folder = dirname(folder)) {
    const candidate = join(folder, "node_modules", "node");
    if (existsSync(join(candidate, "bin", name))) return join(candidate, "bin", name);
    if (installed === undefined && existsSync(join(candidate, "package.json"))) installed = candidate;
    if (dirname(folder) === folder) break;
  }
  if (installed === undefined) {
    fail(`Postern runs on Node ${NEEDED}, and this is Node ${process.versions.node}`, HOME, "npm ci");
  } else {
    fail(
      `the Node ${NEEDED} binary is missing: the install script of the npm package "node" did not run`,
      installed,
      "npm rebuild node, or when npm does not allow it: npm install-scripts approve node && npm rebuild node",
    );
  }
  return undefined;
}

/** Runs the program under `node`; signals go on to it, and its end is ours. */
function handOver(node) {
  const child = spawn(node, [MAIN, ...process.argv.slice(2)], {
    stdio: "inherit",
    // lets a supervisor notice when we are killed with -9 and nobody is left to pass a signal on
    env: { ...process.env, POSTERN_LAUNCHER: String(process.pid) },
  });
  const passOn = (signal) => child.kill(signal);
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
  for (const signal of signals) process.on(signal, passOn);
  child.on("error", (error) => {
    fail(`the Node ${NEEDED} binary does not start: ${error.message}`, node, "npm rebuild node");
  });
  child.on("exit", (code, signal) => {
    for (const name of signals) process.off(name, passOn);
    if (signal === null) process.exitCode = code ?? 1;
    else process.kill(process.pid, signal);
  });
}

function fail(what, where, remedy) {
  console.error(`error: ${what}\n  ${where}\n  try: ${remedy}`);
  process.exitCode = 1;
}
