import assert from "node:assert/strict";
import { test } from "node:test";
import { canonicalRequest } from "./canonical-request.ts";
import { forwardedHeaders, isDropped } from "./client-headers.ts";

const OWN = {
  host: "wiki.postern.localhost:7400",
  proto: "http",
  port: "7400",
  sourceIp: "127.0.0.1",
  assertion: "signed",
} as const;

function forwarded(headers: readonly string[], method = "GET"): string[] {
  const rawHeaders = ["Host", OWN.host, ...headers];
  const canonical = canonicalRequest(method, "/", rawHeaders);
  return forwardedHeaders({ canonical, rawHeaders, cookies: "not-ours" }, OWN);
}

function valuesOf(headers: readonly string[], name: string): string[] {
  return headers.filter((_, i) => i % 2 === 1 && headers[i - 1]?.toLowerCase() === name);
}

const SPELLINGS: readonly string[] = [
  "Postern-Assertion",
  "postern-assertion",
  "POSTERN-ASSERTION",
  "Postern_Assertion",
  "postern.assertion",
  "POSTERN_ASSERTION",
  "Postern-User",
  "X-Postern-User",
  "x_postern_user",
  "X-Forwarded-For",
  "x_forwarded_for",
  "X-Forwarded_User",
  "X_Forwarded-Host",
  "X.Forwarded.Proto",
  "x-forwarded-client-cert",
  "Forwarded",
  "Via",
  "X-Real-IP",
  "X_REAL_IP",
  "Remote-User",
  "REMOTE_USER",
  "Remote-Groups",
  "X-Remote-User",
  "X-Auth-Request-Email",
  "x_auth_request_user",
  "X-Authenticated-User",
  "X-WebAuth-User",
  "X_WEBAUTH_USER",
  "X-User",
  "X-User-Id",
  "X-Userinfo",
  "X-Email",
  "Cf-Access-Jwt-Assertion",
  "X-Goog-Authenticated-User-Email",
  "X-Pomerium-Claim-Email",
  "X-Ms-Client-Principal-Name",
  "X-Amzn-Oidc-Identity",
  "OIDC_CLAIM_email",
  "Tailscale-User-Login",
  "SSL_CLIENT_S_DN",
  "X-Original-URL",
  "X_Rewrite_URL",
  "X-Original-Method",
  "X-HTTP-Method-Override",
  "Proxy-Authorization",
  "Proxy",
  "Proxy-Connection",
];

for (const name of SPELLINGS) {
  test(`${name} of a client is dropped`, () => {
    assert.ok(isDropped(name));
    const headers = forwarded([name, "mallory", name, "mallory again"]);
    assert.ok(!headers.some((text) => text.includes("mallory")));
    assert.deepEqual(valuesOf(headers, "postern-assertion"), ["signed"]);
    assert.deepEqual(valuesOf(headers, "x-forwarded-for"), ["127.0.0.1"]);
  });
}

test("a client's own headers stay, duplicates and order included", () => {
  const kept = ["Accept", "text/html", "Authorization", "Bearer x", "X-Api-Key", "1", "x-api-key", "2"];
  assert.deepEqual(forwarded(kept).slice(2, 2 + kept.length), kept);
});

test("what is of one connection is dropped, with all that Connection names", () => {
  const headers = forwarded([
    "Connection",
    "close, X-Secret, Postern-Assertion, x-forwarded-for",
    "connection",
    "TE",
    "X-Secret",
    "mallory",
    "Keep-Alive",
    "timeout=5",
    "TE",
    "trailers",
    "Upgrade",
    "h2c",
    "HTTP2-Settings",
    "AAMA",
  ]);
  for (const name of ["connection", "x-secret", "keep-alive", "te", "upgrade", "http2-settings"])
    assert.deepEqual(valuesOf(headers, name), [], name);
  assert.deepEqual(valuesOf(headers, "postern-assertion"), ["signed"]);
  assert.deepEqual(valuesOf(headers, "x-forwarded-for"), ["127.0.0.1"]);
});

test("Connection cannot take the length away from a body, nor another spelling add one", () => {
  const headers = forwarded(
    [
      "Connection",
      "content-length, host",
      "Content-Length",
      "5",
      "Content_Length",
      "0",
      "Transfer_Encoding",
      "chunked",
    ],
    "GET",
  );
  assert.deepEqual(valuesOf(headers, "content-length"), ["5"]);
  assert.deepEqual(valuesOf(headers, "host"), [OWN.host]);
  assert.ok(!headers.includes("Content_Length") && !headers.includes("Transfer_Encoding"));
  assert.deepEqual(valuesOf(forwarded([], "POST"), "content-length"), ["0"]);
  assert.deepEqual(valuesOf(forwarded([], "GET"), "content-length"), []);
});

test("our cookies are taken out, whatever the number of Cookie headers", () => {
  const headers = forwarded([
    "Cookie",
    "a=1; __Host-postern=secret; b=2",
    "cookie",
    "__host-postern-wiki=secret; =__Host-postern=secret;c=3; __Host-postern.abc=secret; d",
  ]);
  assert.deepEqual(valuesOf(headers, "cookie"), ["a=1; b=2; c=3; d"]);
  assert.deepEqual(valuesOf(forwarded(["Cookie", "__Host-postern=secret"]), "cookie"), []);
});
