import assert from "node:assert/strict";
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { PosternError } from "#kernel";
import { checkPrivateFolder, dataFolder, makePrivateFolder, runFolder } from "./places.ts";

let folder: string;
before(() => {
  folder = mkdtempSync(join(tmpdir(), "places-"));
});
after(() => rmSync(folder, { recursive: true, force: true }));

function refused(code: string): (error: unknown) => boolean {
  return (error) => error instanceof PosternError && error.code === code;
}

test("the data folder is the flag's, else the environment's, else the user's own", () => {
  const at = (environment: Record<string, string>, flag?: string): string =>
    dataFolder(flag, { environment, folder: "/here" });
  assert.equal(at({ POSTERN_DATA: "/e" }, "x/y"), "/here/x/y");
  assert.equal(at({ POSTERN_DATA: "e" }), "/here/e");
  assert.equal(at({ XDG_DATA_HOME: "/share" }), "/share/postern");
  assert.equal(at({ XDG_DATA_HOME: "relative" }), join(homedir(), ".local/share/postern"));
  assert.equal(at({}), join(homedir(), ".local/share/postern"));
});

test("sockets live in the data folder, unless its path is too long for a socket", () => {
  assert.equal(runFolder("/home/ada/postern"), "/home/ada/postern/run");
  const long = `/home/${"a".repeat(100)}`;
  const run = runFolder(long);
  assert.ok(run.startsWith(join(tmpdir(), "postern-")), run);
  assert.ok(Buffer.byteLength(join(run, "demo-payroll.sock")) < 100);
  assert.equal(runFolder(long), run, "both sides must find it");
  assert.notEqual(runFolder(`${long}b`), run);
  // letters of more than one byte count as bytes
  assert.ok(!runFolder(`/home/${"ä".repeat(45)}`).startsWith("/home"));
});

test("a data folder reached over a link is the real one", () => {
  const real = join(folder, "real");
  mkdirSync(real);
  const link = join(folder, "over-a-link");
  symlinkSync(real, link);
  assert.equal(
    dataFolder(link, { environment: {}, folder }),
    dataFolder("real", { environment: {}, folder }),
  );
});

test("a folder that we make is closed to others, and one that is open is closed", () => {
  const made = join(folder, "made");
  makePrivateFolder(made);
  assert.equal(lstatSync(made).mode & 0o777, 0o700);
  chmodSync(made, 0o755);
  assert.throws(() => checkPrivateFolder(made), refused("folder.unsafe"));
  makePrivateFolder(made);
  assert.equal(lstatSync(made).mode & 0o777, 0o700);
});

test("what is not a folder, or leads elsewhere, is refused", () => {
  const file = join(folder, "file");
  writeFileSync(file, "");
  assert.throws(() => makePrivateFolder(join(file, "below")), refused("folder.unwritable"));
  const target = join(folder, "target");
  mkdirSync(target, { mode: 0o700 });
  const link = join(folder, "link");
  symlinkSync(target, link);
  assert.throws(() => makePrivateFolder(link), refused("folder.unsafe"));
  assert.throws(() => checkPrivateFolder(link), refused("folder.unsafe"));
});

test("a folder of another user is refused", () => {
  const root = process.getuid?.() === 0;
  const theirs = root ? join(folder, "theirs") : "/";
  if (root) {
    mkdirSync(theirs, { mode: 0o700 });
    chownSync(theirs, 65_534, 65_534);
  }
  assert.throws(() => makePrivateFolder(theirs), refused("folder.unsafe"));
});
