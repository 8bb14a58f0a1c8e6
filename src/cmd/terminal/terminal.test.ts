import assert from "node:assert/strict";
import { test } from "node:test";
import { PosternError } from "#kernel";
import { columns, printable } from "./columns.ts";
import { exitCodeOf } from "./exit-codes.ts";
import { describeFailure, failureJson } from "./failure.ts";
import { ago, duration } from "./moments.ts";
import { outcome, paint } from "./paint.ts";

test("columns line up, colours and wide letters notwithstanding", () => {
  const { good } = paint(true);
  const text = columns([
    ["a", "b", "c"],
    [good("long"), "é", "z"],
  ]);
  assert.equal(text, `a     b  c\n${good("long")}  é  z\n`);
});

test("what somebody else wrote cannot write on the terminal", () => {
  assert.equal(printable("a\u001b[2Jb\u0007\nc\u009b1m"), "a\ufffd[2Jb\ufffd\ufffdc\ufffd1m");
  assert.equal(printable("pay\u202eroll"), "pay\ufffdroll");
  assert.equal(printable("\u001b[31mred\u001b[39m\tkept"), "\u001b[31mred\u001b[39m\tkept");
  assert.doesNotMatch(columns([["x\u001b]0;title\u0007", "y"]]).trimEnd(), /\p{Cc}/u);
});

test("an outcome is a word and a glyph with and without colour", () => {
  assert.equal(outcome("deny", paint(false)), "✕ denied");
  assert.match(outcome("allow", paint(true)), /✓ allowed/);
});

test("an error is told as what, where, and what to do", () => {
  const error = new PosternError("port.busy", "port 1 is in use", {
    where: "127.0.0.1:1",
    remedy: "--port 2",
  });
  assert.equal(describeFailure(error), "error: port 1 is in use\n  127.0.0.1:1\n  try: --port 2\n");
  assert.deepEqual(failureJson(error), {
    error: { code: "port.busy", message: "port 1 is in use", where: "127.0.0.1:1", remedy: "--port 2" },
  });
});

test("findings are shown with their line where the text is at hand, and with their place where not", () => {
  const finding = {
    code: "rules.unknown_fact",
    severity: "error" as const,
    file: "a.rules",
    line: 1,
    column: 10,
    length: 8,
    message: 'unknown fact "user.rol"',
    hint: "did you mean user.role?",
  };
  const error = new PosternError("policy.invalid", "1 error", { diagnostics: [finding] });
  assert.equal(
    describeFailure(error, new Map([["a.rules", 'ALLOW IF user.rol == "x"\n']])),
    'error: 1 error\na.rules:1:10: error: unknown fact "user.rol"\n  ALLOW IF user.rol == "x"\n' +
      "           ^^^^^^^^\n  did you mean user.role?\n",
  );
  assert.match(describeFailure(error), /^a\.rules:1:10: error: unknown fact "user\.rol"\n {2}did you mean/m);
});

test("a denial says how to ask why", () => {
  const error = new PosternError("denied", "the policy denies it", { decision: "dec_1" });
  assert.match(describeFailure(error), /try: postern explain dec_1/);
});

test("an error ends with its exit code", () => {
  const codes = (["usage.invalid", "not_running", "denied", "unauthenticated", "not_found"] as const).map(
    (code) => exitCodeOf(new PosternError(code, "x")),
  );
  assert.deepEqual(codes, [2, 3, 4, 4, 1]);
  assert.equal(exitCodeOf(new Error("a fault of ours")), 1);
});

test("lengths of time are in their largest whole unit", () => {
  assert.deepEqual([400, 1_000, 90_000, 900_000, 5_400_000, 172_800_000].map(duration), [
    "a moment",
    "1 second",
    "2 minutes",
    "15 minutes",
    "2 hours",
    "2 days",
  ]);
  assert.equal(ago(1_000, 1_500), "just now");
  assert.equal(ago(0, 60_000), "1 minute ago");
});
