import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { addressAndPort, type ControlFlags, controlSettings, ownLabel } from "./settings-from-flags.ts";

const folder = mkdtempSync(join(tmpdir(), "settings-"));
after(() => rmSync(folder, { recursive: true }));

function settings(
  flags: ControlFlags,
  environment: { readonly [name: string]: string } = {},
): ReturnType<typeof controlSettings> {
  const output = { write: () => undefined, isTerminal: false };
  const stopped = async (): Promise<NodeJS.Signals> => await new Promise(() => undefined);
  return controlSettings(flags, "/data", {
    environment,
    folder,
    stdout: output,
    stderr: output,
    colour: false,
    async *lines() {
      yield* [];
    },
    stopped,
  });
}

test("addresses with ports, in every form", () => {
  assert.deepEqual(addressAndPort("--link", "0.0.0.0:7443", undefined), { address: "0.0.0.0", port: 7443 });
  assert.deepEqual(addressAndPort("--link", "0.0.0.0", 7443), { address: "0.0.0.0", port: 7443 });
  assert.deepEqual(addressAndPort("--link", "localhost:1", undefined), { address: "127.0.0.1", port: 1 });
  assert.deepEqual(addressAndPort("--link", "[::]:7443", undefined), { address: "::", port: 7443 });
  assert.deepEqual(addressAndPort("--link", "[2001:db8::7]", 7443), { address: "2001:db8::7", port: 7443 });
  assert.deepEqual(addressAndPort("--link", "::1", 7443), { address: "::1", port: 7443 });
  for (const text of [
    "",
    "0.0.0.0",
    "example.com:7443",
    "1.2.3.4:0",
    "1.2.3.4:65536",
    "1.2.3.4:x",
    "[::1",
    ":7443",
  ])
    assert.throws(() => addressAndPort("--link", text, undefined), { code: "usage.invalid" }, text);
});

test("a link is reached at what it listens on, unless something else is said", () => {
  assert.equal(settings({ link: "192.0.2.1:7443" }).link?.url, "https://192.0.2.1:7443");
  assert.equal(settings({ link: "[2001:db8::1]" }).link?.url, "https://[2001:db8::1]:7443");
  assert.match(settings({ link: "0.0.0.0" }).link?.url ?? "", /^https:\/\/[^0].*:7443$/);
  const named = settings({ link: "0.0.0.0", "link-url": "https://control-a.example.net:8443" });
  assert.equal(named.link?.url, "https://control-a.example.net:8443");
  assert.equal(settings({}).link, undefined);
  for (const url of ["http://control.example.net", "control.example.net:7443", "https://x.example.net/path"])
    assert.throws(() => settings({ link: "0.0.0.0", "link-url": url }), { code: "usage.invalid" }, url);
  assert.throws(() => settings({ "link-url": "https://x.example.net" }), { code: "usage.invalid" });
});

test("the master key comes from a flag, else from systemd, else from the data folder", () => {
  assert.deepEqual(settings({}).masterKey, { kind: "file", path: "/data/master.key", make: true });
  assert.deepEqual(settings({ "master-key-file": "k" }).masterKey, {
    kind: "file",
    path: join(folder, "k"),
    make: false,
  });
  assert.deepEqual(settings({ "master-key-command": "/usr/bin/key" }).masterKey, {
    kind: "command",
    program: "/usr/bin/key",
  });
  assert.throws(() => settings({ "master-key-file": "k", "master-key-command": "p" }), {
    code: "usage.invalid",
  });
  const credentials = { CREDENTIALS_DIRECTORY: folder };
  assert.deepEqual(settings({}, credentials).masterKey, settings({}).masterKey);
  writeFileSync(join(folder, "postern-master-key"), "");
  assert.deepEqual(settings({}, credentials).masterKey, {
    kind: "file",
    path: join(folder, "postern-master-key"),
    make: false,
  });
});

test("a node's name is one label", () => {
  assert.match(ownLabel(), /^(?!-)[a-z0-9-]{1,63}(?<!-)$/);
  assert.equal(settings({ node: "control-a" }).node, "control-a");
  for (const node of ["Control", "a.b", "-a", "a_b", "x".repeat(64)])
    assert.throws(() => settings({ node }), { code: "usage.invalid" }, node);
});
