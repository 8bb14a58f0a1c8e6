import assert from "node:assert/strict";
import { after, test } from "node:test";
import { PosternError } from "#kernel";
import { unixDialer } from "#link";
import { makeUpstreams } from "./upstreams.ts";

const upstreams = makeUpstreams("/run/folder", unixDialer("/run/folder/control.sock"));
after(() => upstreams.close());

test("a socket is one of the run folder, and never control's own", () => {
  assert.equal(upstreams.resolve("unix:demo.sock").options.socketPath, "/run/folder/demo.sock");
  const refused = [
    "owner.sock",
    "link.sock",
    "control.sock",
    "../x.sock",
    "/x.sock",
    "a/b.sock",
    ".",
    "..",
    "",
  ];
  for (const name of refused) {
    assert.throws(
      () => upstreams.resolve(`unix:${name}`),
      (error: unknown) => error instanceof PosternError && error.code === "input.invalid",
      name,
    );
  }
});

test("an address keeps its host and port, and https verifies the name that it was given", () => {
  const { secure, options } = upstreams.resolve("https://wiki.example.com");
  assert.equal(secure, true);
  assert.deepEqual(
    [options.host, options.port, options.servername],
    ["wiki.example.com", 443, "wiki.example.com"],
  );
  assert.equal(upstreams.resolve("https://10.0.0.1:8443").options.servername, "");
  assert.equal(upstreams.resolve("http://[::1]:3000").options.host, "::1");
  for (const address of ["ftp://x", "file:///etc/passwd", "x", "javascript:1"]) {
    assert.throws(() => upstreams.resolve(address), PosternError, address);
  }
});
