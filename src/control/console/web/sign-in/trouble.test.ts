import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiError } from "../api/client.ts";
import { browserTrouble, linkTrouble, passkeyTrouble } from "./trouble.ts";

const CODES = ["link.missing", "link.unknown", "link.used", "link.expired", "link.other_browser"];

function named(name: string): Error {
  return Object.assign(new Error("said by the browser"), { name });
}
function problem(code: string, title = "said by the server"): ApiError {
  return new ApiError({ type: "about:blank", status: 400, title, code });
}

test("each dead link has its sentence, and its kind's next step", () => {
  for (const code of CODES) {
    assert.match(linkTrouble(code, "setup")?.next ?? "", /postern setup-link/, code);
    assert.match(linkTrouble(code, "invite")?.next ?? "", /person who invited you/, code);
    assert.doesNotMatch(linkTrouble(code, "invite")?.next ?? "", /setup-link/, code);
  }
  assert.equal(new Set(CODES.map((code) => linkTrouble(code, "setup")?.what)).size, CODES.length);
  assert.equal(linkTrouble("conflict", "setup"), undefined);
});

test("the browser's errors become words with a next step, and none is shown as it is", () => {
  for (const name of [
    "NotAllowedError",
    "AbortError",
    "InvalidStateError",
    "SecurityError",
    "NotSupportedError",
    "?",
  ])
    for (const act of ["create", "use"] as const) {
      const trouble = passkeyTrouble(named(name), act);
      assert.ok(trouble.what.endsWith(".") && trouble.next.endsWith("."), name);
      assert.doesNotMatch(trouble.what + trouble.next, /Error|said by the browser/, name);
    }
});

test("the server's refusals become words; an expired sign-in is over", () => {
  assert.match(passkeyTrouble(problem("passkey.refused"), "use").what, /not accepted/);
  assert.equal(passkeyTrouble(problem("not_found"), "use").over, true);
  assert.equal(passkeyTrouble(problem("passkey.refused"), "use").over, undefined);
  assert.equal(
    passkeyTrouble(problem("conflict", "the name ada is taken"), "create").what,
    "The name ada is taken.",
  );
});

test("a place without passkeys says so", () => {
  assert.match(browserTrouble(false, true)?.what ?? "", /not secure/);
  assert.match(browserTrouble(true, false)?.what ?? "", /no passkeys/);
  assert.equal(browserTrouble(true, true), undefined);
});
