import assert from "node:assert/strict";
import { test } from "node:test";
import { answeredHeaders } from "./upstream-headers.ts";

const HOSTNAME = "wiki.postern.localhost";
const answered = (rawHeaders: readonly string[]): string[] =>
  answeredHeaders({ rawHeaders, hostname: HOSTNAME, from: "application" });
const mayPass = (cookie: string): boolean => answered(["Set-Cookie", cookie]).length > 0;

for (const cookie of [
  "fine=1; Path=/",
  "fine=1; Domain=wiki.postern.localhost",
  "fine=1; domain=.Wiki.Postern.Localhost",
  "fine=1; Domain=",
  "postern=1",
  "__Host-other=1; Path=/; Secure",
]) {
  test(`Set-Cookie: ${cookie} passes`, () => assert.ok(mayPass(cookie)));
}

for (const cookie of [
  "__Host-postern=stolen; Path=/; Secure",
  "__host-POSTERN=stolen",
  " __Host-postern=stolen",
  "\t__Host-postern =stolen",
  "__Host-postern",
  "=__Host-postern=stolen",
  "= =__Host-postern=stolen",
  "__Host-postern-wiki=stolen",
  "__Host-postern.0a1b=stolen",
  "__Host-postern-login=stolen",
  "__Secure-postern=stolen",
  "wide=1; Domain=postern.localhost; Path=/",
  "wide=1; Domain=.postern.localhost",
  "wide=1;DOMAIN = localhost",
  "wide=1; Domain=wiki.postern.localhost; Domain=postern.localhost",
  "wide=1; Domain=payroll.postern.localhost",
]) {
  test(`Set-Cookie: ${cookie} is dropped`, () => assert.ok(!mayPass(cookie)));
}

test("an application says nothing in the gateway's place", () => {
  const headers = answered([
    "Content-Type",
    "text/plain",
    "Connection",
    "close, X-Hop",
    "X-Hop",
    "1",
    "Keep-Alive",
    "timeout=5",
    "Transfer-Encoding",
    "chunked",
    "Postern-Assertion",
    "forged",
    "Alt-Svc",
    'h3=":443"',
    "Clear-Site-Data",
    '"cookies"',
    "Strict-Transport-Security",
    "max-age=0",
    "Set-Cookie",
    "a=1",
    "set-cookie",
    "b=2",
  ]);
  assert.deepEqual(headers, ["Content-Type", "text/plain", "Set-Cookie", "a=1", "set-cookie", "b=2"]);
});

test("control sets its own cookies", () => {
  const rawHeaders = ["Set-Cookie", "__Host-postern-login=x; Path=/; Secure"];
  assert.deepEqual(
    answeredHeaders({ rawHeaders, hostname: "login.postern.localhost", from: "control" }),
    rawHeaders,
  );
});
