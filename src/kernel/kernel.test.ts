import assert from "node:assert/strict";
import { test } from "node:test";
import {
  canonicalJson,
  equalSecrets,
  fromBase64Url,
  growingPause,
  manualClock,
  nearest,
  newId,
  newSecret,
  PosternError,
  parseJson,
  renderDiagnostic,
  sha256Hex,
  systemIds,
  toBase64Url,
} from "#kernel";

test("canonical JSON sorts members by UTF-16 code unit (RFC 8785 §3.2.3)", () => {
  // the example of the standard: the surrogate pair sorts before U+FB33
  const value = { "\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\u{1f600}": 5, "\u0080": 6, "\u00f6": 7 };
  assert.equal(
    canonicalJson(value),
    '{"\\r":2,"1":4,"\u0080":6,"\u00f6":7,"\u20ac":1,"\u{1f600}":5,"\ufb33":3}',
  );
  assert.equal(
    canonicalJson({ b: [1, { d: null, c: true }], a: "x" }),
    '{"a":"x","b":[1,{"c":true,"d":null}]}',
  );
});

test("canonical JSON keeps __proto__ as a member and refuses what JSON has not", () => {
  assert.equal(canonicalJson(JSON.parse('{"__proto__":1,"a":2}')), '{"__proto__":1,"a":2}');
  assert.throws(() => canonicalJson(Number.NaN), RangeError);
  assert.throws(() => canonicalJson([Number.POSITIVE_INFINITY]), RangeError);
});

test("identifiers sort by time and do not repeat", () => {
  const early = newId("dec", 1_000, systemIds);
  const late = newId("dec", 2_000_000_000_000, systemIds);
  assert.ok(early < late);
  assert.match(early, /^dec_[0-9a-hjkmnp-tv-z]{26}$/);
  const many = new Set(Array.from({ length: 1_000 }, () => newId("dec", 5, systemIds)));
  assert.equal(many.size, 1_000);
});

test("a secret is 256 bits of base64url", () => {
  assert.match(newSecret(systemIds), /^[A-Za-z0-9_-]{43}$/);
});

test("base64url goes there and back, and refuses other alphabets", () => {
  const bytes = Uint8Array.from([0, 255, 250, 62]);
  assert.deepEqual(fromBase64Url(toBase64Url(bytes)), bytes);
  for (const bad of ["a+b", "a/b", "a=", "a b", "aaaaa"])
    assert.throws(() => fromBase64Url(bad), RangeError, bad);
});

test("secrets compare equal only when they are", () => {
  assert.ok(equalSecrets("abc", "abc"));
  assert.ok(!equalSecrets("abc", "abd"));
  assert.ok(!equalSecrets("abc", "abcd"));
  assert.ok(!equalSecrets("", "a"));
});

test("the hash of the empty text is SHA-256's", () => {
  assert.equal(sha256Hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
});

test("nearest finds a slip of the fingers and nothing else", () => {
  const words = ["user.role", "user.name", "device.managed"];
  assert.equal(nearest("user.rol", words), "user.role");
  assert.equal(nearest("usre.role", words), "user.role");
  assert.equal(nearest("DEVICE.managed", words), "device.managed");
  assert.equal(nearest("resource", words), undefined);
  assert.equal(nearest("", words), undefined);
});

test("a diagnostic shows the line and a caret under the place, tabs kept", () => {
  const finding = {
    code: "x",
    severity: "error" as const,
    file: "a.rules",
    line: 2,
    column: 2,
    length: 3,
    message: "no such fact",
    hint: "did you mean foo?",
  };
  assert.equal(
    renderDiagnostic(finding, "first\n\tfop == 1"),
    "a.rules:2:2: error: no such fact\n  \tfop == 1\n  \t^^^\n  did you mean foo?",
  );
  assert.match(renderDiagnostic({ ...finding, line: 99 }, "x"), /a\.rules:99:2/);
});

test("malformed JSON is an error with a code", () => {
  assert.throws(
    () => parseJson("{", "the body"),
    (error: unknown) => error instanceof PosternError && error.code === "input.malformed",
  );
});

test("pauses grow to their bound", () => {
  assert.deepEqual(
    [0, 1, 2, 3, 50, 2_000].map((n) => growingPause(n, 250, 30_000)),
    [250, 500, 1_000, 2_000, 30_000, 30_000],
  );
});

test("a manual clock steps wall time without the monotonic one", () => {
  const clock = manualClock(1_000);
  clock.advance(10);
  clock.step(-500);
  assert.equal(clock.now(), 510);
  assert.equal(clock.monotonic(), 10);
});
