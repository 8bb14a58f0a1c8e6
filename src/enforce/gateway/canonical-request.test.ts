import assert from "node:assert/strict";
import { test } from "node:test";
import { canonicalRequest, RefusedRequest } from "./canonical-request.ts";

const HOST = ["Host", "wiki.postern.localhost:7400"];

function statusOf(target: string, headers: readonly string[] = HOST, method = "GET"): number {
  try {
    canonicalRequest(method, target, headers);
    return 200;
  } catch (error) {
    assert.ok(error instanceof RefusedRequest, String(error));
    return error.status;
  }
}

const PLAIN: readonly string[] = [
  "/",
  "/a/b",
  "/a/b/",
  "/a.b/..c/.d/e..",
  "/...",
  "/a%20b",
  "/caf%C3%A9",
  "/user%40example.com",
  "/100%25",
  "/100%25/x",
  "/what%3F",
  "/~user/-_.!$&'()*+,=:@",
  "/.well-known/x",
  "/?a=//../%2e%2e/;\\&b=%ff%zz",
  "/d/1?x=%20y",
];

for (const target of PLAIN) {
  test(`${target} is taken as it is`, () => {
    const read = canonicalRequest("GET", target, HOST);
    assert.equal(read.target, target);
    assert.equal(read.path + read.query, target);
    assert.equal(read.hostname, "wiki.postern.localhost");
  });
}

const AMBIGUOUS: readonly string[] = [
  "//",
  "//evil.example/",
  "/a//b",
  "/a/../b",
  "/a/..",
  "/..",
  "/.",
  "/./a",
  "/a/.",
  "/%2e%2e/a",
  "/%2E%2e/a",
  "/.%2e/a",
  "/%2e/a",
  "/a/..%20/b",
  "/a%2fb",
  "/a%2Fb",
  "/a%5cb",
  "/a\\b",
  "/..\\a",
  "/a;b",
  "/a;jsessionid=1/b",
  "/..;/a",
  "/a%3bb",
  "/a%00b",
  "/a%0ab",
  "/a%0d%0ab",
  "/a%7fb",
  "/a%c2%85b",
  "/a%252fb",
  "/a%252e%252e/b",
  "/%25%32%65",
  "/a%2541",
  "/a%25u002f",
  "/a%",
  "/a%2",
  "/a%zz",
  "/a%u0041",
  "/a%ff",
  "/a%c0%af",
  "/a%e0%80%af",
  "/a%ed%a0%80",
  "/%61dmin",
  "/%41dmin",
  "/adm%69n",
  "/a%7e",
  "/%5F",
];

for (const target of AMBIGUOUS) {
  test(`${target} is refused as ambiguous`, () => assert.equal(statusOf(target), 400));
}

const NO_PATHS: readonly string[] = [
  "",
  "*",
  "a",
  "?a",
  "http://wiki.postern.localhost:7400/",
  "HTTP://other/",
  "wiki.postern.localhost:443",
  "/a b",
  "/a\tb",
  "/a#b",
  "/caf\u00e9",
  "/?\u00e9",
  "/?a\u0000",
];

for (const target of NO_PATHS) {
  test(`${JSON.stringify(target)} is no target`, () => assert.equal(statusOf(target), 400));
}

test("OPTIONS * is refused, and so are methods that reflect or tunnel", () => {
  assert.equal(statusOf("*", HOST, "OPTIONS"), 400);
  assert.equal(statusOf("/", HOST, "TRACE"), 405);
  assert.equal(statusOf("/", HOST, "CONNECT"), 405);
});

test("what is too long or too much is refused", () => {
  assert.equal(statusOf(`/${"a".repeat(9_000)}`), 414);
  assert.equal(statusOf(`/?${"a".repeat(9_000)}`), 414);
  assert.equal(statusOf("/", [...HOST, ...Array.from({ length: 402 }, (_, i) => `x-${i}`)]), 431);
});

const HOSTS: readonly (readonly [string, readonly string[]])[] = [
  ["no Host", []],
  ["an empty Host", ["Host", ""]],
  ["two Hosts", [...HOST, ...HOST]],
  ["two Hosts in different cases", [...HOST, "hOsT", "payroll.postern.localhost:7400"]],
  ["a list", ["Host", "a.postern.localhost, b.postern.localhost"]],
  ["a trailing dot", ["Host", "wiki.postern.localhost.:7400"]],
  ["a user", ["Host", "user@wiki.postern.localhost"]],
  ["a path", ["Host", "wiki.postern.localhost/x"]],
  ["white space", ["Host", "wiki.postern.localhost :7400"]],
  ["an empty port", ["Host", "wiki.postern.localhost:"]],
  ["a port with a leading zero", ["Host", "wiki.postern.localhost:07400"]],
  ["a port that is no number", ["Host", "wiki.postern.localhost:x"]],
  ["a port beyond 65535", ["Host", "wiki.postern.localhost:70000"]],
  ["two ports", ["Host", "wiki.postern.localhost:7400:7400"]],
  ["an underscore", ["Host", "wi_ki.postern.localhost"]],
  ["two dots", ["Host", "wiki..postern.localhost"]],
  ["a leading dot", ["Host", ".postern.localhost"]],
  ["a percent", ["Host", "wiki%2epostern.localhost"]],
  ["a full-width dot", ["Host", "wiki\uff0epostern.localhost"]],
];

for (const [what, headers] of HOSTS) {
  test(`${what} is refused`, () => assert.equal(statusOf("/", headers), 400));
}

test("the host is compared in lower case", () => {
  const read = canonicalRequest("GET", "/", ["HOST", "WiKi.Postern.LocalHost:7400"]);
  assert.deepEqual([read.hostname, read.port], ["wiki.postern.localhost", "7400"]);
});

test("a body whose length can be read in two ways is refused", () => {
  assert.equal(statusOf("/", [...HOST, "Content-Length", "1", "content-length", "2"]), 400);
  assert.equal(statusOf("/", [...HOST, "Content-Length", "1", "Transfer-Encoding", "chunked"]), 400);
  assert.equal(statusOf("/", [...HOST, "Transfer-Encoding", "gzip, chunked"]), 501);
  assert.equal(statusOf("/", [...HOST, "Transfer-Encoding", "chunked", "Transfer-Encoding", "chunked"]), 501);
  assert.equal(statusOf("/", [...HOST, "Transfer-Encoding", "xchunked"]), 501);
});
