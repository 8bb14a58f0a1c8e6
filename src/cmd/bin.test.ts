/** `bin/postern.js` in a tree of its own: what it finds there, and what it says when something is missing. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { fileURLToPath } from "node:url";

const BIN = fileURLToPath(new URL("../../bin/postern.js", import.meta.url));

/** Makes this Node say that it is an old one, before the launcher looks. */
const OLD = `data:text/javascript,${encodeURIComponent(
  'Object.defineProperty(process, "versions", { value: { ...process.versions, node: "20.20.2" } });',
)}`;

let tree: string;
let bin: string;
beforeEach(() => {
  tree = mkdtempSync(join(tmpdir(), "bin-"));
  bin = join(tree, "package/bin/postern.js");
  mkdirSync(dirname(bin), { recursive: true });
  copyFileSync(BIN, bin);
  writeFileSync(join(tree, "package/package.json"), JSON.stringify({ type: "module" }));
});
afterEach(() => rmSync(tree, { recursive: true, force: true }));

/** Puts a built program in place. */
function build(program: string): void {
  const main = join(tree, "package/dist/cmd/main.js");
  mkdirSync(dirname(main), { recursive: true });
  writeFileSync(main, program);
}

/** Puts npm's package `node` in place, in `folder`'s node_modules. */
function installNode(folder: string, binary: "present" | "missing"): void {
  const installed = join(tree, folder, "node_modules/node");
  mkdirSync(join(installed, "bin"), { recursive: true });
  writeFileSync(join(installed, "package.json"), "{}");
  if (binary === "present") symlinkSync(process.execPath, join(installed, "bin/node"));
}

function run(
  args: readonly string[],
  old: boolean,
): { status: number | null; stdout: string; stderr: string } {
  const flags = old ? ["--import", OLD] : [];
  return spawnSync(process.execPath, [...flags, bin, ...args], { encoding: "utf8" });
}

const SAYS =
  "console.log(JSON.stringify({ args: process.argv.slice(2), launcher: process.env.POSTERN_LAUNCHER }));";

test("what is not built says how to build it", () => {
  const { status, stderr } = run(["status"], false);
  assert.equal(status, 1);
  assert.match(stderr, /^error: Postern is not built\n {2}.*dist.cmd.main\.js\n {2}try: npm run build\n$/);
});

test("on Node 24 the program runs in the same process", () => {
  build(SAYS);
  const { status, stdout } = run(["app", "add", "a b"], false);
  assert.equal(status, 0);
  assert.deepEqual(JSON.parse(stdout), { args: ["app", "add", "a b"] });
});

for (const folder of ["package", "."]) {
  test(`on an older Node it hands over to the Node 24 in ${folder}/node_modules`, () => {
    build(SAYS);
    installNode(folder, "present");
    const { status, stdout, stderr } = run(["status", "--json"], true);
    assert.equal(status, 0, stderr);
    const said = JSON.parse(stdout) as { args: string[]; launcher: string };
    assert.deepEqual(said.args, ["status", "--json"]);
    assert.match(said.launcher, /^\d+$/);
  });
}

test("a Node 24 whose install script was not allowed says how to allow it", () => {
  build(SAYS);
  installNode("package", "missing");
  const { status, stdout, stderr } = run(["status"], true);
  assert.equal(status, 1);
  assert.equal(stdout, "");
  assert.match(
    stderr,
    /^error: the Node 24 binary is missing: .*install script.*\n {2}.*node_modules.node\n {2}try: npm rebuild node/,
  );
  assert.match(stderr, /npm install-scripts approve node && npm rebuild node\n$/);
});

test("without any Node 24 it says to install", () => {
  build(SAYS);
  const { status, stderr } = run(["status"], true);
  assert.equal(status, 1);
  assert.match(
    stderr,
    /^error: Postern runs on Node 24, and this is Node 20\.20\.2\n {2}.*\n {2}try: npm ci\n$/,
  );
});

test("a Node 24 that does not run on this machine says so", () => {
  build(SAYS);
  installNode("package", "missing");
  const broken = join(tree, "package/node_modules/node/bin/node");
  writeFileSync(broken, "This file intentionally left blank");
  chmodSync(broken, 0o644);
  const { status, stderr } = run(["status"], true);
  assert.equal(status, 1);
  assert.match(stderr, /^error: the Node 24 binary does not start: .*EACCES/);
});

test("its exit code and its signal are the program's", () => {
  installNode("package", "present");
  build("process.exitCode = 3;");
  assert.equal(run([], true).status, 3);
  build('process.kill(process.pid, "SIGTERM"); setInterval(() => {}, 1_000);');
  const { signal } = spawnSync(process.execPath, ["--import", OLD, bin]);
  assert.equal(signal, "SIGTERM");
});

test("a signal to it reaches the program, whose answer counts", async () => {
  installNode("package", "present");
  build('process.on("SIGTERM", () => process.exit(7)); console.log("up"); setInterval(() => {}, 1_000);');
  const child = spawn(process.execPath, ["--import", OLD, bin], { stdio: ["ignore", "pipe", "inherit"] });
  await once(child.stdout, "data");
  child.kill("SIGTERM");
  assert.deepEqual(await once(child, "exit"), [7, null]);
});
